/* One change of a change list. */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>

#define MODES (EV_ONESHOT | EV_CLEAR | EV_RECEIPT | EV_DISPATCH | EV_OOBAND)

static const struct filter *filter_of(int16_t filter)
{
	switch (filter) {
	case EVFILT_READ:   return &read_filter;
	case EVFILT_WRITE:  return &write_filter;
	case EVFILT_EXCEPT: return quirk(HAS_EXCEPT) ? &except_filter : NULL;
	case EVFILT_USER:   return quirk(HAS_USER) ? &user_filter : NULL;
	case EVFILT_PROC:   return &proc_filter;
	case EVFILT_SIGNAL: return &signal_filter;
	case EVFILT_TIMER:  return &timer_filter;
	default:            return NULL;
	}
}

void knote_drop(struct knote *kn)
{
	ready_drop(kn);
	kn->ops->detach(kn);
	table_remove(kn);
}

void knote_disable(struct knote *kn, bool disabled)
{
	if (kn->disabled == disabled)
		return;
	kn->disabled = disabled;
	if (disabled) {
		kn->active = kn->queued;
		ready_drop(kn);
	}
	kn->ops->switched(kn);
}

/* The negative of an error: the filter is there nonetheless. */
static int create(struct kq *kq, const struct filter *ops, const struct kevent *c,
                  struct knote **made)
{
	struct knote *kn = table_add(kq, c->ident, c->filter);
	if (!kn)
		return ENOMEM;
	kn->ops = ops;
	kn->flags = c->flags & (MODES | (quirk(EVENTS_HAVE_ADD) ? EV_ADD : 0));
	kn->fflags = c->fflags;
	kn->data = c->data;
	kn->udata = c->udata;
	kn->disabled = c->flags & EV_DISABLE;
	int error = ops->attach(kn);
	if (error > 0)
		table_remove(kn);
	else
		*made = kn;
	return error;
}

/* Whether a change is one of those that a row of personality.c names. */
static bool is_among(enum quirk row, const struct kevent *c, bool enables)
{
	int which = c->filter == EVFILT_USER ? ANY_CHANGE : quirk(row);
	return which == ANY_CHANGE || c->flags & EV_ADD || (which == ENABLING && enables);
}

/* "Re-adding an existing event will modify the parameters of the original
 * event": udata, fflags and data. The modes stay as they were first added, as
 * FreeBSD and NetBSD have it. */
static int modify(struct knote *kn, const struct kevent *c)
{
	int error = kn->ops->touch(kn, c);
	if (error)
		return error;
	if (is_among(TAKES_UDATA, c, false))
		kn->udata = c->udata;
	return 0;
}

/* "The filter is executed upon the initial registration of a kevent in order
 * to detect whether a preexisting condition is present." */
static void look(struct knote *kn)
{
	struct result r = { .progress = UNKNOWN };
	if (kn->disabled && quirk(LOOKS) != ADDING)
		return; /* EV_ENABLE will look */
	if (kn->ops->eval(kn, &r) != READY)
		return;
	if (kn->disabled) {
		kn->active = true;
	} else {
		kn->by_edge = false;
		activate(kn);
	}
}

/* Switches a filter that is there on or off as a change asks. Returns whether it is on now and was
 * not before. */
static bool enable(struct knote *kn, const struct kevent *c)
{
	uint16_t enabling = EV_ENABLE | (quirk(ADD_ENABLES) ? EV_ADD : 0);
	bool before = kn->disabled;
	if (c->flags & EV_DISABLE)
		knote_disable(kn, true);
	else if (c->flags & enabling)
		knote_disable(kn, false);
	return before && !kn->disabled;
}

int change_apply(struct kq *kq, const struct kevent *c)
{
	const struct filter *ops = filter_of(c->filter);
	if (!ops)
		return EINVAL;

	struct knote *kn = table_find(kq, c->ident, c->filter);
	if (ops->is_fd) {
		/* "Calling close() on a file descriptor will remove any kevents that
		 * reference the descriptor": noticed when its number comes up. */
		enum identity id = kn ? fd_identity(kn) : SAME;
		if (id != SAME) {
			knote_drop(kn);
			kn = NULL;
		}
		if (c->ident > INT32_MAX || fcntl((int)c->ident, F_GETFD) == -1)
			return c->flags & EV_ADD || !quirk(CLOSED_IS_ABSENT) ? EBADF : ENOENT;
		if (quirk(WATCHES_ITSELF) == ANY_EINVAL && is_same(kq, (int)c->ident))
			return EINVAL;
	}

	int error = 0;
	bool is_new = !kn;
	if (kn)
		error = c->flags & EV_DELETE ? 0 : modify(kn, c);
	else if (c->flags & EV_ADD)
		error = create(kq, ops, c, &kn);
	else
		error = ENOENT;
	if (error > 0)
		return error;

	if (c->flags & EV_DELETE) {
		knote_drop(kn);
		return 0;
	}
	bool enables = !is_new && enable(kn, c);
	if (is_new || is_among(LOOKS, c, enables))
		look(kn);
	if (enables && kn->active)
		activate(kn);
	return -error;
}
