/* What a Linux socket can tell about itself without being disturbed. */
#include "shim.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* enum of the kernel's include/net/tcp_states.h */
enum { FIN_WAIT1 = 4, FIN_WAIT2 = 5, TIME_WAIT = 6, CLOSE = 7, LAST_ACK = 9, LISTEN = 10,
       CLOSING = 11 };

static int option(int fd, int name)
{
	int value = 0;
	socklen_t len = sizeof value;
	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : 0;
}

static bool tcp_info(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof *info;
	memset(info, 0, sizeof *info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) == 0;
}

intptr_t readable_bytes(int fd)
{
	int n;
	return ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? n : 0;
}

static intptr_t unsent_bytes(int fd)
{
	int n;
	return ioctl(fd, SIOCOUTQ, &n) == 0 && n > 0 ? n : 0;
}

static bool is_listening(int fd)
{
	return option(fd, SO_ACCEPTCONN);
}

bool socket_is_tcp(int fd, bool *stream)
{
	struct tcp_info info;
	*stream = option(fd, SO_TYPE) == SOCK_STREAM;
	return *stream && tcp_info(fd, &info);
}

uint64_t acknowledged(int fd)
{
	struct tcp_info info;
	return tcp_info(fd, &info) ? info.tcpi_bytes_acked : 0;
}

/* BSD looks at so_error; Linux gives it only to who takes it (SO_ERROR clears
 * it), and the program must still find it. So it is worked out: POLLERR says
 * that there is one, the history of the connection says which. */
static uint32_t error_of(const struct knote *kn, short revents, const struct tcp_info *info)
{
	if (!(revents & POLLERR))
		return 0;
	if (!kn->u.fd.tcp || info->tcpi_rcv_space) /* was established */
		return ECONNRESET;
	return info->tcpi_segs_in ? ECONNREFUSED : ETIMEDOUT;
}

void socket_read(const struct knote *kn, short revents, struct result *r)
{
	int fd = (int)kn->ident;
	struct tcp_info info = { .tcpi_state = 0 };
	bool tcp = kn->u.fd.tcp && tcp_info(fd, &info);
	if (is_listening(fd)) {
		/* "data contains the size of the listen backlog": TCP tells it. */
		r->data = tcp && info.tcpi_unacked ? (intptr_t)info.tcpi_unacked : 1;
		return;
	}
	r->data = readable_bytes(fd);
	if (revents & POLLRDHUP) {
		r->flags |= EV_EOF;
		r->fflags = error_of(kn, revents, &info);
	}
	if (tcp)
		r->progress = info.tcpi_bytes_received;
}

/* A send of nothing does nothing on a Unix stream, but tells of a shutdown. */
static bool is_shut(int fd)
{
	return send(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 && errno == EPIPE;
}

void socket_write(const struct knote *kn, short revents, struct result *r)
{
	int fd = (int)kn->ident;
	struct tcp_info info = { .tcpi_state = 0 };
	bool tcp = kn->u.fd.tcp && tcp_info(fd, &info);
	bool shut = revents & POLLHUP;
	intptr_t unsent = unsent_bytes(fd);
	if (tcp) {
		const unsigned over = 1u << FIN_WAIT1 | 1u << FIN_WAIT2 | 1u << TIME_WAIT |
		                      1u << CLOSE | 1u << LAST_ACK | 1u << CLOSING;
		shut |= over >> info.tcpi_state & 1;
		/* All that was ever written. Unchanged, there was no way to fill the
		 * buffer, hence no news in there being room. */
		r->progress = info.tcpi_bytes_acked + (uint64_t)unsent;
	} else if (kn->u.fd.stream && !(revents & POLLERR)) {
		shut |= is_shut(fd);
	}
	r->data = option(fd, SO_SNDBUF) - unsent;
	if (r->data < 1)
		r->data = revents & POLLOUT ? 1 : 0;
	if (shut) {
		r->flags |= EV_EOF;
		r->fflags = error_of(kn, revents, &info);
	}
}
