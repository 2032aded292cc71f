/*
 * Tests of the shim, each under the sentence that it holds the shim to. Quotes
 * are from FreeBSD's kqueue(2); what real systems are known to do beyond it is
 * marked "seen". Prints "N passed, M failed".
 */
#define _GNU_SOURCE
#include "kqueue_shim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int failures_here;

#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what)) {                                                 \
			failures_here++;                                       \
			printf("  %s:%d: %s\n", __FILE__, __LINE__, #what);    \
		}                                                              \
	} while (0)

static const struct timespec ZERO;
static struct kevent got[64];

static void set(struct kevent *k, uintptr_t ident, int filter, int flags, uint32_t fflags,
                intptr_t data, long udata)
{
	EV_SET(k, ident, (int16_t)filter, (uint16_t)flags, fflags, data, (void *)udata);
}

/* One change: 0 or the errno. */
static int change(int kq, uintptr_t ident, int filter, int flags, uint32_t fflags, long udata)
{
	struct kevent k;
	set(&k, ident, filter, flags, fflags, 0, udata);
	return kevent(kq, &k, 1, NULL, 0, NULL) == -1 ? errno : 0;
}

static int poll_kq(int kq)
{
	memset(got, 0, sizeof got);
	return kevent(kq, NULL, 0, got, 64, &ZERO);
}

static int wait_ms(int kq, long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	memset(got, 0, sizeof got);
	return kevent(kq, NULL, 0, got, 64, &t);
}

/* Exactly one event, and it is this one. */
static bool only(int kq, uintptr_t ident, int filter)
{
	int n = poll_kq(kq);
	return n == 1 && got[0].ident == ident && got[0].filter == filter;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void put(int fd, const char *s)
{
	CHECK(write(fd, s, strlen(s)) == (ssize_t)strlen(s));
}

static int take(int fd)
{
	char b[65536];
	int n = 0, r;
	while ((r = (int)read(fd, b, sizeof b)) > 0)
		n += r;
	return n;
}

static void fill(int fd)
{
	char b[4096] = { 0 };
	while (write(fd, b, sizeof b) > 0) {
	}
}

static int listener(struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof *a;
	*a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CHECK(bind(fd, (struct sockaddr *)a, sizeof *a) == 0 && listen(fd, 16) == 0);
	getsockname(fd, (struct sockaddr *)a, &len);
	return fd;
}

static void tcp_pair(int s[2])
{
	struct sockaddr_in a;
	int l = listener(&a);
	s[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(connect(s[0], (struct sockaddr *)&a, sizeof a) == 0);
	s[1] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	close(l);
}

static void unix_pair(int s[2])
{
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0);
}

static void close2(const int s[2])
{
	close(s[0]);
	close(s[1]);
}

/* Resets the connection. */
static void reset(int fd)
{
	struct linger l = { 1, 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	close(fd);
}

/* "The kqueue() system call creates a new kernel event queue and returns a descriptor." */
static void queue_is_a_descriptor(void)
{
	int kq = kqueue();
	CHECK(kq >= 0 && fcntl(kq, F_GETFD) != -1);
	CHECK(poll_kq(kq) == 0);
	close(kq);
}

/* "[EBADF] The specified descriptor is invalid." Also for one that is no kqueue,
 * and for one whose number was used again. */
static void bad_queue(void)
{
	int kq = kqueue(), p[2];
	CHECK(pipe(p) == 0);
	CHECK(change(-1, 1, EVFILT_USER, EV_ADD, 0, 0) == EBADF);
	CHECK(change(p[0], 1, EVFILT_USER, EV_ADD, 0, 0) == EBADF);
	close(kq);
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD, 0, 0) == EBADF);
	dup2(p[0], kq);
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD, 0, 0) == EBADF);
	close(kq);
	close2(p);
}

/* "[EBADF] The specified descriptor is invalid.", of the change's. */
static void bad_descriptor(void)
{
	int kq = kqueue();
	CHECK(change(kq, 9999, EVFILT_READ, EV_ADD, 0, 0) == EBADF);
	CHECK(change(kq, (uintptr_t)-1, EVFILT_WRITE, EV_ADD, 0, 0) == EBADF);
	CHECK(change(kq, 9999, EVFILT_READ, EV_DELETE, 0, 0) == EBADF);
	close(kq);
}

/* "[EINVAL] The specified time limit or filter is invalid." */
static void bad_filter_and_time(void)
{
	int kq = kqueue();
	CHECK(change(kq, 0, -3, EV_ADD, 0, 0) == EINVAL);
	CHECK(change(kq, 0, 0, EV_ADD, 0, 0) == EINVAL);
	CHECK(change(kq, 0, 77, EV_ADD, 0, 0) == EINVAL);
	struct timespec bad[] = { { -1, 0 }, { 0, -1 }, { 0, 1000000000 } };
	for (int i = 0; i < 3; i++) {
		errno = 0;
		CHECK(kevent(kq, NULL, 0, got, 1, &bad[i]) == -1 && errno == EINVAL);
	}
	close(kq);
}

/* "[ENOENT] The event could not be found to be modified or deleted." */
static void absent(void)
{
	int kq = kqueue(), p[2];
	CHECK(pipe(p) == 0);
	int flags[] = { EV_DELETE, EV_ENABLE, EV_DISABLE, 0 };
	for (int i = 0; i < 4; i++) {
		CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, flags[i], 0, 0) == ENOENT);
		CHECK(change(kq, 5, EVFILT_USER, flags[i], NOTE_TRIGGER, 0) == ENOENT);
	}
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_DELETE, 0, 0) == ENOENT);
	close2(p);
	close(kq);
}

/* "The filter is executed upon the initial registration of a kevent in order to
 * detect whether a preexisting condition is present"; "On return, data contains
 * the number of bytes"; "Opaque user-defined value passed through the kernel
 * unchanged". A level event comes as long as the condition holds. */
