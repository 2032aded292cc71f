/* EVFILT_TIMER: "Establishes an arbitrary timer identified by ident. When adding a timer, data
 * specifies the timeout period." By timerfd. */
#include "shim.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int period(const struct kevent *c, int64_t *ns)
{
	int64_t unit = 1000000;
	if (quirk(TIMER_UNITS)) {
		switch (c->fflags) {
		case 0: break;
		case NOTE_SECONDS:  unit = 1000000000; break;
		case NOTE_USECONDS: unit = 1000; break;
		case NOTE_NSECONDS: unit = 1; break;
		default: return EINVAL;
		}
	}
	if (c->data < 0)
		return EINVAL;
	if (__builtin_mul_overflow((int64_t)c->data, unit, ns))
		*ns = INT64_MAX;
	return 0;
}

/* "The timer will be periodic unless EV_ONESHOT is specified." Zero is the shortest there is. */
static int start(const struct knote *kn, int64_t ns)
{
	if (ns == 0)
		ns = kn->flags & EV_ONESHOT ? 1 : 1000000;
	struct itimerspec t = { .it_value = { ns / 1000000000, ns % 1000000000 } };
	if (!(kn->flags & EV_ONESHOT))
		t.it_interval = t.it_value;
	return timerfd_settime(kn->u.timer.fd, 0, &t, NULL) == 0 ? 0 : errno;
}

static int attach(struct knote *kn)
{
	int64_t ns;
	struct kevent asked = { .fflags = kn->fflags, .data = kn->data };
	int error = period(&asked, &ns);
	if (error)
		return error;
	error = user_event_begin();
	if (error)
		return error;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd == -1) {
		error = errno;
		user_event_end();
		return error;
	}
	kn->u.timer.fd = fd;
	kn->u.timer.count = 0;
	kn->flags |= EV_CLEAR; /* "This filter automatically sets the EV_CLEAR flag internally." */
	error = start(kn, ns);
	if (!error)
		error = watch(kn->kq, READ_EP, fd, EPOLLIN | EPOLLET, knote_word(kn));
	if (error) {
		close(fd);
		user_event_end();
	}
	return error;
}

static void detach(struct knote *kn)
{
	epoll_ctl(kn->kq->ep[READ_EP], EPOLL_CTL_DEL, kn->u.timer.fd, NULL);
	close(kn->u.timer.fd);
	user_event_end();
}

static int touch(struct knote *kn, const struct kevent *c)
{
	int64_t ns;
	if (!(c->flags & EV_ADD) || !quirk(TIMER_RESTARTS))
		return 0;
	int error = period(c, &ns);
	if (error)
		return error;
	kn->u.timer.count = 0;
	return start(kn, ns);
}

/* "data contains the number of times the timeout has expired". */
static enum verdict eval(struct knote *kn, struct result *r)
{
	uint64_t expired;
	if (read(kn->u.timer.fd, &expired, sizeof expired) == sizeof expired)
		kn->u.timer.count += (intptr_t)expired;
	r->data = kn->u.timer.count;
	return r->data ? READY : IDLE;
}

static void clear(struct knote *kn, const struct result *r)
{
	kn->u.timer.count -= r->data;
}

static void switched(struct knote *kn)
{
	(void)kn;
}

const struct filter timer_filter = { false, attach, detach, touch, eval, clear, switched };
