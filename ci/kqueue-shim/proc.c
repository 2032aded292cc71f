/* EVFILT_PROC with NOTE_EXIT: "The process has exited. The exit status will be
 * stored in data." By pidfd; the other notes have no counterpart. */
#include "shim.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define NOTES (NOTE_EXIT | NOTE_EXITSTATUS)

/* Linux 6.15: the exit status of a process that was reaped. Older headers lack it. */
struct pidfd_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};
#define GET_INFO  _IOWR(0xff, 11, struct pidfd_info)
#define INFO_EXIT (1u << 3)

/* As wait(2) would give it, without reaping the process. */
static intptr_t exit_status(int pidfd)
{
	siginfo_t si = { .si_pid = 0 };
	if (waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid) {
		if (si.si_code == CLD_EXITED)
			return (si.si_status & 0xff) << 8;
		return si.si_status | (si.si_code == CLD_DUMPED ? 0x80 : 0);
	}
	struct pidfd_info info = { .mask = INFO_EXIT };
	if (ioctl(pidfd, GET_INFO, &info) == 0 && info.mask & INFO_EXIT)
		return info.exit_code;
	return 0;
}

static bool has_exited(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

static int attach(struct knote *kn)
{
	if (kn->fflags & ~NOTES)
		return EINVAL;
	if (kn->ident == 0 || kn->ident > INT32_MAX)
		return ESRCH;
	int fd = (int)syscall(SYS_pidfd_open, (pid_t)kn->ident, 0);
	if (fd < 0)
		return errno == EINVAL || errno == ENOENT ? ESRCH : errno;
	if (quirk(EXITED_IS_ABSENT) && has_exited(fd)) {
		exits_begin((pid_t)kn->ident);
		close(fd);
		return ESRCH;
	}
	int error = watch(kn->kq, READ_EP, fd, EPOLLIN | EPOLLET, knote_word(kn));
	if (error)
		close(fd);
	else
		kn->u.pidfd = fd;
	return error;
}

static void detach(struct knote *kn)
{
	epoll_ctl(kn->kq->ep[READ_EP], EPOLL_CTL_DEL, kn->u.pidfd, NULL);
	close(kn->u.pidfd);
}

static int touch(struct knote *kn, const struct kevent *c)
{
	if (!(c->flags & EV_ADD))
		return 0;
	if (c->fflags & ~NOTES)
		return EINVAL;
	kn->fflags = c->fflags;
	return 0;
}

static enum verdict eval(struct knote *kn, struct result *r)
{
	if (!(kn->fflags & NOTE_EXIT) || !has_exited(kn->u.pidfd))
		return IDLE;
	exits_begin((pid_t)kn->ident);
	/* There is no second exit: the event is the last one. */
	kn->flags |= EV_ONESHOT;
	r->flags = EV_EOF;
	r->fflags = kn->fflags;
	if (kn->fflags & NOTE_EXITSTATUS || !quirk(EXIT_DATA_ON_REQUEST))
		r->data = exit_status(kn->u.pidfd);
	return READY;
}

static void clear(struct knote *kn, const struct result *r)
{
	(void)kn;
	(void)r;
}

static void switched(struct knote *kn)
{
	(void)kn;
}

const struct filter proc_filter = { false, attach, detach, touch, eval, clear, switched };
