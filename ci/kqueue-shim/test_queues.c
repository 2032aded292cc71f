/* Queues as descriptors: fork, nesting, duplicates, limits. */
#include "test.h"

/* "The queue is not inherited by a child created with fork(2)." */
void forked(void)
{
	int kq = kqueue(), s[2];
	unix_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(kq, SIGURG, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	pid_t child = fork();
	if (child == 0) {
		bool ok = fcntl(kq, F_GETFD) == -1;
		ok = ok && change(kq, (uintptr_t)s[0], EVFILT_READ, EV_DELETE, 0, 0) == EBADF;
		raise(SIGURG);
		/* and can make its own */
		int own = kqueue();
		ok = ok && change(own, (uintptr_t)s[1], EVFILT_WRITE, EV_ADD, 0, 0) == 0;
		ok = ok && only(own, (uintptr_t)s[1], EVFILT_WRITE);
		_exit(ok ? 0 : 1);
	}
	int status = 1;
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(poll_kq(kq) == 0);

	/* the child's signals are as the program set them, across exec too */
	signal(SIGUSR1, SIG_IGN);
	CHECK(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "kill -USR1 $$; exit 0", (char *)NULL);
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
	signal(SIGUSR1, SIG_DFL);
	put(s[1], "x");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ));
	close2(s);
	close(kq);
}

