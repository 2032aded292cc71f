/* Collecting the kernel's edges, reporting, and sleeping until there are some. */
#include "shim.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH 256

/* Files have no edges; a sleeping kevent looks at them this often (ns). */
#define FILE_TICK 50000000

/* A registration whose (file, number) pair exists already can only be the ghost
 * of a descriptor that was closed, and has come back by dup2: take it over. */
int watch(struct kq *kq, int ep, int fd, uint32_t events, uint64_t word)
{
	struct epoll_event e = { .events = events, .data.u64 = word };
	if (epoll_ctl(kq->ep[ep], EPOLL_CTL_ADD, fd, &e) == 0)
		return 0;
	if (errno == EEXIST && epoll_ctl(kq->ep[ep], EPOLL_CTL_MOD, fd, &e) == 0)
		return 0;
	return errno;
}

/* The descriptor is readable while knotes wait in the ready queue: that wakes
 * other threads in kevent, and whoever polls the kqueue. */
void arm(struct kq *kq, bool on)
{
	if (kq->armed == on && (!on || kq->told == kq->wakes))
		return;
	kq->told = kq->wakes;
	struct epoll_event e = { .events = on ? EPOLLIN : 0, .data.u64 = TAG_WAKE };
	if (epoll_ctl(kq->ep[READ_EP], EPOLL_CTL_MOD, wake_fd, &e) == 0)
		kq->armed = on;
}

/* An edge that brought nothing new: a wake-up of the whole socket on account of
 * its other direction. */
static bool is_stale(const struct knote *kn, const struct result *r)
{
	return kn->by_edge && kn->reported && r->progress != UNKNOWN &&
	       r->progress == kn->last.progress && r->flags == kn->last.flags &&
	       r->fflags == kn->last.fflags && !is_repeated(kn);
}

static void drain(struct kq *kq, int ep);

/* Queues a knote that the kernel has told of. A queue is ready while there are some queued in it:
 * then none may be that are not ready now. */
static void note_edge(struct knote *kn)
{
	struct result r = { .progress = UNKNOWN };
	if (kn->queued || is_untold(kn))
		return;
	if (kn->disabled) {
		kn->active = true;
		return;
	}
	kn->by_edge = true;
	if (quirk(QUEUED_IS_READY)) {
		enum verdict v = kn->ops->eval(kn, &r);
		if (v == GONE)
			knote_drop(kn);
		if (v == IDLE)
			kn->reported = false;
		if (v != READY || (kn->flags & EV_CLEAR && is_stale(kn, &r)))
			return;
	}
	activate(kn);
}

static void edge(struct kq *kq, const struct epoll_event *e)
{
	struct knote *kn;
	switch (e->data.u64) {
	case TAG_WAKE:
		break;
	case TAG_WRITE:
		drain(kq, WRITE_EP);
		break;
	case TAG_EXCEPT:
		drain(kq, EXCEPT_EP);
		break;
	default:
		kn = knote_of(kq, e->data.u64);
		if (kn)
			note_edge(kn);
	}
}

/* Takes every edge there is, so that none is left to be reported a second time
 * after its knote has been. Each comes once: the loop ends. */
static void drain(struct kq *kq, int ep)
{
	struct epoll_event batch[BATCH];
	int n;
	do {
		n = epoll_wait(kq->ep[ep], batch, BATCH, 0);
		for (int i = 0; i < n; i++)
			edge(kq, &batch[i]);
	} while (n == BATCH);
}

static void look_at_files(struct kq *kq)
{
	for (struct knote *kn = kq->files; kn; kn = kn->u.fd.next_file) {
		if (!kn->disabled && !kn->queued) {
			kn->by_edge = true;
			ready_push(kn);
		}
	}
}

/* Systems repeat an EV_CLEAR event after reads and writes of which Linux tells nothing: they show
 * in amounts. Some knotes at a time. */
static void look_at_amounts(struct kq *kq)
{
	uint32_t looks = kq->used < 64 ? kq->used : 64;
	for (; looks; looks--) {
		struct knote *kn = kq->slots[kq->cursor++ % kq->used];
		if (kn->kq && kn->ops->is_fd && kn->flags & EV_CLEAR && kn->reported && !kn->queued &&
		    !kn->disabled && has_moved(kn)) {
			kn->by_edge = false;
			activate(kn);
		}
	}
}

void collect(struct kq *kq)
{
	drain(kq, READ_EP);
	look_at_amounts(kq);
}

/* Runs the filter of a queued knote and reports it if "the condition that
 * triggered the event" still holds. */