static void level(int s[2], void (*make)(int[2]))
{
	int kq = kqueue();
	make(s);
	put(s[1], "abc");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD, 0, 42) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ));
		CHECK(got[0].data == 3 && got[0].udata == (void *)42 && got[0].fflags == 0);
		CHECK(!(got[0].flags & (EV_EOF | EV_ERROR)));
	}
	/* "If the filter indicates that the condition that triggered the event no
	 * longer holds, the kevent is removed from the kqueue and is not returned." */
	take(s[0]);
	CHECK(poll_kq(kq) == 0);
	put(s[1], "de");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].data == 2);
	close2(s);
	close(kq);
}

static void nonblocking_pipe(int p[2])
{
	CHECK(pipe2(p, O_NONBLOCK) == 0);
}

static void level_read(void)
{
	int s[2];
	level(s, tcp_pair);
	level(s, unix_pair);
	level(s, nonblocking_pipe);
}

/* "After the event is retrieved by the user, its state is reset": EV_CLEAR comes
 * again on new activity only. */
static void clear(void (*make)(int[2]))
{
	int kq = kqueue(), s[2];
	make(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	put(s[1], "abc");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].data == 3);
	CHECK(got[0].flags & EV_CLEAR);
	CHECK(poll_kq(kq) == 0);
	char b;
	CHECK(read(s[0], &b, 1) == 1);
	CHECK(poll_kq(kq) == 0); /* a part was read: nothing new */
	put(s[1], "d");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].data == 3);
	put(s[1], "ef");
	take(s[0]);
	CHECK(poll_kq(kq) == 0);
	close2(s);
	close(kq);
}

static void clear_read(void)
{
	clear(tcp_pair);
	clear(unix_pair);
	clear(nonblocking_pipe);
}

/* "Multiple events which trigger the filter do not result in multiple kevents
 * being placed on the kqueue; instead, the filter will aggregate the events". */
static void aggregates(void)
{
	int kq = kqueue(), s[2];
	tcp_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	for (int i = 0; i < 5; i++)
		put(s[1], "xy");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].data == 10);
	close2(s);
	close(kq);
}

/* "EVFILT_WRITE: returns whenever it is possible to write to the descriptor ...
 * data will contain the amount of space remaining in the write buffer." */
static void writable(void (*make)(int[2]), int flags)
{
	int kq = kqueue(), s[2];
	make(s);
	CHECK(change(kq, (uintptr_t)s[1], EVFILT_WRITE, EV_ADD | flags, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[1], EVFILT_WRITE) && got[0].data > 0);
	CHECK(poll_kq(kq) == (flags & EV_CLEAR ? 0 : 1));
	fill(s[1]);
	CHECK(poll_kq(kq) == 0);
	take(s[0]);
	CHECK(wait_ms(kq, 1000) == 1);
	CHECK(got[0].ident == (uintptr_t)s[1] && got[0].filter == EVFILT_WRITE && got[0].data > 0);
	close2(s);
	close(kq);
}

static void level_and_clear_write(void)
{
	for (int flags = 0; flags <= EV_CLEAR; flags += EV_CLEAR) {
		writable(tcp_pair, flags);
		writable(unix_pair, flags);
		writable(nonblocking_pipe, flags);
	}
}

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

static void read_and_write(void)
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

/* "EV_ONESHOT: Causes the event to return only the first occurrence of the filter
 * being triggered. After the user retrieves the event ... it is deleted." Only that
 * filter. */
static void oneshot(void)
{
	int kq = kqueue(), s[2];
	tcp_pair(s);
	put(s[1], "x");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_ONESHOT, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 2);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE));
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_DELETE, 0, 0) == ENOENT);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_ONESHOT, 0, 0) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && poll_kq(kq) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == ENOENT);
	close2(s);
	close(kq);
}

/* "EV_DISPATCH: Disable the event source immediately after delivery of an event."
 * "EV_ENABLE: Permit kevent() to return the event if it is triggered." */
static void dispatch(void)
{
	int kq = kqueue(), s[2];
	tcp_pair(s);
	put(s[1], "x");
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_DISPATCH, 0, 1) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ));
	CHECK(poll_kq(kq) == 0);
	put(s[1], "y");
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ENABLE, 0, 2) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].data == 2);
	CHECK(got[0].udata == (void *)2); /* seen on FreeBSD: EV_ENABLE overwrites udata */
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_DELETE, 0, 0) == 0); /* it is still there */
	close2(s);
	close(kq);
}

/* "EV_DISABLE: Disable the event so kevent() will not return it. The filter itself
 * is not disabled." "Adding an event automatically enables it, unless overridden by
 * the EV_DISABLE flag." */
static void disable(void)
{
	int kq = kqueue(), s[2];
	uintptr_t id;
	tcp_pair(s);
	id = (uintptr_t)s[0];
	CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_DISABLE | EV_CLEAR, 0, 0) == 0);
	put(s[1], "x");
	CHECK(wait_ms(kq, 10) == 0);
	CHECK(change(kq, id, EVFILT_READ, EV_ENABLE, 0, 0) == 0);
	CHECK(only(kq, id, EVFILT_READ) && poll_kq(kq) == 0);
	put(s[1], "x");
	CHECK(change(kq, id, EVFILT_READ, EV_DISABLE, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, id, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(only(kq, id, EVFILT_READ));
	CHECK(change(kq, 3, EVFILT_USER, EV_ADD | EV_DISABLE | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, 3, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, 3, EVFILT_USER, EV_ENABLE, 0, 0) == 0);
	CHECK(only(kq, 3, EVFILT_USER) && poll_kq(kq) == 0);
	close2(s);
	close(kq);
}

/* "Re-adding an existing event will modify the parameters of the original event,
 * and not result in a duplicate entry." Seen on FreeBSD and NetBSD: the mode flags
 * stay as first added. */
static void readd(void)
{
	int kq = kqueue(), s[2];
	uintptr_t id;
	tcp_pair(s);
	id = (uintptr_t)s[0];
	put(s[1], "x");
	CHECK(change(kq, id, EVFILT_READ, EV_ADD, 0, 1) == 0);
	CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_CLEAR | EV_ONESHOT, 0, 2) == 0);
	CHECK(only(kq, id, EVFILT_READ) && got[0].udata == (void *)2);
	CHECK(only(kq, id, EVFILT_READ)); /* still level, still there */
	CHECK(change(kq, id, EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 1) == 0);
	CHECK(only(kq, id, EVFILT_READ) && poll_kq(kq) == 0);
	CHECK(change(kq, id, EVFILT_READ, EV_ADD, 0, 3) == 0); /* stays an edge; shows what is there */
	CHECK(only(kq, id, EVFILT_READ) && got[0].udata == (void *)3 && poll_kq(kq) == 0);
	close2(s);
	close(kq);
}

