/* Changes, flags, errors and time. */
#include "test.h"

/* "The kqueue() system call creates a new kernel event queue and returns a descriptor." */
void queue_is_a_descriptor(void)
{
	int kq = kqueue();
	CHECK(kq >= 0 && fcntl(kq, F_GETFD) != -1);
	CHECK(poll_kq(kq) == 0);
	close(kq);
}

/* "[EBADF] The specified descriptor is invalid." Also for one that is no kqueue,
 * and for one whose number was used again. */
void bad_queue(void)
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
void bad_descriptor(void)
{
	int kq = kqueue();
	CHECK(change(kq, 9999, EVFILT_READ, EV_ADD, 0, 0) == EBADF);
	CHECK(change(kq, (uintptr_t)-1, EVFILT_WRITE, EV_ADD, 0, 0) == EBADF);
	CHECK(change(kq, 9999, EVFILT_READ, EV_DELETE, 0, 0) == CLOSED);
	CHECK(change(kq, 9999, EVFILT_READ, EV_ENABLE, 0, 0) == CLOSED);
	close(kq);
}

/* "[EINVAL] The specified time limit or filter is invalid." */
void bad_filter_and_time(void)
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
void absent(void)
{
	int kq = kqueue(), p[2];
	CHECK(pipe(p) == 0);
	int flags[] = { EV_DELETE, EV_ENABLE, EV_DISABLE, 0 };
	for (int i = 0; i < 4; i++) {
		CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, flags[i], 0, 0) == ENOENT);
		CHECK(change(kq, 5, SOME_FILTER, flags[i], 0, 0) == ENOENT);
	}
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_DELETE, 0, 0) == ENOENT);
	close2(p);
	close(kq);
}

/* "EV_ONESHOT: Causes the event to return only the first occurrence of the filter
 * being triggered. After the user retrieves the event ... it is deleted." Only that
 * filter. */
void oneshot(void)
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
	close2(s);
	CHECK(change(kq, 1, SOME_FILTER, EV_ADD | EV_ONESHOT, 0, 0) == 0);
	if (!on("netbsd"))
		CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(wait_ms(kq, 60000) == 1 && got[0].flags & EV_ONESHOT && poll_kq(kq) == 0);
	CHECK(change(kq, 1, SOME_FILTER, 0, 0, 0) == ENOENT);
	close(kq);
}

/* "EV_DISPATCH: Disable the event source immediately after delivery of an event."
 * "EV_ENABLE: Permit kevent() to return the event if it is triggered." */
void dispatch(void)
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
	/* seen on FreeBSD: EV_ENABLE overwrites udata */
	CHECK(got[0].udata == (void *)(on("netbsd openbsd") ? 1L : 2L));
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, (uintptr_t)s[0], EVFILT_READ, EV_DELETE, 0, 0) == 0); /* it is still there */
	close2(s);
	close(kq);
}

/* "EV_DISABLE: Disable the event so kevent() will not return it. The filter itself
 * is not disabled." "Adding an event automatically enables it, unless overridden by
 * the EV_DISABLE flag." */
void disable(void)
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
	if (!on("lenient")) { /* seen on all systems: it does not */
		CHECK(poll_kq(kq) == 0);
		CHECK(change(kq, id, EVFILT_READ, EV_ENABLE, 0, 0) == 0);
	}
	CHECK(only(kq, id, EVFILT_READ));
	CHECK(change(kq, id, EVFILT_READ, EV_DISABLE, 0, 0) == 0);
	reset(s[1]);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, id, EVFILT_READ, EV_ENABLE, 0, 0) == 0);
	CHECK(only(kq, id, EVFILT_READ) && got[0].flags & EV_EOF);
	close(s[0]);
	if (!on("netbsd")) {
		CHECK(change(kq, 3, EVFILT_USER, EV_ADD | EV_DISABLE | EV_CLEAR, 0, 0) == 0);
		CHECK(change(kq, 3, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
		CHECK(poll_kq(kq) == 0);
		CHECK(change(kq, 3, EVFILT_USER, EV_ENABLE, 0, 0) == 0);
		CHECK(only(kq, 3, EVFILT_USER) && poll_kq(kq) == 0);
	}
	close(kq);
}

/* "Re-adding an existing event will modify the parameters of the original event,
 * and not result in a duplicate entry." Seen on FreeBSD and NetBSD: the mode flags
 * stay as first added. */
void readd(void)
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
	put(s[1], "y");
	CHECK(only(kq, id, EVFILT_READ) && poll_kq(kq) == 0);
	CHECK(change(kq, id, EVFILT_READ, EV_ADD, 0, 4) == 0); /* also after a true edge */
	CHECK(only(kq, id, EVFILT_READ) && got[0].udata == (void *)4 && poll_kq(kq) == 0);
	close2(s);
	close(kq);
}