static bool report(struct knote *kn, struct kevent *out)
{
	struct result r = { .progress = UNKNOWN };
	enum verdict v = kn->ops->eval(kn, &r);
	if (v == GONE) {
		knote_drop(kn);
		return false;
	}
	ready_drop(kn);
	if (v == IDLE)
		kn->reported = false; /* whatever comes next is news */
	if (v == IDLE || (kn->flags & EV_CLEAR && is_stale(kn, &r)))
		return false;

	*out = (struct kevent){ kn->ident, kn->filter, kn->flags | r.flags,
	                        r.fflags, r.data, kn->udata };
	if (kn->flags & EV_ONESHOT) {
		knote_drop(kn);
		return true;
	}
	kn->reported = true;
	kn->last = r;
	if (kn->flags & EV_CLEAR)
		kn->ops->clear(kn, &r);
	if (kn->flags & EV_DISPATCH)
		knote_disable(kn, true);
	if (!(kn->flags & (EV_CLEAR | EV_DISPATCH)))
		ready_push(kn); /* level: to the tail, behind those that wait */
	return true;
}

/* Whether another filter of its descriptor is reported already. */
static bool has_sibling(const struct knote *kn, const struct kevent *events, int n)
{
	while (n--)
		if (kn->ops->is_fd && events[n].ident == kn->ident && kn->filter != events[n].filter)
			return true;
	return false;
}

/* Each knote once, oldest first, as far as there is room. */
static int scan(struct kq *kq, struct kevent *events, int room)
{
	int n = 0;
	look_at_files(kq);
	if (quirk(REPORTS_ARE_SHORT) && (uint32_t)room > (kq->ready + 1) / 2)
		room = (int)(kq->ready + 1) / 2;
	for (uint32_t left = kq->ready; left && n < room; left--) {
		struct knote *kn = kq->head;
		if (quirk(REPORTS_ARE_SHORT) && has_sibling(kn, events, n)) {
			ready_drop(kn);
			ready_push(kn);
		} else {
			n += report(kn, &events[n]);
		}
	}
	return n;
}

/* A test may have put a clock of its own in place of the C library's. */
int64_t now(void)
{
	struct timespec t = { 0 };
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* epoll_pwait2 (Linux 5.11), or milliseconds rounded up where it is missing. */
static int wait_kernel(int ep, struct epoll_event *batch, int64_t ns, const sigset_t *mask)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };
	int n = (int)syscall(SYS_epoll_pwait2, ep, batch, BATCH, ns < 0 ? NULL : &t, mask,
	                     (size_t)_NSIG / 8);
	if (n != -1 || errno != ENOSYS)
		return n;
	int64_t ms = ns < 0 ? -1 : ns / 1000000 + (ns % 1000000 != 0);
	return epoll_pwait(ep, batch, BATCH, ms > INT_MAX ? INT_MAX : (int)ms, mask);
}

/* Called with the lock held and all signals blocked; both are given up while
 * asleep. Returns a count, or -1 with errno. */
int wait_events(struct kq *kq, struct kevent *events, int room,
                const struct timespec *timeout, const sigset_t *mask)
{
	int64_t deadline = INT64_MAX;
	if (timeout) {
		if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec > 999999999) {
			errno = EINVAL;
			return -1;
		}
		if (quirk(LONGEST_WAIT) && timeout->tv_sec > quirk(LONGEST_WAIT)) {
			errno = EINVAL;
			return -1;
		}
		if (timeout->tv_sec <= INT32_MAX) { /* 68 years are endless */
			int64_t ns = timeout->tv_sec * INT64_C(1000000000) + timeout->tv_nsec;
			deadline = ns ? now() + ns : 0;
		}
	}

	struct epoll_event batch[BATCH];
	unsigned ignored = ignored_signals;
	bool interrupted = false;
	for (;;) {
		collect(kq);
		int n = scan(kq, events, room);
		if (n > 0)
			return n;
		if (interrupted && ignored == ignored_signals) {
			errno = EINTR;
			return -1;
		}
		ignored = ignored_signals;

		int64_t left = -1;
		if (deadline != INT64_MAX) {
			left = deadline ? deadline - now() : 0;
			if (left <= 0)
				return 0;
		}
		if (kq->files && (left < 0 || left > FILE_TICK))
			left = FILE_TICK;

		arm(kq, false);
		int ep = kq->ep[READ_EP];
		pthread_mutex_unlock(&kq->lock);
		int got = wait_kernel(ep, batch, left, mask);
		int error = errno;
		pthread_mutex_lock(&kq->lock);
		if (got == -1 && error != EINTR) {
			errno = error;
			return -1;
		}
		interrupted = got == -1;
		for (int i = 0; i < got; i++)
			edge(kq, &batch[i]);
	}
}
