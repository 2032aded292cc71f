/*
 * The calls that wait for children, in place of the C library's. On some systems NOTE_EXIT comes,
 * and EVFILT_PROC answers ESRCH, some time before the process can be waited for; here it is a
 * zombie at that moment. So the calls that do not block deny it for a while: from the event, from
 * the ESRCH, or from the first look (WNOWAIT) that would have found it, whichever comes first. One
 * call at least is denied, however late it comes.
 */
#include "shim.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* By pid modulo SLOTS: one that is overwritten ends its window early. No locks: a signal handler
 * may wait for children too. */
#define SLOTS 1024

static struct exiting {
	atomic_int pid;
	atomic_int_fast64_t since;
	atomic_bool denied; /* once at least */
	atomic_bool over;   /* it was found: it stays found */
} exits[SLOTS];

static struct exiting *slot_of(pid_t pid)
{
	return &exits[(uint32_t)pid % SLOTS];
}

void exits_begin(pid_t pid)
{
	struct exiting *e = slot_of(pid);
	if (!quirk(EXIT_WINDOW) || atomic_load(&e->pid) == pid)
		return;
	atomic_store(&e->since, now());
	atomic_store(&e->denied, false);
	atomic_store(&e->over, false);
	atomic_store(&e->pid, pid);
}

/* What is left of its window, in nanoseconds. */
static int64_t window(pid_t pid)
{
	struct exiting *e = slot_of(pid);
	if (atomic_load(&e->pid) != pid || atomic_load(&e->over))
		return 0;
	int64_t left = atomic_load(&e->since) + quirk(EXIT_WINDOW) * INT64_C(1000000) - now();
	return left > 0 ? left : 0;
}

/* Whether a look may not find it. */
static bool deny(pid_t pid)
{
	struct exiting *e = slot_of(pid);
	if (atomic_load(&e->pid) != pid || atomic_load(&e->over))
		return false;
	if (!atomic_exchange(&e->denied, true) || window(pid) > 0)
		return true;
	atomic_store(&e->over, true);
	return false;
}

static void found(pid_t pid)
{
	exits_begin(pid);
	atomic_store(&slot_of(pid)->over, true);
}

static void forget(pid_t pid)
{
	if (atomic_load(&slot_of(pid)->pid) == pid)
		atomic_store(&slot_of(pid)->pid, 0);
}

static int system_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	return (int)syscall(SYS_waitid, type, id, info, options, NULL);
}

enum found { ANY, NONE, INTERRUPTED };

/* Looks for a child that has ended, before a call with `options` waits for it. Returns what that
 * call may find. One that blocks sleeps until the window is over. */
static enum found look_first(idtype_t type, id_t id, int options)
{
	siginfo_t info = { .si_pid = 0 };
	int look = WEXITED | WNOWAIT | (options & WNOHANG);
	if (system_waitid(type, id, &info, look) == -1)
		return errno == EINTR ? INTERRUPTED : ANY;
	if (!info.si_pid)
		return ANY;
	if (options & WNOHANG) {
		if (options & WNOWAIT && type == P_PID)
			exits_begin(info.si_pid);
		return deny(info.si_pid) ? NONE : ANY;
	}
	int64_t left = window(info.si_pid);
	nanosleep(&(struct timespec){ .tv_nsec = left }, NULL);
	found(info.si_pid);
	return ANY;
}

__attribute__((visibility("default")))
int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	siginfo_t own = { .si_pid = 0 };
	if (!info)
		info = &own;
	enum found may = ANY;
	if (quirk(EXIT_WINDOW) && options & WEXITED && type != P_PIDFD)
		may = look_first(type, id, options);
	if (may != ANY) {
		memset(info, 0, sizeof *info);
		return may == INTERRUPTED ? -1 : 0;
	}
	int result = system_waitid(type, id, info, options);
	if (result == 0 && !(options & WNOWAIT) && info->si_pid && info->si_code <= CLD_DUMPED)
		forget(info->si_pid);
	return result;
}

__attribute__((visibility("default")))
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
	if (quirk(EXIT_WINDOW) && !(options & ~(WNOHANG | __WALL))) {
		idtype_t type = pid > 0 ? P_PID : pid == -1 ? P_ALL : P_PGID;
		id_t id = pid == 0 ? (id_t)getpgrp() : pid > 0 ? (id_t)pid : (id_t)-pid;
		enum found may = look_first(type, id, options);
		if (may != ANY)
			return may == INTERRUPTED ? -1 : 0;
	}
	pid_t ended = (pid_t)syscall(SYS_wait4, pid, status, options, usage);
	if (ended > 0)
		forget(ended);
	return ended;
}

__attribute__((visibility("default")))
pid_t waitpid(pid_t pid, int *status, int options)
{
	return wait4(pid, status, options, NULL);
}
