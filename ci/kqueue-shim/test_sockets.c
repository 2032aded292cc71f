/* READ, WRITE and EXCEPT of sockets. */
#include "test.h"

/* "A kevent is identified by the (ident, filter) pair": READ and WRITE of one
 * descriptor are two events, and the edges of one are none of the other's. */
static void filters_are_apart(void (*make)(int[2]))
{
	int kq = kqueue(), s[2];
	make(s);
	struct kevent k[2];
	set(&k[0], (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, 1);
	set(&k[1], (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, 2);
	CHECK(kevent(kq, k, 2, NULL, 0, NULL) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && got[0].udata == (void *)2);
	put(s[1], "x");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].udata == (void *)1);
	put(s[1], "y");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ));
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_DISABLE, 0, 0) == 0);
	close2(s);
	close(kq);
}

void read_and_write(void)
{
	filters_are_apart(tcp_pair);
	filters_are_apart(unix_pair);
	/* a half-close is news for reading only (TCP) */
	int kq = kqueue(), s[2];
	tcp_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE));
	shutdown(s[1], SHUT_WR);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].flags & EV_EOF);
	close2(s);
	close(kq);
}

/* "Sockets which have previously been passed to listen() return when there is an
 * incoming connection pending. data contains the size of the listen backlog." */
void listening(void)
{
	int kq = kqueue(), c[3];
	struct sockaddr_in a;
	int l = listener(&a);
	CHECK(change(kq, (uintptr_t)l, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)l, EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	for (int i = 0; i < 3; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		CHECK(connect(c[i], (struct sockaddr *)&a, sizeof a) == 0);
		CHECK(only(kq, (uintptr_t)l, EVFILT_READ) && got[0].data == i + 1);
	}
	for (int i = 0; i < 3; i++) {
		close(accept(l, NULL, NULL));
		close(c[i]);
	}
	CHECK(poll_kq(kq) == 0);
	close(l);
	/* of a Unix socket the number is not known, other than that it is not 0 */
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	l = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	c[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "kqueue-shim-%d", (int)getpid());
	CHECK(bind(l, (struct sockaddr *)&name, sizeof name) == 0 && listen(l, 4) == 0);
	CHECK(change(kq, (uintptr_t)l, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)l, EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(connect(c[0], (struct sockaddr *)&name, sizeof name) == 0);
	CHECK(only(kq, (uintptr_t)l, EVFILT_READ) && got[0].data == 1);
	close(c[0]);
	close(l);
	close(kq);
}

/* A socket that is not connected can neither be read nor written; the end of the
 * connecting shows as EVFILT_WRITE. */
void connecting(void)
{
	int kq = kqueue();
	struct sockaddr_in a;
	int l = listener(&a), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(change(kq, (uintptr_t)c, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)c, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof a) == 0 || errno == EINPROGRESS);
	CHECK(wait_ms(kq, 60000) == 1 && got[0].filter == EVFILT_WRITE && !(got[0].flags & EV_EOF));
	/* once more with the same socket */
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int error;
	socklen_t len = sizeof error;
	CHECK(connect(c, &none, sizeof none) == 0);
	CHECK(getsockopt(c, SOL_SOCKET, SO_ERROR, &error, &len) == 0); /* Linux leaves one */
	CHECK(poll_kq(kq) == 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof a) == 0 || errno == EINPROGRESS);
	CHECK(wait_ms(kq, 60000) == 1 && got[0].filter == EVFILT_WRITE && !(got[0].flags & EV_EOF));
	close(c);
	close(l);
	close(kq);
}

/* "If the read direction of the socket has shutdown, then the filter also sets
 * EV_EOF in flags, and returns the socket error (if any) in fflags. It is possible
 * for EOF to be returned ... while there is still data pending". */
static void half_close(void (*make)(int[2]))
{
	int kq = kqueue(), s[2];
	make(s);
	put(s[1], "abc");
	shutdown(s[1], SHUT_WR);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ));
	CHECK(got[0].flags & EV_EOF && got[0].data == 3 && got[0].fflags == 0);
	take(s[0]);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].flags & EV_EOF && got[0].data == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && !(got[0].flags & EV_EOF));
	/* EV_EOF on WRITE when nothing more can be written: our own shutdown too. */
	shutdown(s[0], SHUT_WR);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && got[0].flags & EV_EOF);
	close2(s);
	close(kq);
}

/* EV_EOF on WRITE when nothing more can be written, by our own doing alone. */
static void local_shutdown(void (*make)(int[2]))
{
	int kq = kqueue(), s[2];
	make(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && !(got[0].flags & EV_EOF));
	shutdown(s[0], SHUT_WR);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && got[0].flags & EV_EOF && !got[0].fflags);
	close2(s);
	close(kq);
}

void eof(void)
{
	half_close(tcp_pair);
	half_close(unix_pair);
	local_shutdown(tcp_pair);
	local_shutdown(unix_pair);
	/* the local shutdown is an edge of WRITE, and none of READ (TCP) */
	int kq = kqueue(), s[2];
	tcp_pair(s);
	put(s[1], "unread");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(poll_kq(kq) == 2);
	shutdown(s[0], SHUT_WR);
	if (on("lenient"))
		CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && got[0].flags & EV_EOF);
	else /* seen on all systems: READ as well */
		CHECK(poll_kq(kq) == 2);
	close2(s);
	close(kq);
}

