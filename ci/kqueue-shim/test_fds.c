/* READ and WRITE: what all descriptors share, pipes, terminals, files. */
#include "test.h"

/* "The filter is executed upon the initial registration of a kevent in order to
 * detect whether a preexisting condition is present"; "On return, data contains
 * the number of bytes"; "Opaque user-defined value passed through the kernel
 * unchanged". A level event comes as long as the condition holds. */
static void level(void (*make)(int[2]))
{
	int kq = kqueue(), s[2];
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

void level_read(void)
{
	level(tcp_pair);
	level(unix_pair);
	level(nonblocking_pipe);
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
	/* a part was read: nothing new, but seen on all systems for a pipe */
	CHECK(poll_kq(kq) == (make == nonblocking_pipe && !on("lenient")));
	put(s[1], "d");
	CHECK(only(kq, (uintptr_t)s[0], EVFILT_READ) && got[0].data == 3);
	put(s[1], "ef");
	take(s[0]);
	CHECK(poll_kq(kq) == 0);
	close2(s);
	close(kq);
}

void clear_read(void)
{
	clear(tcp_pair);
	clear(unix_pair);
	clear(nonblocking_pipe);
}

/* "Multiple events which trigger the filter do not result in multiple kevents
 * being placed on the kqueue; instead, the filter will aggregate the events". */
void aggregates(void)
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
	CHECK(wait_ms(kq, 60000) == 1);
	CHECK(got[0].ident == (uintptr_t)s[1] && got[0].filter == EVFILT_WRITE && got[0].data > 0);
	close2(s);
	close(kq);
}

void level_and_clear_write(void)
{
	for (int flags = 0; flags <= EV_CLEAR; flags += EV_CLEAR) {
		writable(tcp_pair, flags);
		writable(unix_pair, flags);
		writable(nonblocking_pipe, flags);
	}
}

/* "When the last writer disconnects, the filter will set EV_EOF in flags. This will
 * be cleared by the filter when a new writer connects". */
void pipe_reader_eof(void)
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

/* The error of adding WRITE to a pipe without a reader. */
static int writer_alone(void)
{
	return on("freebsd spiteful") ? EPIPE : on("netbsd") ? EBADF : 0;
}

/* "The filter will set EV_EOF when the reader disconnects": full or not. Seen: a full one is not
 * told on the BSDs, and on FreeBSD the filter has gone with its event. */
void pipe_writer_eof(void)
{
	for (int full = 0; full < 2; full++) {
		int kq = kqueue(), p[2], mode = full ? EV_CLEAR : 0;
		nonblocking_pipe(p);
		uintptr_t id = (uintptr_t)p[1];
		bool ends = on("freebsd spiteful"), told = !full || on("lenient macos");
		CHECK(change(kq, id, EVFILT_WRITE, EV_ADD | mode, 0, 0) == 0);
		CHECK(only(kq, id, EVFILT_WRITE) && !(got[0].flags & EV_EOF));
		if (full)
			fill(p[1]);
		CHECK(poll_kq(kq) == !full);
		close(p[0]);
		if (told) {
			CHECK(only(kq, id, EVFILT_WRITE) && got[0].flags & EV_EOF);
			CHECK(!(got[0].flags & EV_ONESHOT) == !ends);
		}
		CHECK(poll_kq(kq) == (told && !full && !ends));
		CHECK(change(kq, id, EVFILT_WRITE, EV_DELETE, 0, 0) == (ends && told ? ENOENT : 0));
		/* registered when it is over already: a preexisting condition */
		CHECK(change(kq, id, EVFILT_WRITE, EV_ADD, 0, 0) == writer_alone());
		if (!writer_alone() || on("spiteful"))
			CHECK(only(kq, id, EVFILT_WRITE) && got[0].flags & EV_EOF);
		CHECK(poll_kq(kq) == on("lenient openbsd macos"));
		close(p[1]);
		close(kq);
	}
}

