/*
 * Calls that systems answer in different ways, in place of the C library's. Each makes the system
 * call, and then says what another system would have said.
 */
#include "shim.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int refuse(int error)
{
	errno = error;
	return -1;
}

bool is_unix_datagram(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof domain;
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM;
}

/* What was sent, or could not be. `connected`: to where the socket is connected to. */
static ssize_t sent(int fd, ssize_t result, bool connected)
{
	int error = errno;
	if (result == -1 && error == EAGAIN && is_unix_datagram(fd))
		error = quirk(FULL_DATAGRAM_QUEUE);
	else if (result == -1 && error == ECONNREFUSED && connected && is_unix_datagram(fd))
		error = quirk(CLOSED_DATAGRAM_PEER);
	errno = error;
	return result;
}

__attribute__((visibility("default")))
ssize_t write(int fd, const void *data, size_t size)
{
	return sent(fd, syscall(SYS_write, fd, data, size), true);
}

__attribute__((visibility("default")))
ssize_t send(int fd, const void *data, size_t size, int flags)
{
	return sent(fd, syscall(SYS_sendto, fd, data, size, flags, NULL, 0), true);
}

__attribute__((visibility("default")))
ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
               socklen_t len)
{
	return sent(fd, syscall(SYS_sendto, fd, data, size, flags, to, len), !to);
}

__attribute__((visibility("default")))
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (message && !message->msg_iovlen && quirk(EMPTY_MESSAGE))
		return refuse(quirk(EMPTY_MESSAGE));
	ssize_t result = syscall(SYS_sendmsg, fd, message, flags);
	return sent(fd, result, message && !message->msg_name);
}

__attribute__((visibility("default")))
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	if (message && !message->msg_iovlen && quirk(EMPTY_MESSAGE))
		return refuse(quirk(EMPTY_MESSAGE));
	return syscall(SYS_recvmsg, fd, message, flags);
}

__attribute__((visibility("default")))
ssize_t readv(int fd, const struct iovec *buffers, int count)
{
	if (count == 0 && quirk(EMPTY_VECTOR))
		return refuse(quirk(EMPTY_VECTOR));
	return syscall(SYS_readv, fd, buffers, count);
}

__attribute__((visibility("default")))
ssize_t writev(int fd, const struct iovec *buffers, int count)
{
	if (count == 0 && quirk(EMPTY_VECTOR))
		return refuse(quirk(EMPTY_VECTOR));
	return sent(fd, syscall(SYS_writev, fd, buffers, count), true);
}

/* A TCP socket that has received anything has had, or tried to have, a peer. */
static bool had_peer(int fd)
{
	struct tcp_info info = { .tcpi_segs_in = 0 };
	socklen_t len = sizeof info;
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_segs_in;
}

__attribute__((visibility("default")))
int getpeername(int fd, struct sockaddr *restrict name, socklen_t *restrict len)
{
	int result = (int)syscall(SYS_getpeername, fd, name, len);
	int error = errno;
	if (result == -1 && error == ENOTCONN && had_peer(fd))
		error = quirk(PEER_OF_REFUSED);
	errno = error;
	return result;
}

/* Seconds as XNU keeps them: in a short, of hundredths. */
static int in_a_short(int seconds)
{
	int16_t kept = (int16_t)(uint16_t)((uint32_t)seconds * 100u);
	return kept < 0 ? 0 : kept / 100;
}

__attribute__((visibility("default")))
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct linger linger;
	if (level == SOL_SOCKET && name == SO_LINGER && value && len >= sizeof linger) {
		memcpy(&linger, value, sizeof linger);
		if (linger.l_linger < 0 || linger.l_linger > quirk(LONGEST_LINGER)) {
			if (quirk(LONGER_LINGER))
				return refuse(quirk(LONGER_LINGER));
			if (quirk(LONGEST_LINGER) != INT32_MAX)
				linger.l_linger = in_a_short(linger.l_linger);
		}
		value = &linger;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}
