/*
 * EVFILT_SIGNAL: "coexists with the signal() and sigaction() facilities, and has
 * a lower precedence. The filter will record all attempts to deliver a signal to
 * a process, even if the signal has been marked as SIG_IGN."
 *
 * Linux forgets an ignored signal at once, so a watched signal gets our handler,
 * which counts and then does what the program asked for. The program's own
 * sigaction() and signal() calls are taken over, to change what it asked for and
 * not our handler. A signal that is blocked reaches no handler; it is taken from
 * a signalfd, which means that it does not stay pending as it would on BSD.
 */
#include "shim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

extern int __sigaction(int, const struct sigaction *, struct sigaction *); /* glibc */

struct watched {
	int knotes; /* in all kqueues; the handler is ours while there are any */
	int event;  /* eventfd, written at each signal: the edge for every kqueue */
	int queue;  /* signalfd */
	atomic_uint_fast64_t count;
	struct asked *_Atomic asked;
};

/* What the program asked for. A handler may be reading it at any time, so it is
 * never changed and never freed; the same request is the same object. */
struct asked {
	struct sigaction action;
	struct asked *next;
};

static struct asked *all_asked;

static struct watched signals[_NSIG];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* taken with signals blocked */
_Thread_local unsigned ignored_signals; /* counts what must not end a kevent with EINTR */

static void record(struct watched *w)
{
	uint64_t one = 1;
	atomic_fetch_add(&w->count, 1);
	ssize_t written = write(w->event, &one, sizeof one);
	(void)written;
}