/* "EV_RECEIPT ... making bulk changes to a kqueue without draining any pending
 * events. When passed as input, it forces EV_ERROR to always be returned. When a
 * filter is successfully added the data field will be zero." "The same array may be
 * used for the changelist and eventlist." */
static void receipts(void)
{
	int kq = kqueue(), s[2];
	tcp_pair(s);
	put(s[1], "x");
	struct kevent k[8];
	set(&k[0], (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0, 11);
	set(&k[1], (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_RECEIPT, 0, 0, 12);
	set(&k[2], 9999, EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0, 13);
	set(&k[3], 7, EVFILT_USER, EV_DELETE | EV_RECEIPT, 0, 0, 14);
	CHECK(kevent(kq, k, 4, k, 8, &ZERO) == 4); /* room for more, receipts alone */
	intptr_t expected[] = { 0, 0, EBADF, ENOENT };
	for (int i = 0; i < 4; i++) {
		CHECK(k[i].flags & EV_ERROR);
		CHECK(k[i].data == expected[i] && k[i].udata == (void *)(11L + i));
	}
	CHECK(k[0].ident == (uintptr_t)s[0] && k[0].filter == EVFILT_READ);
	CHECK(poll_kq(kq) == 2);
	CHECK(!(got[0].flags & EV_ERROR));
	close2(s);
	close(kq);
}

/* "if this flag is encountered and there is no remaining space in eventlist to hold
 * the EV_ERROR event, then subsequent changes will not get processed." */
static void receipts_without_room(void)
{
	int kq = kqueue();
	struct kevent k[3];
	for (int i = 0; i < 3; i++)
		set(&k[i], (uintptr_t)i, EVFILT_USER, EV_ADD | EV_RECEIPT, 0, 0, 0);
	CHECK(kevent(kq, k, 3, got, 1, &ZERO) == 1);
	CHECK(got[0].flags & EV_ERROR && got[0].ident == 0);
	CHECK(change(kq, 0, EVFILT_USER, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, 1, EVFILT_USER, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, 2, EVFILT_USER, EV_DELETE, 0, 0) == ENOENT);
	close(kq);
}

/* "If an error occurs while processing an element of the changelist and there is
 * enough room in the eventlist, then the event will be placed in the eventlist with
 * EV_ERROR set in flags and the system error in data. Otherwise, -1 will be
 * returned, and errno will be set". Seen on the BSDs: such an error comes alone. */
static void errors_in_changes(void)
{
	int kq = kqueue();
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD, 0, 0) == 0);
	struct kevent k[2];
	set(&k[0], 1, EVFILT_USER, 0, NOTE_TRIGGER, 0, 0);
	set(&k[1], 2, EVFILT_USER, EV_DELETE, 0, 0, 0);
	CHECK(kevent(kq, k, 2, got, 4, &ZERO) == 1);
	CHECK(got[0].ident == 2 && got[0].flags & EV_ERROR && got[0].data == ENOENT);
	errno = 0;
	CHECK(kevent(kq, k, 2, NULL, 0, NULL) == -1 && errno == ENOENT);
	CHECK(only(kq, 1, EVFILT_USER)); /* what came before it was applied */
	close(kq);
}

/* "All changes contained in the changelist are applied before any pending events
 * are read from the queue." */
static void changes_first(void)
{
	int kq = kqueue(), p[2];
	nonblocking_pipe(p);
	struct kevent k[2];
	set(&k[0], (uintptr_t)p[1], EVFILT_WRITE, EV_ADD, 0, 0, 5);
	set(&k[1], 1, EVFILT_USER, EV_ADD | EV_CLEAR, NOTE_TRIGGER, 0, 6);
	CHECK(kevent(kq, k, 2, got, 4, NULL) == 2);
	close2(p);
	close(kq);
}

/* "When nevents is zero, kevent() will return immediately even if there is a
 * timeout specified". */
static void no_room_returns(void)
{
	int kq = kqueue();
	struct timespec t = { 5, 0 };
	int64_t start = now_ms();
	CHECK(kevent(kq, NULL, 0, NULL, 0, &t) == 0);
	CHECK(kevent(kq, NULL, 0, got, 0, NULL) == 0);
	CHECK(now_ms() - start < 1000);
	close(kq);
}

/* "it specifies a maximum interval to wait for an event"; "To effect a poll, the
 * timeout argument should be ... pointing to a zero-valued timespec"; "If the time
 * limit expires, then kevent() returns 0." */
static void timeouts(void)
{
	int kq = kqueue();
	struct timespec a, b, t = { 0, 2500000 };
	clock_gettime(CLOCK_MONOTONIC, &a);
	CHECK(kevent(kq, NULL, 0, got, 1, &t) == 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 2500000);
	int64_t start = now_ms();
	CHECK(poll_kq(kq) == 0 && now_ms() - start < 1000);
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0) == 0);
	struct timespec huge = { INT64_MAX, 999999999 };
	CHECK(kevent(kq, NULL, 0, got, 1, &huge) == 1);
	close(kq);
}

/* "Sockets which have previously been passed to listen() return when there is an
 * incoming connection pending. data contains the size of the listen backlog." */
static void listening(void)
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
	close(kq);
}

/* A socket that is not connected can neither be read nor written; the end of the
 * connecting shows as EVFILT_WRITE. */
