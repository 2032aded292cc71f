/* Runs the tests. Prints "N passed, M failed". */
#include "test.h"

int failures_here;
const struct timespec ZERO;
struct kevent got[64];

void set(struct kevent *k, uintptr_t ident, int filter, int flags, uint32_t fflags,
                intptr_t data, long udata)
{
	EV_SET(k, ident, (int16_t)filter, (uint16_t)flags, fflags, data, (void *)udata);
}

int change(int kq, uintptr_t ident, int filter, int flags, uint32_t fflags, long udata)
{
	struct kevent k;
	set(&k, ident, filter, flags, fflags, 0, udata);
	return kevent(kq, &k, 1, NULL, 0, NULL) == -1 ? errno : 0;
}

bool on(const char *names)
{
	const char *own = kqueue_shim_personality(), *at = strstr(names, own);
	return at && (at == names || at[-1] == ' ') && strchr(" ", at[strlen(own)]);
}

/* What is in `got` already; signals are counted. */
static bool is_known(const struct kevent *k, int n)
{
	while (n--) {
		if (got[n].ident == k->ident && got[n].filter == k->filter) {
			got[n].data += k->filter == EVFILT_SIGNAL ? k->data : 0;
			return true;
		}
	}
	return false;
}

/* Of what comes in several calls each event once. */
static int look(int kq, const struct timespec *t)
{
	memset(got, 0, sizeof got);
	int n = kevent(kq, NULL, 0, got, 64, t);
	for (bool more = n > 0 && on("spiteful"); more;) {
		struct kevent k[64];
		int m = kevent(kq, NULL, 0, k, 64 - n, &ZERO);
		more = false;
		for (int i = 0; i < m; i++) {
			if (is_known(&k[i], n))
				continue;
			more = true;
			got[n++] = k[i];
		}
	}
	return n;
}

int poll_kq(int kq)
{
	return look(kq, &ZERO);
}

int wait_ms(int kq, long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	return look(kq, &t);
}

bool only(int kq, uintptr_t ident, int filter)
{
	int n = poll_kq(kq), at = 0;
	while (at < n && (got[at].ident != ident || got[at].filter != filter))
		at++;
	for (int i = 0; i < n; i++)
		if (i != at && !(on("spiteful") && got[i].flags & EV_CLEAR))
			return false;
	struct kevent found = got[at];
	got[at] = got[0];
	got[0] = found;
	return at < n;
}

int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void put(int fd, const char *s)
{
	CHECK(write(fd, s, strlen(s)) == (ssize_t)strlen(s));
}

int take(int fd)
{
	char b[65536];
	int n = 0, r;
	while ((r = (int)read(fd, b, sizeof b)) > 0)
		n += r;
	return n;
}

void fill(int fd)
{
	char b[4096] = { 0 };
	while (write(fd, b, sizeof b) > 0) {
	}
}

int listener(struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof *a;
	*a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CHECK(bind(fd, (struct sockaddr *)a, sizeof *a) == 0 && listen(fd, 16) == 0);
	getsockname(fd, (struct sockaddr *)a, &len);
	return fd;
}

void tcp_pair(int s[2])
{
	struct sockaddr_in a;
	int l = listener(&a);
	s[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(connect(s[0], (struct sockaddr *)&a, sizeof a) == 0);
	s[1] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	close(l);
}

void unix_pair(int s[2])
{
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0);
}

void nonblocking_pipe(int p[2])
{
	CHECK(pipe2(p, O_NONBLOCK) == 0);
}

void close2(const int s[2])
{
	close(s[0]);
	close(s[1]);
}

void reset(int fd)
{
	struct linger l = { 1, 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	close(fd);
}

static uint32_t random_state = 2463534242u;

uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
#define ROW(test) { #test, test },
		TESTS(ROW)
	};
	int passed = 0, failed = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		failures_here = 0;
		alarm(30);
		tests[i].run();
		alarm(0);
		if (failures_here)
			printf("FAILED %s\n", tests[i].name);
		failures_here ? failed++ : passed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