static void default_action(int sig)
{
	sigset_t set;
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	switch (sig) {
	case SIGCHLD: case SIGCONT: case SIGURG: case SIGWINCH:
		ignored_signals++;
		return;
	case SIGTSTP: case SIGTTIN: case SIGTTOU:
		raise(SIGSTOP);
		return;
	}
	__sigaction(sig, &dfl, NULL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void handler(int sig, siginfo_t *info, void *context)
{
	static struct asked dfl = { .action.sa_handler = SIG_DFL };
	int saved = errno;
	struct watched *w = &signals[sig];
	record(w);
	const struct sigaction *asked = &atomic_load(&w->asked)->action;
	if (asked->sa_handler == SIG_IGN) {
		ignored_signals++;
	} else if (asked->sa_handler == SIG_DFL) {
		default_action(sig);
	} else {
		if (asked->sa_flags & (int)SA_RESETHAND)
			atomic_store(&w->asked, &dfl);
		if (asked->sa_flags & SA_SIGINFO)
			asked->sa_sigaction(sig, info, context);
		else
			asked->sa_handler(sig);
	}
	errno = saved;
}

static struct asked *keep(const struct sigaction *action)
{
	struct asked *a = all_asked;
	while (a && memcmp(&a->action, action, sizeof *action) != 0)
		a = a->next;
	if (!a && (a = malloc(sizeof *a))) {
		memcpy(&a->action, action, sizeof *action);
		a->next = all_asked;
		all_asked = a;
	}
	return a;
}

/* Remembers what the program asked for and puts our handler in its place. */
static int hook(int sig, const struct sigaction *asked)
{
	struct asked *kept = keep(asked);
	if (!kept)
		return ENOMEM;
	atomic_store(&signals[sig].asked, kept);

	struct sigaction ours = *asked;
	bool own = asked->sa_handler != SIG_IGN && asked->sa_handler != SIG_DFL;
	if (sig == SIGCHLD && asked->sa_handler == SIG_IGN) {
		/* "except for the SIGCHLD signal, which, if ignored, will not be recorded" */
	} else {
		ours.sa_sigaction = handler;
		ours.sa_flags = (int)((unsigned)asked->sa_flags & ~(unsigned)SA_RESETHAND) | SA_SIGINFO;
		if (!own)
			ours.sa_flags |= SA_RESTART | SA_ONSTACK;
	}
	if (__sigaction(sig, &ours, NULL) == 0)
		return 0;
	return sig == SIGKILL || sig == SIGSTOP ? 0 : errno;
}

static int watch_signal(int sig)
{
	struct watched *w = &signals[sig];
	struct sigaction asked;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, sig);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->queue = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	int error = w->event == -1 || w->queue == -1 ? errno
	          : __sigaction(sig, NULL, &asked) == -1 ? EINVAL : hook(sig, &asked);
	if (error) {
		close(w->event);
		close(w->queue);
		w->event = -1;
	}
	return error;
}

static void unwatch_signal(int sig)
{
	struct watched *w = &signals[sig];
	__sigaction(sig, &atomic_load(&w->asked)->action, NULL);
	close(w->event);
	close(w->queue);
}

static int attach(struct knote *kn)
{
	if (kn->ident < 1 || kn->ident >= _NSIG)
		return EINVAL;
	int sig = (int)kn->ident;
	struct watched *w = &signals[sig];
	kn->flags |= EV_CLEAR; /* "This filter automatically sets the EV_CLEAR flag internally." */
	pthread_mutex_lock(&lock);
	int error = w->knotes++ ? 0 : watch_signal(sig);
	if (!error)
		error = watch(kn->kq, READ_EP, w->event, EPOLLIN | EPOLLET, knote_word(kn));
	if (!error)
		error = watch(kn->kq, READ_EP, w->queue, EPOLLIN | EPOLLET, knote_word(kn));
	if (error && --w->knotes == 0 && w->event != -1)
		unwatch_signal(sig);
	kn->u.seen = atomic_load(&w->count);
	pthread_mutex_unlock(&lock);
	return error;
}

static void detach(struct knote *kn)
{
	int sig = (int)kn->ident;
	struct watched *w = &signals[sig];
	pthread_mutex_lock(&lock);
	epoll_ctl(kn->kq->ep[READ_EP], EPOLL_CTL_DEL, w->event, NULL);
	epoll_ctl(kn->kq->ep[READ_EP], EPOLL_CTL_DEL, w->queue, NULL);
	if (--w->knotes == 0)
		unwatch_signal(sig);
	pthread_mutex_unlock(&lock);
}

static int touch(struct knote *kn, const struct kevent *c)
{
	(void)kn;
	(void)c;
	return 0;
}

/* Only what the caller itself has blocked: any other signal that is pending now
 * is on its way to a handler. */
static void take_blocked(int sig)
{
	struct watched *w = &signals[sig];
	struct signalfd_siginfo info;
	if (sigismember(&caller_mask, sig) == 1)
		while (read(w->queue, &info, sizeof info) == sizeof info)
			record(w);
}

static enum verdict eval(struct knote *kn, struct result *r)
{
	int sig = (int)kn->ident;
	take_blocked(sig);
	r->data = (intptr_t)(atomic_load(&signals[sig].count) - kn->u.seen);
	return r->data ? READY : IDLE;
}

/* "data returns the number of times the signal has occurred since the last call
 * to kevent()." */
static void clear(struct knote *kn, const struct result *r)
{
	kn->u.seen += (uint64_t)r->data;
}

static void switched(struct knote *kn)
{
	(void)kn;
}

const struct filter signal_filter = { false, attach, detach, touch, eval, clear, switched };

void signals_lock(void)
{
	pthread_mutex_lock(&lock);
}

void signals_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* In a forked child: the queue is not inherited, so no signal is watched. */
void signals_give_back(void)
{
	for (int sig = 1; sig < _NSIG; sig++) {
		if (signals[sig].knotes)
			unwatch_signal(sig);
		signals[sig].knotes = 0;
	}
}

/* In place of the C library's. */
__attribute__((visibility("default")))
int sigaction(int sig, const struct sigaction *restrict act, struct sigaction *restrict old)
{
	if (sig < 1 || sig >= _NSIG || sig == SIGKILL || sig == SIGSTOP)
		return __sigaction(sig, act, old);
	sigset_t all, mask;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pthread_mutex_lock(&lock);
	int result, error;
	if (!signals[sig].knotes) {
		result = __sigaction(sig, act, old);
		error = errno;
	} else {
		struct sigaction before = atomic_load(&signals[sig].asked)->action;
		error = act ? hook(sig, act) : 0;
		result = error ? -1 : 0;
		if (old && !error)
			*old = before;
	}
	pthread_mutex_unlock(&lock);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (result == -1)
		errno = error;
	return result;
}

__attribute__((visibility("default")))
__sighandler_t signal(int sig, __sighandler_t to)
{
	struct sigaction act = { .sa_handler = to, .sa_flags = SA_RESTART }, old;
	return sigaction(sig, &act, &old) == 0 ? old.sa_handler : SIG_ERR;
}
