/* In what the systems differ: the rows of personality.c that no other test meets by the way. What
 * is expected here is written down a second time, from the systems' sources. */
#include "test.h"

#include <sys/syscall.h>
#include <sys/uio.h>

/* NOTE_TRIGGER with EV_CLEAR triggers and takes it back; EV_CLEAR belongs to the EV_ADD. */
void triggers_and_clears(void)
{
	if (on("netbsd"))
		return;
	int kq = kqueue();
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, 1, EVFILT_USER, EV_CLEAR, NOTE_TRIGGER, 0) == 0);
	CHECK(poll_kq(kq) == on("lenient macos"));
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && poll_kq(kq) == 0);
	/* one that waits is lost as well */
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(change(kq, 1, EVFILT_USER, EV_CLEAR, NOTE_TRIGGER, 0) == 0);
	CHECK(poll_kq(kq) == on("lenient macos"));
	close(kq);
}

/* What else a receipt tells. */
void bare_receipts(void)
{
	int kq = kqueue(), s[2];
	tcp_pair(s);
	struct kevent k[2];
	set(&k[0], (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR | EV_RECEIPT, NOTE_LOWAT, 1, 7);
	set(&k[1], 9999, EVFILT_WRITE, EV_DELETE | EV_RECEIPT, 0, 0, 8);
	CHECK(kevent(kq, k, 2, k, 2, &ZERO) == 2);
	bool bare = !on("lenient macos");
	CHECK(k[0].flags == (bare ? EV_ERROR : EV_ERROR | EV_ADD | EV_CLEAR | EV_RECEIPT));
	CHECK(k[0].fflags == (bare ? 0 : NOTE_LOWAT) && k[0].data == 0 && k[0].udata == (void *)7);
	CHECK(k[1].flags == (bare ? EV_ERROR : EV_ERROR | EV_DELETE | EV_RECEIPT));
	CHECK(k[1].data == CLOSED && k[1].ident == 9999 && k[1].filter == EVFILT_WRITE);
	close2(s);
	close(kq);
}

/* Whether an event repeats how its filter was made. */
void events_repeat_their_making(void)
{
	int kq = kqueue(), s[2];
	unix_pair(s);
	put(s[1], "x");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].flags & EV_CLEAR);
	CHECK(!(got[0].flags & EV_ADD) == on("lenient freebsd"));
	close2(s);
	close(kq);
}

/* An event that was taken, and whose condition still holds: which changes report it again, and
 * which take udata and fflags. */
void which_changes_look(void)
{
	static const struct {
		int flags;
		const char *look, *take;
	} rows[] = {
		{ EV_ADD, "lenient freebsd netbsd openbsd macos spiteful",
		  "lenient freebsd netbsd openbsd macos spiteful" },
		{ EV_ENABLE, "lenient freebsd macos spiteful", "lenient freebsd macos spiteful" },
		{ 0, "lenient freebsd macos spiteful", "lenient freebsd macos spiteful" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int kq = kqueue(), s[2];
		unix_pair(s);
		uintptr_t id = (uintptr_t)s[0];
		put(s[1], "x");
		CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 1) == 0);
		CHECK(only(kq, id, EVFILT_READ) && poll_kq(kq) == 0);
		CHECK(change(kq, id, EVFILT_READ, rows[i].flags, 0, 2) == 0);
		CHECK(poll_kq(kq) == on(rows[i].look));
		put(s[1], "x");
		CHECK(only(kq, id, EVFILT_READ) && got[0].udata == (void *)(on(rows[i].take) ? 2L : 1L));
		close2(s);
		close(kq);
	}
	/* enabling what EV_DISPATCH has disabled: NetBSD reports only what came since */
	for (int since = 0; since < 2; since++) {
		int kq = kqueue(), s[2];
		unix_pair(s);
		uintptr_t id = (uintptr_t)s[0];
		put(s[1], "x");
		CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_DISPATCH, 0, 0) == 0);
		CHECK(only(kq, id, EVFILT_READ));
		if (since)
			put(s[1], "y");
		CHECK(poll_kq(kq) == 0);
		CHECK(change(kq, id, EVFILT_READ, EV_ENABLE, 0, 0) == 0);
		CHECK(poll_kq(kq) == (since || !on("netbsd")));
		close2(s);
		close(kq);
	}
	/* fflags and data of a low water mark, lost by a change that does not repeat them */
	int kq = kqueue(), s[2];
	struct kevent k;
	tcp_pair(s);
	set(&k, (uintptr_t)s[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, 4, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	put(s[1], "abc");
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ENABLE, 0, 0) == 0);
	CHECK(poll_kq(kq) == on("freebsd macos spiteful"));
	close2(s);
	close(kq);
}