/* "EV_RECEIPT ... making bulk changes to a kqueue without draining any pending
 * events. When passed as input, it forces EV_ERROR to always be returned. When a
 * filter is successfully added the data field will be zero." "The same array may be
 * used for the changelist and eventlist." */
void receipts(void)
{
	int kq = kqueue(), s[2];
	tcp_pair(s);
	put(s[1], "x");
	struct kevent k[8];
	set(&k[0], (uintptr_t)s[0], EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0, 11);
	set(&k[1], (uintptr_t)s[0], EVFILT_WRITE, EV_ADD | EV_RECEIPT, 0, 0, 12);
	set(&k[2], 9999, EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0, 13);
	set(&k[3], 7, SOME_FILTER, EV_DELETE | EV_RECEIPT, 0, 0, 14);
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
void receipts_without_room(void)
{
	int kq = kqueue();
	struct kevent k[3];
	for (int i = 0; i < 3; i++)
		set(&k[i], (uintptr_t)i, SOME_FILTER, EV_ADD | EV_RECEIPT, 0, 60000, 0);
	CHECK(kevent(kq, k, 3, got, 1, &ZERO) == 1);
	CHECK(got[0].flags & EV_ERROR && got[0].ident == 0);
	CHECK(change(kq, 0, SOME_FILTER, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, 1, SOME_FILTER, EV_DELETE, 0, 0) == 0);
	CHECK(change(kq, 2, SOME_FILTER, EV_DELETE, 0, 0) == ENOENT);
	close(kq);
}

/* "If an error occurs while processing an element of the changelist and there is
 * enough room in the eventlist, then the event will be placed in the eventlist with
 * EV_ERROR set in flags and the system error in data. Otherwise, -1 will be
 * returned, and errno will be set". Seen on the BSDs: such an error comes alone. */
void errors_in_changes(void)
{
	int kq = kqueue(), p[2];
	nonblocking_pipe(p);
	uintptr_t writer = (uintptr_t)p[1];
	struct kevent k[2];
	set(&k[0], writer, EVFILT_WRITE, EV_ADD, 0, 0, 0);
	set(&k[1], 2, SOME_FILTER, EV_DELETE, 0, 0, 0);
	CHECK(kevent(kq, k, 2, got, 4, &ZERO) == 1);
	CHECK(got[0].ident == 2 && got[0].flags & EV_ERROR && got[0].data == ENOENT);
	errno = 0;
	CHECK(kevent(kq, k, 2, NULL, 0, NULL) == -1 && errno == ENOENT);
	CHECK(only(kq, writer, EVFILT_WRITE)); /* what came before it was applied */
	close2(p);
	close(kq);
}

/* "All changes contained in the changelist are applied before any pending events
 * are read from the queue." */
void changes_first(void)
{
	int kq = kqueue(), p[2], q[2];
	nonblocking_pipe(p);
	nonblocking_pipe(q);
	struct kevent k[2];
	set(&k[0], (uintptr_t)p[1], EVFILT_WRITE, EV_ADD, 0, 0, 5);
	set(&k[1], (uintptr_t)q[1], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, 6);
	CHECK(kevent(kq, k, 2, got, 4, NULL) == (on("spiteful") ? 1 : 2));
	close2(p);
	close2(q);
	close(kq);
}

/* "When nevents is zero, kevent() will return immediately even if there is a
 * timeout specified". */
void no_room_returns(void)
{
	int kq = kqueue();
	struct timespec t = { 600, 0 };
	int64_t start = now_ms();
	CHECK(kevent(kq, NULL, 0, NULL, 0, &t) == 0);
	CHECK(kevent(kq, NULL, 0, got, 0, NULL) == 0);
	CHECK(now_ms() - start < 60000);
	close(kq);
}

/* "it specifies a maximum interval to wait for an event"; "To effect a poll, the
 * timeout argument should be ... pointing to a zero-valued timespec"; "If the time
 * limit expires, then kevent() returns 0." */
void timeouts(void)
{
	int kq = kqueue();
	struct timespec a, b, t = { 0, 2500000 };
	clock_gettime(CLOCK_MONOTONIC, &a);
	CHECK(kevent(kq, NULL, 0, got, 1, &t) == 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 2500000);
	int64_t start = now_ms();
	CHECK(poll_kq(kq) == 0 && now_ms() - start < 60000);
	/* waiting does not spin, not even after a level event that has gone */
	int p[2];
	nonblocking_pipe(p);
	put(p[1], "x");
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD, 0, 0) == 0);
	CHECK(only(kq, (uintptr_t)p[0], EVFILT_READ));
	take(p[0]);
	clock_t cpu = clock();
	CHECK(wait_ms(kq, 100) == 0);
	CHECK(clock() - cpu < CLOCKS_PER_SEC / 50);
	close2(p);
	nonblocking_pipe(p);
	CHECK(change(kq, (uintptr_t)p[1], EVFILT_WRITE, EV_ADD, 0, 0) == 0);
	struct timespec huge = { INT64_MAX, 999999999 }, longest = { 100000000, 0 };
	bool limited = on("netbsd macos spiteful");
	errno = 0;
	CHECK(kevent(kq, NULL, 0, got, 1, &huge) == (limited ? -1 : 1));
	CHECK(errno == (limited ? EINVAL : 0));
	CHECK(kevent(kq, NULL, 0, got, 1, &longest) == 1);
	close2(p);
	close(kq);
}