static void connecting(void)
{
	int kq = kqueue();
	struct sockaddr_in a;
	int l = listener(&a), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(change(kq, (uintptr_t)c, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)c, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof a) == 0 || errno == EINPROGRESS);
	CHECK(wait_ms(kq, 1000) == 1 && got[0].filter == EVFILT_WRITE && !(got[0].flags & EV_EOF));
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

static void eof(void)
{
	half_close(tcp_pair);
	half_close(unix_pair);
	/* the local shutdown is an edge of WRITE, and none of READ */
	int kq = kqueue(), s[2];
	tcp_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE));
	shutdown(s[0], SHUT_WR);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE) && got[0].flags & EV_EOF);
	close2(s);
	close(kq);
}

/* "... returns the socket error (if any) in fflags", and leaves it to the program. */
static void socket_errors(void)
{
	int kq = kqueue(), s[2], error;
	socklen_t len = sizeof error;
	tcp_pair(s);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_WRITE));
	reset(s[1]);
	CHECK(wait_ms(kq, 1000) == 2);
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
	CHECK(wait_ms(kq, 1000) == 1);
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
static void datagrams(void)
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
	CHECK(wait_ms(kq, 1000) == 1 && got[0].ident == (uintptr_t)c && !(got[0].flags & EV_EOF));
	CHECK(recv(c, got, 1, 0) == -1 && errno == ECONNREFUSED);
	close(c);
	close(kq);
}

/* "a per-filter low water mark ... by setting the NOTE_LOWAT flag in fflags, and
 * specifying the new low water mark in data". */
static void low_water(void)
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
	close2(s);
	close(kq);
}

/* "When the last writer disconnects, the filter will set EV_EOF in flags. This will
 * be cleared by the filter when a new writer connects". */
static void pipe_reader_eof(void)
{
	int kq = kqueue(), p[2];
	nonblocking_pipe(p);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	put(p[1], "ab");
	close(p[1]);
	CHECK(only(kq, (uintptr_t)p[0], EVFILT_READ) && got[0].flags & EV_EOF && got[0].data == 2);
	close(p[0]);

	char name[] = "/tmp/kqueue-shim-XXXXXX";
	CHECK(mkdtemp(name) != NULL);
	char fifo[64];
	snprintf(fifo, sizeof fifo, "%s/fifo", name);
	CHECK(mkfifo(fifo, 0600) == 0);
	int r = open(fifo, O_RDONLY | O_NONBLOCK), w = open(fifo, O_WRONLY);
	CHECK(change(kq, (uintptr_t)r, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	close(w);
	CHECK(only(kq, (uintptr_t)r, EVFILT_READ) && got[0].flags & EV_EOF);
	w = open(fifo, O_WRONLY);
	CHECK(poll_kq(kq) == 0);
	put(w, "abc");
	CHECK(only(kq, (uintptr_t)r, EVFILT_READ) && !(got[0].flags & EV_EOF) && got[0].data == 3);
	close(r);
	close(w);
	unlink(fifo);
	rmdir(name);
	close(kq);
}

/* "The filter will set EV_EOF when the reader disconnects": full or not. */
static void pipe_writer_eof(void)
{
	for (int full = 0; full < 2; full++) {
		int kq = kqueue(), p[2];
		nonblocking_pipe(p);
		CHECK(change(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
		CHECK(only(kq, (uintptr_t)p[1], EVFILT_WRITE) && !(got[0].flags & EV_EOF));
		if (full)
			fill(p[1]);
		close(p[0]);
		CHECK(only(kq, (uintptr_t)p[1], EVFILT_WRITE) && got[0].flags & EV_EOF);
		CHECK(poll_kq(kq) == 0);
		/* registered when it is over already: a preexisting condition */
		CHECK(change(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_DELETE, 0, 0) == 0);
		CHECK(change(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD, 0, 0) == 0);
		CHECK(only(kq, (uintptr_t)p[1], EVFILT_WRITE) && got[0].flags & EV_EOF);
		close(p[1]);
		close(kq);
	}
}

/* READ, WRITE on a terminal. */
static void terminals(void)
{
	int kq = kqueue(), m, s;
	CHECK(openpty(&m, &s, NULL, NULL, NULL) == 0);
	CHECK(change(kq, (uintptr_t)s, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	put(m, "line\n");
	CHECK(wait_ms(kq, 1000) == 1 && got[0].filter == EVFILT_READ && got[0].data == 5);
	CHECK(change(kq, (uintptr_t)s, EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)s, EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)s, EVFILT_WRITE) && got[0].data > 0);
	close(s);
	close(m);
	close(kq);
}

/* Vnodes: "Returns when the file pointer is not at the end of file. data contains
 * the offset from current position to end of file, and may be negative." Seen on
 * FreeBSD: always writable. */
static void files(void)
{
	int kq = kqueue();
	char name[] = "/tmp/kqueue-shim-XXXXXX";
	int fd = mkstemp(name);
	unlink(name);
	CHECK(change(kq, (uintptr_t)fd, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(pwrite(fd, "hello", 5, 0) == 5);
	CHECK(only(kq, (uintptr_t)fd, EVFILT_READ) && got[0].data == 5);
	CHECK(only(kq, (uintptr_t)fd, EVFILT_READ));
	lseek(fd, 7, SEEK_SET);
	CHECK(only(kq, (uintptr_t)fd, EVFILT_READ) && got[0].data == -2);
	lseek(fd, 5, SEEK_SET);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, (uintptr_t)fd, EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)fd, EVFILT_WRITE) && poll_kq(kq) == 0);
	close(fd);
	CHECK(poll_kq(kq) == 0);
	int null = open("/dev/null", O_RDWR);
	CHECK(change(kq, (uintptr_t)null, EVFILT_READ, EV_ADD, 0, 0) == ENODEV);
	CHECK(change(kq, (uintptr_t)null, EVFILT_READ, EV_DELETE, 0, 0) == ENOENT);
	close(null);
	close(kq);
}

/* "Calling close() on a file descriptor will remove any kevents that reference the
 * descriptor", a duplicate left open or not, the number used again or not. */
static void closing(void)
{
	for (int keep = 0; keep < 2; keep++) {
		for (int flags = 0; flags <= EV_CLEAR; flags += EV_CLEAR) {
			int kq = kqueue(), s[2], other[2];
			unix_pair(s);
			unix_pair(other);
			uintptr_t id = (uintptr_t)s[0];
			CHECK(change(kq, id, EVFILT_READ, EV_ADD | flags, 0, 1) == 0);
			CHECK(change(kq, id, EVFILT_WRITE, EV_ADD | flags, 0, 1) == 0);
			put(s[1], "x");
			CHECK(poll_kq(kq) == 2);
			put(s[1], "x");
			int d = keep ? dup(s[0]) : -1;
			close(s[0]);
			CHECK(poll_kq(kq) == 0);
			CHECK(change(kq, id, EVFILT_READ, EV_DELETE, 0, 0) == EBADF);
			CHECK(dup2(other[0], (int)id) == (int)id);
			put(other[1], "yy");
			CHECK(poll_kq(kq) == 0); /* the newcomer is nobody's */
			CHECK(change(kq, id, EVFILT_WRITE, EV_ENABLE, 0, 0) == ENOENT);
			CHECK(change(kq, id, EVFILT_READ, EV_ADD | flags, 0, 2) == 0);
			if (keep)
				put(s[1], "x"); /* the ghost's */
			CHECK(only(kq, id, EVFILT_READ) && got[0].udata == (void *)2 && got[0].data == 2);
			close((int)id);
			if (d != -1)
				close(d);
			close(s[1]);
			close2(other);
			close(kq);
		}
	}
}

/* "EVFILT_USER ... a user event identified by ident"; "NOTE_TRIGGER Cause the event
 * to be triggered"; FFAND, FFOR, FFCOPY; "fflags contains the users defined flags in
 * the lower 24 bits". */
static void user_events(void)
{
	int kq = kqueue();
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0xf0, 9) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFNOP | 0xff, 9) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0xf0 && got[0].udata == (void *)9);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFOR | 0x0f, 9) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 9) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0xff && poll_kq(kq) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFAND | 0x3c, 9) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0x3c);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFCOPY | 0x123456, 0) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0x123456);
	CHECK(got[0].udata == NULL); /* seen: a trigger carries its udata */
	/* without EV_CLEAR it stays triggered */
	CHECK(change(kq, 2, EVFILT_USER, EV_ADD, 0, 0) == 0);
	CHECK(change(kq, 2, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0) == 0);
	CHECK(only(kq, 2, EVFILT_USER) && only(kq, 2, EVFILT_USER));
	/* the idents of one filter are not those of another */
	CHECK(change(kq, (uintptr_t)kq, EVFILT_USER, EV_ADD | EV_CLEAR, NOTE_TRIGGER, 0) == 0);
	CHECK(poll_kq(kq) == 2);
	close(kq);
}

