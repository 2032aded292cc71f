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
	case EVFILT_EXCEPT: return &except_filter;
	case EVFILT_USER:   return &user_filter;
	case EVFILT_PROC:   return &proc_filter;
	case EVFILT_SIGNAL: return &signal_filter;
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
	if (disabled)
		ready_drop(kn);
	kn->ops->switched(kn);
}

static int create(struct kq *kq, const struct filter *ops, const struct kevent *c,
                  struct knote **made)
{
	struct knote *kn = table_add(kq, c->ident, c->filter);
	if (!kn)
		return ENOMEM;
	kn->ops = ops;
	kn->flags = c->flags & MODES;
	kn->fflags = c->fflags;
	kn->data = c->data;
	kn->udata = c->udata;
	kn->disabled = c->flags & EV_DISABLE;
	int error = ops->attach(kn);
	if (error)
		table_remove(kn);
	else
		*made = kn;
	return error;
}

/* "Re-adding an existing event will modify the parameters of the original
 * event": udata, fflags and data. The modes stay as they were first added, as
 * FreeBSD and NetBSD have it. */
static int modify(struct knote *kn, const struct kevent *c)
{
	int error = kn->ops->touch(kn, c);
	if (error)
		return error;
	kn->udata = c->udata;
	return 0;
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
			return EBADF;
	}

	int error = 0;
	if (kn)
		error = c->flags & EV_DELETE ? 0 : modify(kn, c);
	else if (c->flags & EV_ADD)
		error = create(kq, ops, c, &kn);
	else
		error = ENOENT;
	if (error)
		return error;

	if (c->flags & EV_DELETE) {
		knote_drop(kn);
		return 0;
	}
	if (c->flags & EV_DISABLE)
		knote_disable(kn, true);
	else if (c->flags & (EV_ADD | EV_ENABLE))
		knote_disable(kn, false);

	/* "The filter is executed upon the initial registration of a kevent in order
	 * to detect whether a preexisting condition is present." */
	struct result r = { .progress = UNKNOWN };
	if (!kn->disabled && ops->eval(kn, &r) == READY) {
		kn->by_edge = false;
		ready_push(kn);
	}
	return 0;
}
