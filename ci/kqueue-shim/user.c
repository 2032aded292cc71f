/* EVFILT_USER: "a user event identified by ident which is not associated with
 * any kernel mechanism but is triggered by user level code". */
#include "shim.h"

#include <errno.h>
#include <stdatomic.h>

static atomic_int user_events;

int user_event_begin(void)
{
	int limit = quirk(USER_EVENTS);
	if (atomic_fetch_add(&user_events, 1) < limit || !limit)
		return 0;
	user_event_end();
	return ENOMEM;
}

void user_event_end(void)
{
	atomic_fetch_sub(&user_events, 1);
}

/* In a forked child, whose queues are gone. */
void user_events_forget(void)
{
	atomic_store(&user_events, 0);
}

static int attach(struct knote *kn)
{
	int error = user_event_begin();
	if (error)
		return error;
	kn->u.triggered = kn->fflags & NOTE_TRIGGER && quirk(ADD_TRIGGERS);
	kn->fflags &= NOTE_FFLAGSMASK;
	return 0;
}

static void detach(struct knote *kn)
{
	(void)kn;
	user_event_end();
}

static int touch(struct knote *kn, const struct kevent *c)
{
	uint32_t flags = c->fflags & NOTE_FFLAGSMASK;
	switch (c->fflags & NOTE_FFCTRLMASK) {
	case NOTE_FFAND:  kn->fflags &= flags; break;
	case NOTE_FFOR:   kn->fflags |= flags; break;
	case NOTE_FFCOPY: kn->fflags = flags; break;
	}
	if (c->fflags & NOTE_TRIGGER)
		kn->u.triggered = true;
	if (c->flags & EV_CLEAR && quirk(TRIGGER_CLEARS))
		kn->u.triggered = false;
	kn->data = c->data;
	return 0;
}

static enum verdict eval(struct knote *kn, struct result *r)
{
	r->fflags = kn->fflags;
	r->data = kn->data;
	return kn->u.triggered ? READY : IDLE;
}

static void clear(struct knote *kn, const struct result *r)
{
	(void)r;
	kn->u.triggered = false;
}

static void switched(struct knote *kn)
{
	(void)kn;
}

const struct filter user_filter = { false, attach, detach, touch, eval, clear, switched };