struct later {
	int kq, fd;
	uintptr_t ident;
};

static void *trigger_later(void *p)
{
	struct later *l = p;
	usleep(20000);
	if (l->fd >= 0)
		put(l->fd, "x");
	else
		CHECK(change(l->kq, l->ident, EVFILT_USER, 0, NOTE_TRIGGER, 3) == 0);
	return NULL;
}

/* A thread in kevent is woken by what another one triggers, adds or writes.
 * "If timeout is a NULL pointer, kevent() waits indefinitely." */
static void wakes_other_threads(void)
{
	int kq = kqueue(), p[2];
	pthread_t t;
	nonblocking_pipe(p);
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	for (int i = 0; i < 2; i++) {
		struct later l = { kq, i ? p[1] : -1, 1 };
		pthread_create(&t, NULL, trigger_later, &l);
		CHECK(kevent(kq, NULL, 0, got, 4, NULL) == 1);
		CHECK(got[0].filter == (i ? EVFILT_READ : EVFILT_USER));
		pthread_join(t, NULL);
		CHECK(poll_kq(kq) == 0);
	}
	close2(p);
	close(kq);
}

static void *ping(void *p)
{
	struct later *l = p;
	for (int i = 0; i < 2000; i++)
		if (change(l->kq, l->ident, EVFILT_USER, 0, NOTE_TRIGGER, 0))
			CHECK(!"trigger");
	return NULL;
}

