/* The filters of descriptors: READ, WRITE and EXCEPT. */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { SOCKET, PIPE, FILE_, OTHER };

static int ep_of(const struct knote *kn)
{
	return kn->filter == EVFILT_READ ? READ_EP : kn->filter == EVFILT_WRITE ? WRITE_EP : EXCEPT_EP;
}

/* EXCEPT is rare: its epoll is made when first wanted. */
static int open_except(struct kq *kq)
{
	if (kq->ep[EXCEPT_EP] != -1)
		return 0;
	int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd == -1)
		return errno;
	int error = watch(kq, READ_EP, fd, EPOLLIN, TAG_EXCEPT);
	if (error)
		close(fd);
	else
		kq->ep[EXCEPT_EP] = fd;
	return error;
}

static void add_file(struct knote *kn)
{
	struct knote *first = kn->kq->files;
	kn->u.fd.next_file = first;
	if (first)
		first->u.fd.prev_file = kn;
	kn->kq->files = kn;
}

static void remove_file(struct knote *kn)
{
	struct knote *next = kn->u.fd.next_file, *prev = kn->u.fd.prev_file;
	if (next)
		next->u.fd.prev_file = prev;
	*(prev ? &prev->u.fd.next_file : &kn->kq->files) = next;
}

static bool wants_oob(const struct knote *kn)
{
	return kn->filter == EVFILT_EXCEPT || kn->flags & EV_OOBAND;
}

static short poll_mask(const struct knote *kn)
{
	switch (kn->filter) {
	case EVFILT_READ:  return POLLIN | POLLRDHUP | (kn->flags & EV_OOBAND ? POLLPRI : 0);
	case EVFILT_WRITE: return POLLOUT | POLLRDHUP;
	default:           return POLLPRI;
	}
}

/* A disabled filter stays registered, which is how the descriptor is known again. */
static uint32_t interest(const struct knote *kn)
{
	if (kn->disabled)
		return EPOLLET;
	if (kn->filter == EVFILT_WRITE)
		return EPOLLET | EPOLLOUT;
	return EPOLLET | (uint32_t)poll_mask(kn);
}

static int attach(struct knote *kn)
{
	int fd = (int)kn->ident;
	struct stat st;
	if (fstat(fd, &st) == -1)
		return errno;
	kn->u.fd.dev = st.st_dev;
	kn->u.fd.ino = st.st_ino;
	kn->u.fd.access = fcntl(fd, F_GETFL) & O_ACCMODE;
	switch (st.st_mode & S_IFMT) {
	case S_IFSOCK:
		kn->u.fd.kind = SOCKET;
		kn->u.fd.tcp = socket_is_tcp(fd, &kn->u.fd.stream);
		break;
	case S_IFIFO:
		kn->u.fd.kind = PIPE;
		break;
	case S_IFREG: case S_IFDIR: case S_IFBLK:
		kn->u.fd.kind = FILE_;
		break;
	default:
		kn->u.fd.kind = OTHER;
	}
	if (kn->filter == EVFILT_EXCEPT && kn->fflags != NOTE_OOB)
		return EINVAL;
	if (wants_oob(kn) && kn->u.fd.kind != SOCKET)
		return EINVAL;
	if (kn->u.fd.kind == FILE_) {
		add_file(kn);
		return 0;
	}
	if (kn->u.fd.kind == OTHER && kn->filter != EVFILT_READ && is_kqueue(fd))
		return EINVAL;
	int error = kn->filter == EVFILT_EXCEPT ? open_except(kn->kq) : 0;
	if (!error)
		error = watch(kn->kq, ep_of(kn), fd, interest(kn), knote_word(kn));
	switch (error) {
	case EPERM:  return ENODEV; /* a device that cannot be polled, as /dev/null */
	case ELOOP:  return EINVAL; /* a kqueue that watches itself */
	case ENOSPC: return ENOMEM;
	default:     return error;
	}
}

static void detach(struct knote *kn)
{
	if (kn->u.fd.kind == FILE_)
		remove_file(kn);
	else if (fd_identity(kn) == SAME)
		epoll_ctl(kn->kq->ep[ep_of(kn)], EPOLL_CTL_DEL, (int)kn->ident, NULL);
}

static int touch(struct knote *kn, const struct kevent *c)
{
	if (!(c->flags & EV_ADD))
		return 0;
	if (kn->filter == EVFILT_EXCEPT && c->fflags != NOTE_OOB)
		return EINVAL;
	kn->fflags = c->fflags;
	kn->data = c->data;
	return 0;
}

/* Is the number still the descriptor that was registered? epoll knows: it takes
 * a pair of file and number once only. */