/* Seen: level events rotate when the list is short, so that each has its turn. */
void rotation(void)
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

/* Random changes against a naive model: level, edge, oneshot and dispatch filters
 * of Unix sockets, reported in full each time. `queued` is that it will be looked at. */
void model(void)
{
	enum { N = 12 };
	struct { bool there, disabled, queued; int mode; long udata; } m[N] = { 0 };
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
			if (!m[i].there) {
				m[i].mode = mode;
				m[i].disabled = m[i].queued = false;
			}
			m[i].there = true;
			m[i].disabled &= !on("lenient");
			m[i].queued |= bytes[i] > 0;
			m[i].udata = step;
			break;
		case 1:
			error = change(kq, id, EVFILT_READ, EV_DELETE, 0, 0);
			CHECK(error == (m[i].there ? 0 : ENOENT));
			m[i].there = false;
			break;
		case 2: case 3: {
			bool enable = random_below(2);
			error = change(kq, id, EVFILT_READ, enable ? EV_ENABLE : EV_DISABLE, 0, step);
			CHECK(error == (m[i].there ? 0 : ENOENT));
			bool looks = enable && (m[i].disabled || !on("openbsd")) && !on("netbsd");
			m[i].disabled = !enable;
			m[i].queued |= looks && bytes[i];
			if (!on("netbsd openbsd"))
				m[i].udata = step;
			break;
		}
		case 4:
			if (bytes[i] < 1000) {
				put(s[i][1], "z");
				bytes[i]++;
				m[i].queued = true;
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
			bool due = m[i].there && !m[i].disabled && bytes[i] && m[i].queued;
			expected += due;
			if (!m[i].disabled)
				m[i].queued = due && m[i].mode == 0;
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