/* Threads that trigger and one that waits: no wake-up is lost. */
static void many_threads(void)
{
	int kq = kqueue();
	pthread_t t[4];
	struct later l[4];
	int64_t start = now_ms();
	for (uintptr_t i = 0; i < 4; i++)
		CHECK(change(kq, i, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	for (int i = 0; i < 4; i++) {
		l[i] = (struct later){ kq, -1, (uintptr_t)i };
		pthread_create(&t[i], NULL, ping, &l[i]);
	}
	/* each thread's last trigger must come through, after its others or merged */
	for (int quiet = 0; quiet < 1;)
		quiet += wait_ms(kq, 200) == 0;
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	CHECK(wait_ms(kq, 0) == 0 && now_ms() - start < 20000);
	close(kq);
}

/* Seen: level events rotate when the list is short, so that each has its turn. */
static void rotation(void)
{
	int kq = kqueue(), p[5][2], count[5] = { 0 };
	for (int i = 0; i < 5; i++) {
		nonblocking_pipe(p[i]);
		CHECK(change(kq, (uintptr_t)p[i][1], EVFILT_WRITE, EV_ADD, 0, i) == 0);
	}
	for (int i = 0; i < 5; i++) {
		CHECK(kevent(kq, NULL, 0, got, 2, &ZERO) == 2);
		count[(long)got[0].udata]++;
		count[(long)got[1].udata]++;
	}
	for (int i = 0; i < 5; i++) {
		CHECK(count[i] == 2);
		close2(p[i]);
	}
	close(kq);
}

static volatile int handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

/* "records all attempts to deliver a signal to a process, even if the signal has
 * been marked as SIG_IGN"; "data returns the number of times the signal has occurred
 * since the last call to kevent()"; "automatically sets the EV_CLEAR flag". */
static void signals(void)
{
	int kq = kqueue(), second = kqueue();
	CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	CHECK(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 5) == 0);
	CHECK(poll_kq(kq) == 0);
	for (int i = 0; i < 3; i++)
		kill(getpid(), SIGUSR1);
	CHECK(only(kq, SIGUSR1, EVFILT_SIGNAL) && got[0].data == 3 && got[0].udata == (void *)5);
	CHECK(got[0].flags & EV_CLEAR && poll_kq(kq) == 0);

	/* "coexists with the signal() and sigaction() facilities" */
	struct sigaction a = { .sa_handler = on_signal }, old;
	handled = 0;
	CHECK(sigaction(SIGUSR1, &a, &old) == 0 && old.sa_handler == SIG_IGN);
	CHECK(change(second, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	raise(SIGUSR1);
	CHECK(handled == 1);
	CHECK(only(kq, SIGUSR1, EVFILT_SIGNAL) && got[0].data == 1);
	CHECK(only(second, SIGUSR1, EVFILT_SIGNAL) && got[0].data == 1);
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == on_signal);

	/* a signal whose default is to be ignored */
	CHECK(change(kq, SIGURG, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	raise(SIGURG);
	CHECK(only(kq, SIGURG, EVFILT_SIGNAL));

	/* after the filters are gone, the program's disposition stands */
	CHECK(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
	CHECK(change(second, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
	raise(SIGUSR1);
	CHECK(handled == 2 && poll_kq(kq) == 0);
	CHECK(change(kq, 0, EVFILT_SIGNAL, EV_ADD, 0, 0) == EINVAL);
	CHECK(change(kq, 100, EVFILT_SIGNAL, EV_ADD, 0, 0) == EINVAL);
	signal(SIGUSR1, SIG_DFL);
	close(kq);
	close(second);
}

/* "record all attempts": a blocked signal too, and one after the other. */
static void blocked_signals(void)
{
	int kq = kqueue();
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	CHECK(change(kq, SIGUSR2, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(poll_kq(kq) == 0);
		kill(getpid(), SIGUSR2);
		CHECK(only(kq, SIGUSR2, EVFILT_SIGNAL) && got[0].data == 1);
	}
	pid_t child = fork();
	if (child == 0) {
		usleep(20000);
		kill(getppid(), SIGUSR2);
		_exit(0);
	}
	CHECK(wait_ms(kq, 2000) == 1 && got[0].ident == SIGUSR2);
	waitpid(child, NULL, 0);
	CHECK(change(kq, SIGUSR2, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	close(kq);
}

/* "except for the SIGCHLD signal, which, if ignored, will not be recorded". */
static void sigchld(void)
{
	for (int ignored = 0; ignored < 2; ignored++) {
		int kq = kqueue();
		signal(SIGCHLD, ignored ? SIG_IGN : SIG_DFL);
		CHECK(change(kq, SIGCHLD, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		CHECK(wait_ms(kq, ignored ? 50 : 2000) == !ignored);
		CHECK(waitpid(child, NULL, 0) == (ignored ? -1 : child));
		CHECK(change(kq, SIGCHLD, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
		signal(SIGCHLD, SIG_DFL);
		close(kq);
	}
}

/* A signal's default action still is done. */
static void default_kills(void)
{
	pid_t child = fork();
	if (child == 0) {
		int kq = kqueue();
		change(kq, SIGTERM, EVFILT_SIGNAL, EV_ADD, 0, 0);
		raise(SIGTERM);
		_exit(1);
	}
	int status = 0;
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void *signal_later(void *p)
{
	usleep(20000);
	pthread_kill(*(pthread_t *)p, SIGUSR1);
	return NULL;
}

/* "[EINTR] A signal was delivered before the timeout expired and before any events
 * were placed on the kqueue for return." "When kevent() call fails with EINTR error,
 * all changes in the changelist have been applied." */
static void interrupted(void)
{
	int kq = kqueue();
	pthread_t self = pthread_self(), t;
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct kevent k;
	sigaction(SIGUSR1, &a, NULL);
	set(&k, 1, EVFILT_USER, EV_ADD, 0, 0, 0);
	pthread_create(&t, NULL, signal_later, &self);
	errno = 0;
	CHECK(kevent(kq, &k, 1, got, 4, NULL) == -1 && errno == EINTR);
	pthread_join(t, NULL);
	CHECK(change(kq, 1, EVFILT_USER, EV_DELETE, 0, 0) == 0);
	/* an ignored signal interrupts nothing: here it is another kqueue's */
	int second = kqueue();
	signal(SIGUSR1, SIG_IGN);
	CHECK(change(second, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	pthread_create(&t, NULL, signal_later, &self);
	CHECK(wait_ms(kq, 60) == 0);
	pthread_join(t, NULL);
	CHECK(only(second, SIGUSR1, EVFILT_SIGNAL));
	/* ... and here it is an event of this one, which comes before EINTR */
	pthread_create(&t, NULL, signal_later, &self);
	CHECK(wait_ms(second, 2000) == 1 && got[0].data == 1);
	pthread_join(t, NULL);
	close(second);
	close(kq);
	CHECK(kqueue() >= 0); /* takes the closed ones down, and their handlers */
	struct sigaction now;
	CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
	close(kq);
	signal(SIGUSR1, SIG_DFL);
}

static int handler_kq;

static void trigger_from_handler(int sig)
{
	(void)sig;
	change(handler_kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0);
}

/* kevent may be called from a signal handler, even one that interrupts kevent. */
static void from_a_handler(void)
{
	handler_kq = kqueue();
	signal(SIGALRM, trigger_from_handler);
	CHECK(change(handler_kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	ualarm(500, 500);
	int64_t start = now_ms();
	int seen = 0;
	while (now_ms() - start < 50)
		seen += poll_kq(handler_kq) == 1;
	ualarm(0, 0);
	CHECK(seen > 5);
	signal(SIGALRM, SIG_DFL);
	close(handler_kq);
}

/* "NOTE_EXIT The process has exited. The exit status will be stored in data."
 * "[ESRCH] The specified process to attach to does not exist." */
static void processes(void)
{
	int kq = kqueue();
	int gate[2];
	CHECK(pipe(gate) == 0);
	for (int killed = 0; killed < 2; killed++) {
		pid_t child = fork();
		char b;
		if (child == 0) {
			if (read(gate[0], &b, 1) == 1)
				_exit(7);
			_exit(1);
		}
		uintptr_t id = (uintptr_t)child;
		CHECK(change(kq, id, EVFILT_PROC, EV_ADD, NOTE_EXIT | NOTE_EXITSTATUS, 4) == 0);
		CHECK(poll_kq(kq) == 0);
		if (killed)
			kill(child, SIGKILL);
		else
			put(gate[1], "x");
		CHECK(wait_ms(kq, 2000) == 1 && got[0].ident == id && got[0].filter == EVFILT_PROC);
		CHECK(got[0].fflags & NOTE_EXIT && got[0].udata == (void *)4);
		int seen = (int)got[0].data, status = 0;
		CHECK(poll_kq(kq) == 0);
		CHECK(waitpid(child, &status, 0) == child && status == seen);
		CHECK(killed ? WTERMSIG(seen) == SIGKILL : WEXITSTATUS(seen) == 7);
		CHECK(change(kq, id, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0) == ESRCH);
	}
	/* one that has exited already, and is not yet waited for */
	pid_t child = fork();
	if (child == 0)
		_exit(3);
	siginfo_t si;
	waitid(P_PID, (id_t)child, &si, WEXITED | WNOWAIT);
	CHECK(change(kq, (uintptr_t)child, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0) == 0);
	CHECK(only(kq, (uintptr_t)child, EVFILT_PROC) && WEXITSTATUS((int)got[0].data) == 3);
	waitpid(child, NULL, 0);
	CHECK(change(kq, 0, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0) == ESRCH);
	close2(gate);
	close(kq);
}

/* "The queue is not inherited by a child created with fork(2)." */
static void forked(void)
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
	put(s[1], "x");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ));
	close2(s);
	close(kq);
}

/* A kqueue can be polled, and watched by another: readable while events wait. */
static void nested(void)
{
	int inner = kqueue(), outer = kqueue(), s[2];
	struct pollfd p = { .fd = inner, .events = POLLIN };
	unix_pair(s);
	CHECK(change(outer, (uintptr_t)inner, EVFILT_READ, EV_ADD, 0, 8) == 0);
	CHECK(change(inner, (uintptr_t)s[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(inner, (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_DISABLE, 0, 0) == 0);
	CHECK(change(inner, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(poll(&p, 1, 0) == 0 && poll_kq(outer) == 0);
	put(s[1], "x");
	CHECK(poll(&p, 1, 0) == 1 && only(outer, (uintptr_t)inner, EVFILT_READ));
	CHECK(only(inner, (uintptr_t)s[0], EVFILT_READ));
	CHECK(poll(&p, 1, 0) == 1); /* level, and still there */
	take(s[0]);
	CHECK(poll_kq(inner) == 0 && poll(&p, 1, 0) == 0 && poll_kq(outer) == 0);
	CHECK(change(inner, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(poll(&p, 1, 0) == 1 && only(outer, (uintptr_t)inner, EVFILT_READ));
	CHECK(only(inner, 1, EVFILT_USER) && poll(&p, 1, 0) == 0 && poll_kq(outer) == 0);
	CHECK(change(inner, (uintptr_t)s[0], EVFILT_WRITE, EV_ENABLE, 0, 0) == 0);
	CHECK(poll(&p, 1, 0) == 1);
	CHECK(change(inner, (uintptr_t)inner, EVFILT_READ, EV_ADD, 0, 0) == EINVAL);
	CHECK(change(outer, (uintptr_t)inner, EVFILT_WRITE, EV_ADD, 0, 0) == EINVAL);
	close2(s);
	close(inner);
	CHECK(poll_kq(outer) == 0);
	close(outer);
}

/* A duplicate of a kqueue is the same kqueue; one descriptor can be in two. */
static void duplicates(void)
{
	int kq = kqueue(), second = kqueue(), d = dup(kq), p[2];
	nonblocking_pipe(p);
	CHECK(change(d, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(only(d, 1, EVFILT_USER) && poll_kq(kq) == 0);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 1) == 0);
	CHECK(change(second, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0, 2) == 0);
	put(p[1], "x");
	CHECK(only(kq, (uintptr_t)p[0], EVFILT_READ) && got[0].udata == (void *)1);
	CHECK(only(second, (uintptr_t)p[0], EVFILT_READ) && got[0].udata == (void *)2);
	CHECK(poll_kq(kq) == 0);
	close2(p);
	close(d);
	close(kq);
	close(second);
}

/* Urgent data: macOS's EVFILT_EXCEPT with NOTE_OOB. */
static void urgent(void)
{
	int kq = kqueue(), s[2], p[2];
	char b;
	tcp_pair(s);
	nonblocking_pipe(p);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_EXCEPT, EV_ADD | EV_CLEAR, NOTE_OOB, 6) == 0);
	put(s[1], "plain");
	CHECK(poll_kq(kq) == 0);
	CHECK(send(s[1], "!", 1, MSG_OOB) == 1);
	CHECK(wait_ms(kq, 1000) == 1 && got[0].filter == EVFILT_EXCEPT && got[0].fflags == NOTE_OOB);
	CHECK(poll_kq(kq) == 0);
	CHECK(recv(s[0], &b, 1, MSG_OOB) == 1 && b == '!');
	CHECK(change(kq, (uintptr_t)s[1], EVFILT_EXCEPT, EV_ADD, 0, 0) == EINVAL);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_EXCEPT, EV_ADD, NOTE_OOB, 0) == EINVAL);
	close2(s);
	close2(p);
	close(kq);
}

/* Other things that can be polled. */
static void eventfds(void)
{
	int kq = kqueue(), e = eventfd(0, EFD_NONBLOCK);
	uint64_t n = 3;
	CHECK(change(kq, (uintptr_t)e, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(write(e, &n, sizeof n) == sizeof n);
	CHECK(only(kq, (uintptr_t)e, EVFILT_READ) && got[0].data == 1);
	CHECK(read(e, &n, sizeof n) == sizeof n && poll_kq(kq) == 0);
	close(e);
	close(kq);
}

static uint32_t random_state = 2463534242u;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

/* Random changes against a naive model: level, edge, oneshot and dispatch filters
 * of Unix sockets, reported in full each time. */
static void model(void)
{
	enum { N = 12 };
	struct { bool there, disabled, pending; int mode; long udata; } m[N] = { 0 };
	int kq = kqueue(), s[N][2], bytes[N] = { 0 };
	const int modes[] = { 0, EV_CLEAR, EV_ONESHOT, EV_DISPATCH };
	for (int i = 0; i < N; i++)
		unix_pair(s[i]);
	for (int step = 0; step < 20000; step++) {
		int i = (int)random_below(N), mode = modes[random_below(4)], error = 0;
		uintptr_t id = (uintptr_t)s[i][0];
		switch (random_below(6)) {
		case 0:
			error = change(kq, id, EVFILT_READ, EV_ADD | mode, 0, step);
			CHECK(error == 0);
			if (!m[i].there)
				m[i].mode = mode;
			m[i].there = true;
			m[i].disabled = false;
			m[i].pending = true;
			m[i].udata = step;
			break;
		case 1:
			error = change(kq, id, EVFILT_READ, EV_DELETE, 0, 0);
			CHECK(error == (m[i].there ? 0 : ENOENT));
			m[i].there = false;
			break;
		case 2: case 3: {
			bool on = random_below(2);
			error = change(kq, id, EVFILT_READ, on ? EV_ENABLE : EV_DISABLE, 0, step);
			CHECK(error == (m[i].there ? 0 : ENOENT));
			m[i].disabled = !on;
			m[i].pending |= on;
			m[i].udata = step;
			break;
		}
		case 4:
			if (bytes[i] < 1000) {
				put(s[i][1], "z");
				bytes[i]++;
				m[i].pending = true;
			}
			break;
		case 5:
			take(s[i][0]);
			bytes[i] = 0;
			break;
		}
		if (random_below(3))
			continue;
		int n = poll_kq(kq), expected = 0;
		for (i = 0; i < N; i++) {
			bool due = m[i].there && !m[i].disabled && bytes[i] &&
			           (m[i].pending || m[i].mode != EV_CLEAR);
			expected += due;
			m[i].pending = false;
			if (!due)
				continue;
			int at = 0;
			while (at < n && got[at].ident != (uintptr_t)s[i][0])
				at++;
			CHECK(at < n && got[at].data == bytes[i] && got[at].udata == (void *)m[i].udata);
			if (m[i].mode == EV_ONESHOT)
				m[i].there = false;
			if (m[i].mode == EV_DISPATCH)
				m[i].disabled = true;
		}
		CHECK(n == expected);
		if (failures_here)
			break;
	}
	for (int i = 0; i < N; i++)
		close2(s[i]);
	close(kq);
}

/* Closed kqueues leave no descriptors behind, once the next one is made. */
static void no_leak(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < 1000; i++) {
		int kq = kqueue();
		CHECK(kq >= 0 && kq < 40);
		CHECK(change(kq, 1, EVFILT_USER, EV_ADD, 0, 0) == 0);
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

/* 12,000 filters, and few events among them: a call looks at those that are ready. */
static void many(void)
{
	enum { N = 3000 };
	static int s[N][2];
	int kq = kqueue();
	for (int i = 0; i < N; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s[i]) == -1) {
			printf("  descriptors are scarce: %d pairs\n", i);
			CHECK(i > 100);
			return;
		}
		for (int j = 0; j < 2; j++) {
			CHECK(change(kq, (uintptr_t)s[i][j], EVFILT_READ, EV_ADD | EV_CLEAR, 0, i) == 0);
			CHECK(change(kq, (uintptr_t)s[i][j], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, i) == 0);
		}
	}
	int n, total = 0;
	while ((n = poll_kq(kq)) > 0)
		total += n;
	CHECK(total == 2 * N); /* each is writable once */
	int64_t start = now_ms();
	for (int i = 0; i < 5000; i++) {
		int at = (int)random_below(N);
		put(s[at][1], "x");
		CHECK(only(kq, (uintptr_t)s[at][0], EVFILT_READ));
		take(s[at][0]);
		n = poll_kq(kq); /* the room that was made */
	}
	int64_t each = (now_ms() - start) * 1000 / 5000;
	printf("  %d filters: %ld us for a write, a read and two kevents\n", 4 * N, (long)each);
	CHECK(each < 500);
	for (int i = 0; i < N; i++)
		close2(s[i]);
	close(kq);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
#define T(f) { #f, f }
		T(queue_is_a_descriptor), T(bad_queue), T(bad_descriptor), T(bad_filter_and_time),
		T(absent), T(level_read), T(clear_read), T(aggregates), T(level_and_clear_write),
		T(read_and_write), T(oneshot), T(dispatch), T(disable), T(readd), T(receipts),
		T(receipts_without_room), T(errors_in_changes), T(changes_first), T(no_room_returns),
		T(timeouts), T(listening), T(connecting), T(eof), T(socket_errors), T(datagrams),
		T(low_water), T(pipe_reader_eof), T(pipe_writer_eof), T(terminals), T(files),
		T(closing), T(user_events), T(wakes_other_threads), T(many_threads), T(rotation),
		T(signals), T(blocked_signals), T(sigchld), T(default_kills), T(interrupted),
		T(from_a_handler), T(processes), T(forked), T(nested), T(duplicates), T(urgent),
		T(eventfds), T(model), T(no_leak), T(many),
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