/* The other filter of each end of a pipe tells of the end; of a fifo not everywhere. */
void other_ends(void)
{
	int kq = kqueue(), p[2];
	nonblocking_pipe(p);
	uintptr_t writer = (uintptr_t)p[1];
	CHECK(change(kq, writer, EVFILT_READ, EV_ADD, 0, 0) == 0);
	fill(p[1]);
	CHECK(poll_kq(kq) == 0);
	close(p[0]);
	CHECK(only(kq, writer, EVFILT_READ) && got[0].flags & EV_EOF && got[0].data == 0);
	CHECK(only(kq, writer, EVFILT_READ));
	close(p[1]);

	char name[] = "/tmp/kqueue-shim-XXXXXX", fifo[64];
	CHECK(mkdtemp(name) != NULL);
	snprintf(fifo, sizeof fifo, "%s/fifo", name);
	CHECK(mkfifo(fifo, 0600) == 0);
	int r = open(fifo, O_RDONLY | O_NONBLOCK), w = open(fifo, O_WRONLY | O_NONBLOCK);
	CHECK(change(kq, (uintptr_t)w, EVFILT_READ, EV_ADD, 0, 0) == 0);
	close(r);
	CHECK(poll_kq(kq) == !on("freebsd spiteful"));
	/* a fifo's writer without a reader can be watched everywhere, for as long as it is one */
	CHECK(change(kq, (uintptr_t)w, EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)w, EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(only(kq, (uintptr_t)w, EVFILT_WRITE) && got[0].flags & EV_EOF);
	close(w);
	unlink(fifo);
	rmdir(name);
	close(kq);
}

/* READ, WRITE on a terminal. */
void terminals(void)
{
	int kq = kqueue(), m, s;
	CHECK(openpty(&m, &s, NULL, NULL, NULL) == 0);
	CHECK(change(kq, (uintptr_t)s, EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0);
	put(m, "line\n");
	CHECK(wait_ms(kq, 60000) == 1 && got[0].filter == EVFILT_READ && got[0].data == 5);
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
void files(void)
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

/* Other things that can be polled. */
void eventfds(void)
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

/* "Calling close() on a file descriptor will remove any kevents that reference the
 * descriptor", a duplicate left open or not, the number used again or not. */
static void ghost(void)
{
	int kq = kqueue(), s[2], other[2];
	unix_pair(s);
	unix_pair(other);
	uintptr_t id = (uintptr_t)s[0];
	CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 1) == 0);
	int d = dup(s[0]);
	close(s[0]);
	CHECK(change(kq, id, EVFILT_READ, EV_DELETE, 0, 0) == CLOSED);
	CHECK(dup2(other[0], (int)id) == (int)id);
	put(other[1], "x");
	CHECK(change(kq, id, EVFILT_READ, EV_ADD | EV_CLEAR, 0, 2) == 0);
	CHECK(only(kq, id, EVFILT_READ));
	put(s[1], "the edge of what was closed, under the number of what is open");
	CHECK(poll_kq(kq) == 0);
	close(d);
	close((int)id);
	close(s[1]);
	close2(other);
	close(kq);
}

void closing(void)
{
	ghost();
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
			CHECK(change(kq, id, EVFILT_WRITE, EV_DELETE, 0, 0) == CLOSED);
			CHECK(dup2(other[0], (int)id) == (int)id);
			put(other[1], "yy");
			CHECK(poll_kq(kq) == 0); /* the newcomer is nobody's */
			CHECK(change(kq, id, EVFILT_READ, EV_ENABLE, 0, 0) == ENOENT);
			CHECK(change(kq, id, EVFILT_READ, EV_ADD | flags, 0, 2) == 0);
			if (keep)
				put(s[1], "x"); /* the ghost's */
			CHECK(only(kq, id, EVFILT_READ) && got[0].udata == (void *)2 && got[0].data == 2);
			if (keep)
				put(s[1], "x");
			CHECK(poll_kq(kq) == (flags ? 0 : 1));
			/* level or not, it is due; and at once its number is another's */
			put(other[1], "zz");
			CHECK(dup2(s[1], (int)id) == (int)id);
			if (d != -1)
				put(d, "to the newcomer");
			CHECK(poll_kq(kq) == 0);
			close((int)id);
			if (d != -1)
				close(d);
			close(s[1]);
			close2(other);
			close(kq);
		}
	}
}