/* A kqueue can be polled, and watched by another: readable while events wait. */
void nested(void)
{
	int inner = kqueue(), outer = kqueue(), s[2];
	struct pollfd p = { .fd = inner, .events = POLLIN };
	unix_pair(s);
	CHECK(change(outer, (uintptr_t)inner, EVFILT_READ, EV_ADD, 0, 8) == 0);
	CHECK(change(inner, (uintptr_t)s[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(inner, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_DISABLE, 0, 0) == 0);
	CHECK(poll_kq(outer) == 0 && poll(&p, 1, 0) == 0);
	put(s[1], "x");
	CHECK(poll(&p, 1, 0) == 1 && only(outer, (uintptr_t)inner, EVFILT_READ));
	CHECK(only(inner, (uintptr_t)s[0], EVFILT_READ));
	CHECK(poll(&p, 1, 0) == 1); /* level, and still there */
	take(s[0]);
	CHECK(poll_kq(inner) == 0 && poll(&p, 1, 0) == 0 && poll_kq(outer) == 0);
	if (!on("netbsd")) {
		CHECK(change(inner, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
		CHECK(change(inner, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
		CHECK(poll(&p, 1, 0) == 1 && only(outer, (uintptr_t)inner, EVFILT_READ));
		CHECK(only(inner, 1, EVFILT_USER) && poll(&p, 1, 0) == 0 && poll_kq(outer) == 0);
	}
	CHECK(change(inner, (uintptr_t)s[0], EVFILT_WRITE, EV_ENABLE, 0, 0) == 0);
	CHECK(poll(&p, 1, 0) == 1);
	CHECK(change(outer, (uintptr_t)inner, EVFILT_WRITE, EV_ADD, 0, 0) == EINVAL);
	close2(s);
	close(inner);
	CHECK(poll_kq(outer) == 0);
	close(outer);
}

/* Seen: while an event is queued in a queue, ready or not, a level filter reports the queue, and
 * one with EV_CLEAR is silent, come what may to the event. */
void nested_without_looking(void)
{
	int inner = kqueue(), level = kqueue(), edge = kqueue(), s[2], p[2];
	uintptr_t id = (uintptr_t)inner;
	unix_pair(s);
	nonblocking_pipe(p);
	CHECK(change(inner, (uintptr_t)s[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(inner, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(level, id, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(edge, id, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	put(s[1], "x");
	CHECK(only(edge, id, EVFILT_READ) && got[0].data == 1 && only(level, id, EVFILT_READ));
	put(s[1], "x"); /* of the same filter: nothing new */
	CHECK(poll_kq(edge) == on("lenient"));
	take(s[0]); /* behind the queue's back */
	CHECK(poll_kq(level) == !on("lenient"));
	put(p[1], "x"); /* of another filter */
	CHECK(only(edge, id, EVFILT_READ) && only(level, id, EVFILT_READ));
	CHECK(only(inner, (uintptr_t)p[0], EVFILT_READ));
	CHECK(poll_kq(level) == 0 && poll_kq(edge) == 0);
	put(s[1], "x");
	CHECK(only(edge, id, EVFILT_READ) && only(level, id, EVFILT_READ));
	close2(s);
	close2(p);
	close(inner);
	close(level);
	close(edge);
}

/* A queue in itself, and two in each other. */
void in_circles(void)
{
	int kq = kqueue(), second = kqueue(), p[2];
	uintptr_t id = (uintptr_t)kq;
	nonblocking_pipe(p);
	int itself = on("netbsd openbsd") ? 0 : EINVAL;
	CHECK(change(kq, id, EVFILT_READ, EV_ADD, 0, 0) == itself);
	int absent = on("freebsd spiteful") ? EINVAL : itself ? ENOENT : 0;
	CHECK(change(kq, id, EVFILT_READ, EV_DELETE, 0, 0) == absent);
	int d = dup(kq); /* by another number it is the same */
	CHECK(change(kq, (uintptr_t)d, EVFILT_READ, EV_ADD, 0, 0) == itself);
	CHECK(change(kq, (uintptr_t)d, EVFILT_READ, EV_DELETE, 0, 0) == absent);
	close(d);
	CHECK(change(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD | EV_ONESHOT, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)p[1], EVFILT_WRITE)); /* what was deleted does no harm */

	CHECK(change(second, id, EVFILT_READ, EV_ADD, 0, 0) == 0);
	int circle = on("lenient macos spiteful") ? EINVAL : 0;
	CHECK(change(kq, (uintptr_t)second, EVFILT_READ, EV_ADD, 0, 0) == circle);
	pid_t child = fork();
	if (child == 0) {
		close(2);
		int own = kqueue();
		change(own, (uintptr_t)own, EVFILT_READ, EV_ADD, 0, 0);
		change(own, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD, 0, 0);
		_exit(only(own, (uintptr_t)p[1], EVFILT_WRITE) ? 7 : 8);
	}
	int status;
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(on("netbsd") ? WIFSIGNALED(status) : WEXITSTATUS(status) == 7);
	if (!on("netbsd")) {
		CHECK(change(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD, 0, 0) == 0);
		CHECK(only(kq, (uintptr_t)p[1], EVFILT_WRITE) && only(second, id, EVFILT_READ));
	}
	close2(p);
	close(kq);
	close(second);
}

/* A duplicate of a kqueue is the same kqueue; one descriptor can be in two. */
void duplicates(void)
{
	int kq = kqueue(), second = kqueue(), d = dup(kq), p[2];
	nonblocking_pipe(p);
	CHECK(change(d, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 1) == 0);
	CHECK(change(second, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0, 2) == 0);
	put(p[1], "x");
	CHECK(only(kq, (uintptr_t)p[0], EVFILT_READ) && got[0].udata == (void *)1);
	CHECK(only(second, (uintptr_t)p[0], EVFILT_READ) && got[0].udata == (void *)2);
	CHECK(poll_kq(kq) == 0);
	close(d);
	close(kq);
	close(second);

	/* whatever its number was before */
	kq = kqueue();
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	close(second = kqueue());
	CHECK((d = dup(kq)) == second);
	CHECK(only(d, (uintptr_t)p[0], EVFILT_READ) && poll_kq(kq) == 0);

	/* and whichever of them is closed first, used or not */
	close(d);
	close(kqueue());
	put(p[1], "x");
	CHECK(only(kq, (uintptr_t)p[0], EVFILT_READ));
	int e = dup(kq);
	d = dup(kq);
	CHECK(poll_kq(d) == 0 && poll_kq(e) == 0);
	close(kq);
	close(e);
	close(kqueue());
	put(p[1], "x");
	CHECK(only(d, (uintptr_t)p[0], EVFILT_READ));
	close2(p);
	close(d);
}

/* Closed kqueues leave no descriptors behind, once the next one is made. */
void no_leak(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 1000; i++) {
		int kq = kqueue();
		CHECK(kq >= 0 && kq < 40);
		CHECK(change(kq, 1, SOME_FILTER, EV_ADD, 0, 0) == 0);
		close(kq);
	}
	int last, kq[64], n = 0;
	while ((last = kqueue()) >= 0)
		kq[n++] = last;
	CHECK(errno == EMFILE); /* "The per-process descriptor table is full." */
	while (n)
		close(kq[--n]);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Nanoseconds of a write, a read and two kevents, among the filters of n pairs. */
static int64_t turn(int n)
{
	static int s[3000][2];
	int kq = kqueue(), found, total = 0;
	for (int i = 0; i < n; i++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s[i]) == 0);
		for (int j = 0; j < 2; j++) {
			uintptr_t id = (uintptr_t)s[i][j];
			CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_CLEAR, 0, i) == 0);
			CHECK(change(kq, id, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, i) == 0);
		}
	}
	while ((found = poll_kq(kq)) > 0)
		total += found;
	CHECK(total == 2 * n); /* each is writable once */
	int64_t start = now_ms();
	for (int i = 0; i < 4000; i++) {
		int at = (int)random_below((uint32_t)n);
		put(s[at][1], "x");
		CHECK(only(kq, (uintptr_t)s[at][0], EVFILT_READ));
		take(s[at][0]);
		CHECK(only(kq, (uintptr_t)s[at][1], EVFILT_WRITE)); /* the room that was made */
	}
	int64_t ns = (now_ms() - start) * 1000000 / 4000;
	for (int i = 0; i < n; i++)
		close2(s[i]);
	close(kq);
	return ns;
}

/* A call looks at the filters that are ready, not at all: 12,000 cost about what
 * 40 do. */
void many(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	int most = limit.rlim_cur > 6100 ? 3000 : (int)(limit.rlim_cur - 100) / 2;
	int64_t few = turn(10), all = turn(most);
	printf("  %d filters: a turn takes %.1f times as long as with 40\n", 4 * most,
	       (double)all / (double)few);
	CHECK(all < 10 * few);
}