/* User filters and timers are counted together. */
void limited_user_events(void)
{
	if (on("netbsd"))
		return;
	bool limited = on("openbsd spiteful");
	int kq = kqueue();
	struct kevent k;
	for (uintptr_t i = 0; i < 1024; i++)
		CHECK(change(kq, i, EVFILT_USER, EV_ADD, 0, 0) == 0);
	for (int round = 0; round < 2; round++) {
		CHECK(change(kq, 5000, EVFILT_USER, EV_ADD, 0, 0) == (limited ? ENOMEM : 0));
		set(&k, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 60000, 0);
		CHECK((kevent(kq, &k, 1, NULL, 0, NULL) == 0) == !limited);
	}
	CHECK(change(kq, 7, EVFILT_USER, EV_DELETE, 0, 0) == 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	close(kq);
}

/* "the timeout period"; "data contains the number of times the timeout has expired". */
void timers(void)
{
	int kq = kqueue();
	struct kevent k;
	set(&k, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 2, 9);
	int64_t start = now_ms();
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	CHECK(wait_ms(kq, 60000) == 1 && got[0].filter == EVFILT_TIMER && got[0].udata == (void *)9);
	CHECK(got[0].data == 1 && now_ms() - start >= 1);
	CHECK(change(kq, 1, EVFILT_TIMER, EV_DELETE, 0, 0) == ENOENT);
	/* periodic, and counted */
	set(&k, 2, EVFILT_TIMER, EV_ADD, 0, 1, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	usleep(10000);
	CHECK(poll_kq(kq) == 1 && got[0].data >= 5);
	CHECK(change(kq, 2, EVFILT_TIMER, EV_DELETE, 0, 0) == 0);
	/* other units; where there are none they mean nothing */
	set(&k, 3, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_NSECONDS, 60000, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	CHECK(wait_ms(kq, 20) == !on("netbsd spiteful"));
	/* adding it again restarts it, or not */
	set(&k, 4, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 60000, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	set(&k, 4, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 1, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == 0);
	CHECK(wait_ms(kq, 20) == !on("netbsd spiteful"));
	set(&k, 5, EVFILT_TIMER, EV_ADD, 0, -1, 0);
	CHECK(kevent(kq, &k, 1, NULL, 0, NULL) == -1 && errno == EINVAL);
	/* a queue in which one is pending is readable */
	int outer = kqueue(), inner = kqueue();
	CHECK(change(outer, (uintptr_t)inner, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	set(&k, 6, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 1, 0);
	CHECK(kevent(inner, &k, 1, NULL, 0, NULL) == 0);
	CHECK(wait_ms(outer, 60000) == 1 && got[0].ident == (uintptr_t)inner);
	CHECK(only(inner, 6, EVFILT_TIMER));
	close(outer);
	close(inner);
	close(kq);
}

static pid_t child_at(int gate)
{
	char b;
	pid_t child = fork();
	if (child == 0)
		_exit(read(gate, &b, 1) == 1 ? 5 : 6);
	return child;
}

/* Waits for its end, past the shim. */
static void until_exited(pid_t child)
{
	siginfo_t si;
	CHECK(syscall(SYS_waitid, P_PID, child, &si, WEXITED | WNOWAIT, NULL) == 0);
}

/* How many looks in a row do not find it, at least `enough`. */
static int misses(pid_t child, int enough)
{
	int n = 0;
	siginfo_t si;
	do {
		si.si_pid = 0;
		CHECK(waitid(P_PID, (id_t)child, &si, WEXITED | WNOHANG | WNOWAIT) == 0);
		n += !si.si_pid;
		usleep(200);
	} while (!si.si_pid);
	CHECK(n >= enough);
	return n;
}

/* Between the event, or ESRCH, and the status there is some time. */
void exit_windows(void)
{
	int kq = kqueue(), gate[2], status;
	bool window = on("openbsd macos spiteful");
	CHECK(pipe(gate) == 0);
	/* by the event */
	pid_t child = child_at(gate[0]);
	CHECK(change(kq, (uintptr_t)child, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0) == 0);
	put(gate[1], "x");
	CHECK(wait_ms(kq, 60000) == 1 && got[0].fflags == NOTE_EXIT && got[0].flags & EV_EOF);
	CHECK(on("macos spiteful") ? got[0].data == 0 : WEXITSTATUS((int)got[0].data) == 5);
	CHECK(waitpid(child, &status, WNOHANG) == (window ? 0 : child));
	if (window) {
		misses(child, 0);
		CHECK(waitpid(child, &status, WNOHANG) == child && WEXITSTATUS(status) == 5);
	}
	CHECK(waitpid(child, &status, WNOHANG) == -1 && errno == ECHILD);

	/* by the filter that comes too late, and by a look */
	for (int look = 0; look < 2; look++) {
		child = child_at(gate[0]);
		put(gate[1], "x");
		until_exited(child);
		if (look)
			CHECK((misses(child, window) > 0) == window);
		int error = change(kq, (uintptr_t)child, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0);
		CHECK(error == (on("lenient freebsd") ? 0 : ESRCH));
		CHECK(waitpid(child, &status, WNOHANG) == (window && !look ? 0 : child));
		if (window && !look) /* a call that blocks is late, and finds it */
			CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5);
		poll_kq(kq);
	}

	/* one that nobody watches is there at once */
	child = child_at(gate[0]);
	put(gate[1], "x");
	until_exited(child);
	CHECK(waitpid(child, &status, WNOHANG) == child);
	close2(gate);
	close(kq);
}

/* EV_CLEAR events that come again, though nothing has become ready. */
void spurious_edges(void)
{
	int kq = kqueue(), p[2], s[2];
	bool again = !on("lenient");
	nonblocking_pipe(p);
	CHECK(change(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)p[1], EVFILT_WRITE) && poll_kq(kq) == 0);
	put(p[1], "abc");
	CHECK(poll_kq(kq) == again && poll_kq(kq) == 0);
	fill(p[1]); /* and there is no room */
	CHECK(poll_kq(kq) == 0);
	close2(p);

	tcp_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && poll_kq(kq) == 0);
	put(s[0], "abc");
	usleep(2000);
	CHECK(poll_kq(kq) == again && poll_kq(kq) == 0);
	/* and READ at the own shutdown */
	put(s[1], "abc");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(wait_ms(kq, 60000) >= 1);
	usleep(2000);
	while (poll_kq(kq))
		;
	shutdown(s[0], SHUT_WR);
	CHECK(poll_kq(kq) == 1 + again && poll_kq(kq) == 0);
	close2(s);
	close(kq);
}

/* What one direction hears of the other. */
void cross_edges(void)
{
	int kq = kqueue(), s[2];
	unix_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && poll_kq(kq) == 0);
	put(s[1], "x");
	CHECK(poll_kq(kq) == on("spiteful") && poll_kq(kq) == 0);
	close2(s);
	close(kq);
}

/* How much of what is ready one call returns. */
void short_reports(void)
{
	int kq = kqueue(), p[4][2], s[2];
	for (int i = 0; i < 4; i++) {
		nonblocking_pipe(p[i]);
		CHECK(change(kq, (uintptr_t)p[i][1], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	}
	int total = 0, calls = 0, n;
	for (; (n = kevent(kq, NULL, 0, got, 64, &ZERO)) > 0; calls++)
		total += n;
	CHECK(total == 4 && calls == (on("spiteful") ? 3 : 1));
	unix_pair(s);
	put(s[1], "x");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(kevent(kq, NULL, 0, got, 64, &ZERO) == (on("spiteful") ? 1 : 2));
	CHECK(kevent(kq, NULL, 0, got, 64, &ZERO) == on("spiteful"));
	for (int i = 0; i < 4; i++)
		close2(p[i]);
	close2(s);
	close(kq);
}

/* Of no buffers at all. */
void empty_vectors(void)
{
	int s[2], error = on("netbsd macos spiteful") ? EINVAL : 0;
	struct iovec one = { .iov_base = "", .iov_len = 0 };
	struct msghdr message = { .msg_iov = NULL };
	unix_pair(s);
	errno = 0;
	CHECK(writev(s[0], NULL, 0) == (error ? -1 : 0) && errno == error);
	CHECK(writev(s[0], &one, 1) == 0);
	put(s[1], "x");
	errno = 0;
	CHECK(readv(s[0], NULL, 0) == (error ? -1 : 0) && errno == error);
	error = on("macos spiteful") ? EMSGSIZE : 0;
	errno = 0;
	CHECK(sendmsg(s[0], &message, 0) == (error ? -1 : 0) && errno == error);
	errno = 0;
	CHECK(recvmsg(s[0], &message, 0) == (error ? -1 : 0) && errno == error);
	char b;
	CHECK(read(s[0], &b, 1) == 1); /* nothing was lost */
	close2(s);
}

static int lingers(int s, int seconds)
{
	struct linger l = { 1, seconds };
	socklen_t len = sizeof l;
	if (setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof l) == -1)
		return -errno;
	CHECK(getsockopt(s, SOL_SOCKET, SO_LINGER, &l, &len) == 0 && l.l_onoff);
	return l.l_linger;
}

/* SO_LINGER: how long it can be. */
void lingering(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(lingers(s, 0) == 0 && lingers(s, 1) == 1 && lingers(s, 327) == 327);
	CHECK(lingers(s, 328) == (on("macos") ? 0 : on("spiteful") ? -EDOM : 328));
	CHECK(lingers(s, 700) == (on("macos") ? 44 : on("spiteful") ? -EDOM : 700));
	CHECK(on("macos spiteful") || lingers(s, 32767) == 32767);
	CHECK(on("macos spiteful") || lingers(s, 32768) == (on("openbsd") ? -EINVAL : 32768));
	CHECK(on("macos spiteful openbsd") || lingers(s, 65535) == 65535);
	CHECK(on("macos spiteful openbsd") || lingers(s, 65536) == (on("lenient") ? 65536 : -EDOM));
	close(s);
}

/* getpeername after a refused connection, and before any. */
void refused_peers(void)
{
	struct sockaddr_in a, peer;
	socklen_t len = sizeof peer;
	close(listener(&a));
	int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error;
	socklen_t size = sizeof error;
	CHECK(getpeername(s, (struct sockaddr *)&peer, &len) == -1 && errno == ENOTCONN);
	CHECK(connect(s, (struct sockaddr *)&a, sizeof a) == -1 && errno == EINPROGRESS);
	CHECK(getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == ECONNREFUSED);
	CHECK(getpeername(s, (struct sockaddr *)&peer, &len) == -1);
	CHECK(errno == (on("netbsd macos spiteful") ? EINVAL : ENOTCONN));
	close(s);
	int pair[2];
	tcp_pair(pair);
	CHECK(getpeername(pair[0], (struct sockaddr *)&peer, &len) == 0);
	close2(pair);
}

/* Unix datagrams that find no room: the error, and what EVFILT_WRITE says. */
void full_datagram_queues(void)
{
	int kq = kqueue(), s[2], n = 0;
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && poll_kq(kq) == 0);
	while (send(s[0], "x", 1, 0) == 1)
		n++;
	int full = on("lenient") ? EAGAIN : ENOBUFS;
	CHECK(n > 0 && errno == full);
	struct iovec one = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1 };
	CHECK(write(s[0], "x", 1) == -1 && errno == full);
	CHECK(writev(s[0], &one, 1) == -1 && errno == full);
	CHECK(sendmsg(s[0], &message, 0) == -1 && errno == full);
	CHECK(sendto(s[0], "x", 1, 0, NULL, 0) == -1 && errno == full);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == !on("lenient")); /* there it is ready nonetheless */
	char b;
	while (read(s[1], &b, 1) == 1)
		;
	/* there is room again, and only here a sign of it; or any, if spiteful */
	CHECK(on("spiteful") || poll_kq(kq) == on("lenient"));
	CHECK(send(s[0], "x", 1, 0) == 1);
	close2(s);
	/* a stream that is full is EAGAIN everywhere */
	unix_pair(s);
	fill(s[0]);
	CHECK(write(s[0], "x", 1) == -1 && errno == EAGAIN);
	close2(s);
	close(kq);
}

void closed_datagram_peers(void)
{
	int s[2];
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s) == 0);
	close(s[1]);
	CHECK(send(s[0], "x", 1, 0) == -1);
	CHECK(errno == (on("lenient") ? ECONNREFUSED : ECONNRESET));
	close(s[0]);
	/* by name it is refused everywhere */
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	snprintf(name.sun_path, sizeof name.sun_path, "/tmp/kqueue-shim-%d", (int)getpid());
	unlink(name.sun_path);
	int to = socket(AF_UNIX, SOCK_DGRAM, 0), from = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(bind(to, (struct sockaddr *)&name, sizeof name) == 0);
	close(to);
	CHECK(sendto(from, "x", 1, 0, (struct sockaddr *)&name, sizeof name) == -1);
	CHECK(errno == ECONNREFUSED);
	unlink(name.sun_path);
	close(from);
}