enum identity fd_identity(const struct knote *kn)
{
	int fd = (int)kn->ident;
	if (kn->u.fd.kind == FILE_) {
		struct stat st;
		if (fstat(fd, &st) == -1)
			return CLOSED;
		return st.st_dev == kn->u.fd.dev && st.st_ino == kn->u.fd.ino ? SAME : REPLACED;
	}
	int ep = kn->kq->ep[ep_of(kn)];
	struct epoll_event e = { .events = EPOLLET, .data.u64 = TAG_WAKE };
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == 0) {
		epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
		return REPLACED;
	}
	return errno == EEXIST ? SAME : errno == EBADF ? CLOSED : REPLACED;
}

/* "Returns when the file pointer is not at the end of file. data contains the
 * offset from current position to end of file, and may be negative." */
static enum verdict eval_file(const struct knote *kn, struct result *r)
{
	int fd = (int)kn->ident;
	struct stat st;
	if (kn->filter == EVFILT_WRITE) {
		r->progress = 0;
		return READY;
	}
	if (fstat(fd, &st) == -1)
		return GONE;
	off_t at = lseek(fd, 0, SEEK_CUR);
	r->data = st.st_size - (at == -1 ? 0 : at);
	r->progress = (uint64_t)r->data;
	return r->data ? READY : IDLE;
}

/* A socket that was never connected hangs up on Linux, but has no peer that could. */
static bool is_fresh(short revents)
{
	return revents & POLLHUP && !(revents & (POLLRDHUP | POLLERR));
}

static enum verdict eval_socket(const struct knote *kn, short revents, struct result *r)
{
	if (is_fresh(revents) && !(revents & (POLLIN | POLLPRI)))
		return IDLE;
	if (kn->filter == EVFILT_WRITE) {
		socket_write(kn, revents, r);
		return revents & (POLLOUT | POLLERR) || r->flags & EV_EOF ? READY : IDLE;
	}
	if (kn->filter == EVFILT_EXCEPT) {
		r->fflags = NOTE_OOB;
		return revents & POLLPRI ? READY : IDLE;
	}
	socket_read(kn, revents, r);
	if (kn->flags & EV_OOBAND && revents & POLLPRI)
		r->flags |= EV_OOBAND;
	if (r->flags & (EV_EOF | EV_OOBAND) || revents & POLLERR)
		return READY;
	if (kn->fflags & NOTE_LOWAT && r->data < kn->data)
		return IDLE;
	return revents & POLLIN ? READY : IDLE;
}

/* Linux's pipe has one direction: of the other filter only the end is told. */
static enum verdict eval_pipe(const struct knote *kn, short revents, struct result *r)
{
	int fd = (int)kn->ident;
	bool over = kn->u.fd.access == O_RDONLY ? revents & POLLHUP
	          : kn->u.fd.access == O_WRONLY ? revents & POLLERR : 0;
	if (over)
		r->flags |= EV_EOF;
	if (kn->filter == EVFILT_READ) {
		r->data = kn->u.fd.access == O_WRONLY ? 0 : readable_bytes(fd);
		return over || r->data ? READY : IDLE;
	}
	if (over)
		return READY;
	if (!(revents & POLLOUT))
		return IDLE;
	r->data = fcntl(fd, F_GETPIPE_SZ) - readable_bytes(fd);
	return READY;
}

static enum verdict eval_other(const struct knote *kn, short revents, struct result *r)
{
	short wanted = kn->filter == EVFILT_READ ? POLLIN : POLLOUT;
	if (revents & (POLLHUP | POLLERR))
		r->flags |= EV_EOF;
	if (kn->filter == EVFILT_READ)
		r->data = readable_bytes((int)kn->ident);
	if (!r->data && revents & wanted)
		r->data = 1; /* an amount that the device does not tell */
	return revents & wanted || r->flags & EV_EOF ? READY : IDLE;
}

static enum verdict eval(struct knote *kn, struct result *r)
{
	if (fd_identity(kn) != SAME)
		return GONE;
	if (kn->u.fd.kind == FILE_)
		return eval_file(kn, r);
	struct pollfd p = { .fd = (int)kn->ident, .events = poll_mask(kn) };
	if (poll(&p, 1, 0) < 1)
		return IDLE;
	switch (kn->u.fd.kind) {
	case SOCKET: return eval_socket(kn, p.revents, r);
	case PIPE:   return eval_pipe(kn, p.revents, r);
	default:     return eval_other(kn, p.revents, r);
	}
}

static void clear(struct knote *kn, const struct result *r)
{
	(void)kn;
	(void)r;
}

static void switched(struct knote *kn)
{
	struct epoll_event e = { .events = interest(kn), .data.u64 = knote_word(kn) };
	if (kn->u.fd.kind != FILE_)
		epoll_ctl(kn->kq->ep[ep_of(kn)], EPOLL_CTL_MOD, (int)kn->ident, &e);
}

const struct filter read_filter = { true, attach, detach, touch, eval, clear, switched };
const struct filter write_filter = { true, attach, detach, touch, eval, clear, switched };
const struct filter except_filter = { true, attach, detach, touch, eval, clear, switched };