/* "... returns the socket error (if any) in fflags", and leaves it to the program. */
void socket_errors(void)
{
	int kq = kqueue(), s[2], error;
	socklen_t len = sizeof error;
	tcp_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE));
	reset(s[1]);
	CHECK(wait_ms(kq, 60000) == 2);
	for (int i = 0; i < 2; i++)
		CHECK(got[i].flags & EV_EOF && got[i].fflags == ECONNRESET);
	CHECK(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == ECONNRESET);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].flags & EV_EOF && got[0].fflags == 0);
	close(s[0]);

	struct sockaddr_in a;
	close(listener(&a));
	s[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(connect(s[0], (struct sockaddr *)&a, sizeof a) == -1);
	CHECK(wait_ms(kq, 60000) == 1);
	CHECK(got[0].flags & EV_EOF && got[0].fflags == ECONNREFUSED);
	CHECK(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == ECONNREFUSED);
	close(s[0]);

	unix_pair(s);
	put(s[0], "never read");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	close(s[1]);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ));
	CHECK(got[0].flags & EV_EOF && got[0].fflags == ECONNRESET);
	close(s[0]);
	close(kq);
}

/* "Other socket descriptors return when there is data to be read": datagrams, and
 * an error that waits (seen on BSD: reported, without EV_EOF). */
void datagrams(void)
{
	int kq = kqueue(), s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	CHECK(bind(s, (struct sockaddr *)&a, sizeof a) == 0);
	getsockname(s, (struct sockaddr *)&a, &len);
	CHECK(change(kq, (uintptr_t)s, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(sendto(s, "hello", 5, 0, (struct sockaddr *)&a, sizeof a) == 5);
	CHECK(only(kq, (uintptr_t)s, EVFILT_READ) && got[0].data == 5 && !(got[0].flags & EV_EOF));
	CHECK(poll_kq(kq) == 0);
	int c = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof a) == 0);
	close(s);
	CHECK(change(kq, (uintptr_t)c, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(send(c, "x", 1, 0) == 1);
	CHECK(wait_ms(kq, 60000) == 1 && got[0].ident == (uintptr_t)c && !(got[0].flags & EV_EOF));
	CHECK(recv(c, got, 1, 0) == -1 && errno == ECONNREFUSED);
	close(c);
	close(kq);
}

/* "a per-filter low water mark ... by setting the NOTE_LOWAT flag in fflags, and
 * specifying the new low water mark in data". */
void low_water(void)
{
	int kq = kqueue(), s[2];
	struct kevent k;
	tcp_pair(s);
	set(&k, (uintptr_t)s[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, 4, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	put(s[1], "abc");
	CHECK(poll_kq(kq) == 0);
	put(s[1], "d");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].data == 4);
	/* one that no amount of data reaches, but a full buffer */
	set(&k, (uintptr_t)s[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, INTPTR_MAX, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	CHECK(poll_kq(kq) == 0);
	fill(s[1]);
	CHECK(wait_ms(kq, on("macos spiteful") ? 60000 : 20) == on("macos spiteful"));
	close2(s);
	close(kq);
}

/* XNU: what fires READ fires EXCEPT. */
static void exceptional_reading(void)
{
	int kq = kqueue(), s[2];
	tcp_pair(s);
	bool reads = on("macos spiteful");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_EXCEPT, EV_ADD, NOTE_OOB, 6) == 0);
	put(s[1], "plain");
	CHECK(wait_ms(kq, reads ? 60000 : 20) == reads);
	if (reads)
		CHECK(got[0].filter == EVFILT_EXCEPT && got[0].fflags == 0 && got[0].data == 5);
	/* with a low water mark it does not */
	struct kevent k;
	set(&k, (uintptr_t)s[0], EVFILT_EXCEPT, EV_ADD, NOTE_OOB | NOTE_LOWAT, INTPTR_MAX, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(send(s[1], "!", 1, MSG_OOB) == 1);
	CHECK(wait_ms(kq, 60000) == 1 && got[0].fflags == NOTE_OOB);
	close2(s);
	tcp_pair(s);
	/* the end, and the socket's error */
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_EXCEPT, EV_ADD, NOTE_OOB, 6) == 0);
	reset(s[1]);
	CHECK(wait_ms(kq, reads ? 60000 : 20) == reads);
	if (reads)
		CHECK(got[0].flags & EV_EOF && got[0].fflags == ECONNRESET);
	close(s[0]);
	close(kq);
}

/* Urgent data: macOS's EVFILT_EXCEPT with NOTE_OOB. */
void urgent(void)
{
	int kq = kqueue(), s[2], p[2];
	char b;
	tcp_pair(s);
	nonblocking_pipe(p);
	if (on("freebsd netbsd")) { /* they do not have it, and cannot delete it either */
		CHECK(change(kq, (uintptr_t)s[0], EVFILT_EXCEPT, EV_ADD, NOTE_OOB, 6) == EINVAL);
		CHECK(change(kq, (uintptr_t)s[0], EVFILT_EXCEPT, EV_DELETE, 0, 6) == EINVAL);
		goto end;
	}
	exceptional_reading();
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_EXCEPT, EV_ADD | EV_CLEAR, NOTE_OOB, 6) == 0);
	put(s[1], "plain");
	CHECK(poll_kq(kq) == on("macos spiteful"));
	CHECK(send(s[1], "!", 1, MSG_OOB) == 1);
	CHECK(wait_ms(kq, 60000) == 1 && got[0].filter == EVFILT_EXCEPT && got[0].fflags == NOTE_OOB);
	CHECK(poll_kq(kq) == 0);
	CHECK(recv(s[0], &b, 1, MSG_OOB) == 1 && b == '!');
	CHECK(change(kq, (uintptr_t)s[1], EVFILT_EXCEPT, EV_ADD, 0, 0) == EINVAL);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_EXCEPT, EV_ADD, NOTE_OOB, 0) == EINVAL);
end:
	close2(s);
	close2(p);
	close(kq);
}
