/* The filters of descriptors: READ, WRITE and EXCEPT. */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum kind { SOCKET, PIPE, FIFO, FILE_, OTHER, QUEUE, CIRCULAR };

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

static short poll_mask(const struct knote *kn)
{
	switch (kn->filter) {
	case EVFILT_READ:  return POLLIN | POLLRDHUP | (kn->flags & EV_OOBAND ? POLLPRI : 0);
	case EVFILT_WRITE: return POLLOUT | POLLRDHUP;
	default:           return POLLPRI | (quirk(EXCEPT_IS_READ) ? POLLIN | POLLRDHUP : 0);
	}
}

static bool is_always_writable(const struct knote *kn)
{
	return kn->filter == EVFILT_WRITE && kn->u.fd.unix_datagram && quirk(DATAGRAMS_ARE_WRITABLE);
}

/* A disabled filter stays registered, which is how the descriptor is known again. */
static uint32_t interest(const struct knote *kn)
{
	if (kn->disabled && quirk(LOOKS) != ADDING)
		return EPOLLET;
	if (is_always_writable(kn))
		return EPOLLET;
	if (kn->u.fd.kind == SOCKET && quirk(EDGES_CROSS))
		return EPOLLET | EPOLLOUT | (uint32_t)poll_mask(kn) | EPOLLIN | EPOLLRDHUP;
	if (kn->filter == EVFILT_WRITE)
		return EPOLLET | EPOLLOUT;
	return EPOLLET | (uint32_t)poll_mask(kn);
}

static bool is_named(int fifo)
{
	struct statfs fs;
	return fstatfs(fifo, &fs) == 0 && fs.f_type != PIPEFS_MAGIC;
}

static enum kind kind_of(int fd, mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFSOCK: return SOCKET;
	case S_IFIFO:  return is_named(fd) ? FIFO : PIPE;
	case S_IFREG: case S_IFDIR: case S_IFBLK:
		return FILE_;
	default:
		return is_kqueue(fd) ? QUEUE : OTHER;
	}
}

/* What the kind of descriptor makes of a filter: 0 or an errno; negative, see create(). */
static int is_fit(const struct knote *kn)
{
	bool needs_socket = kn->filter == EVFILT_EXCEPT || kn->flags & EV_OOBAND;
	if (kn->filter == EVFILT_EXCEPT && !(kn->fflags & NOTE_OOB))
		return EINVAL;
	if (needs_socket && kn->u.fd.kind != SOCKET)
		return EINVAL;
	if (kn->u.fd.kind == QUEUE && kn->filter != EVFILT_READ)
		return EINVAL;
	struct pollfd p = { .fd = (int)kn->ident, .events = POLLOUT };
	if (kn->u.fd.kind == PIPE && kn->filter == EVFILT_WRITE && kn->u.fd.access == O_WRONLY &&
	    poll(&p, 1, 0) == 1 && p.revents & POLLERR)
		return quirk(WRITER_ALONE);
	return 0;
}

/* Linux refuses circles of epolls. `how` is a row of personality.c. */
static int attach_circle(struct knote *kn, int how)
{
	if (how == ADD_EINVAL || how == ANY_EINVAL)
		return EINVAL;
	kn->u.fd.kind = CIRCULAR;
	kn->kq->lock_ups += how == LOCKS_UP;
	return 0;
}

static int attach_epoll(struct knote *kn)
{
	int fd = (int)kn->ident;
	if (kn->u.fd.kind == QUEUE && is_same(kn->kq, fd))
		return attach_circle(kn, quirk(WATCHES_ITSELF));
	int error = kn->filter == EVFILT_EXCEPT ? open_except(kn->kq) : 0;
	if (!error)
		error = watch(kn->kq, ep_of(kn), fd, interest(kn), knote_word(kn));
	switch (error) {
	case EPERM:  return ENODEV; /* a device that cannot be polled, as /dev/null */
	case ELOOP:  return attach_circle(kn, quirk(CIRCLE));
	case ENOSPC: return ENOMEM;
	default:     return error;
	}
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
	kn->u.fd.kind = kind_of(fd, st.st_mode);
	if (kn->u.fd.kind == SOCKET) {
		kn->u.fd.tcp = socket_is_tcp(fd, &kn->u.fd.stream);
		kn->u.fd.unix_datagram = is_unix_datagram(fd);
	}
	int fit = is_fit(kn);
	if (fit > 0)
		return fit;
	if (kn->u.fd.kind == FILE_) {
		add_file(kn);
		return 0;
	}
	int error = attach_epoll(kn);
	return error ? error : fit;
}

static void detach(struct knote *kn)
{
	if (kn->u.fd.kind == FILE_)
		remove_file(kn);
	else if (kn->u.fd.kind == CIRCULAR)
		kn->kq->lock_ups -= quirk(CIRCLE) == LOCKS_UP;
	else if (fd_identity(kn) == SAME)
		epoll_ctl(kn->kq->ep[ep_of(kn)], EPOLL_CTL_DEL, (int)kn->ident, NULL);
}

static int touch(struct knote *kn, const struct kevent *c)
{
	if (!(c->flags & EV_ADD) && quirk(TAKES_NOTES) != ANY_CHANGE)
		return 0;
	if (kn->filter == EVFILT_EXCEPT && c->flags & EV_ADD && !(c->fflags & NOTE_OOB))
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
	if (kn->u.fd.kind == CIRCULAR)
		return fcntl(fd, F_GETFD) == -1 ? CLOSED : is_kqueue(fd) ? SAME : REPLACED;
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

/* How much data fires READ. */
static intptr_t low_water(const struct knote *kn)
{
	int size = 0;
	socklen_t len = sizeof size;
	if (!quirk(LOW_WATER_BOUND) ||
	    getsockopt((int)kn->ident, SOL_SOCKET, SO_RCVBUF, &size, &len) == -1 || kn->data < size / 4)
		return kn->data;
	return size / 4;
}

static enum verdict eval_socket(struct knote *kn, short revents, struct result *r)
{
	if (is_fresh(revents) && !(revents & (POLLIN | POLLPRI)))
		return IDLE;
	if (kn->filter == EVFILT_WRITE) {
		socket_write(kn, revents, r);
		if (r->flags & EV_EOF || revents & POLLERR || is_always_writable(kn))
			return READY;
		if (kn->fflags & NOTE_LOWAT && r->data < kn->data)
			return IDLE;
		return revents & POLLOUT ? READY : IDLE;
	}
	if (kn->filter == EVFILT_EXCEPT && (revents & POLLPRI || !quirk(EXCEPT_IS_READ))) {
		r->fflags = NOTE_OOB;
		kn->u.fd.urgent = true;
		return revents & POLLPRI && kn->fflags & NOTE_OOB ? READY : IDLE;
	}
	socket_read(kn, revents, r);
	/* XNU: knote_fill_kevent clears the note under EV_CLEAR only */
	if (kn->filter == EVFILT_EXCEPT && kn->u.fd.urgent && !(kn->flags & EV_CLEAR) &&
	    !(r->flags & EV_EOF))
		r->fflags = NOTE_OOB;
	if (kn->flags & EV_OOBAND && revents & POLLPRI)
		r->flags |= EV_OOBAND;
	if (r->flags & (EV_EOF | EV_OOBAND) || revents & POLLERR)
		return READY;
	if (kn->fflags & NOTE_LOWAT && r->data < low_water(kn))
		return IDLE;
	return revents & POLLIN ? READY : IDLE;
}

/* Linux's pipe has one direction: of the other filter only the end is told. */
static enum verdict eval_pipe(struct knote *kn, short revents, struct result *r)
{
	int fd = (int)kn->ident;
	int other_end = kn->filter == EVFILT_READ ? O_WRONLY : O_RDONLY;
	bool over = kn->u.fd.access == O_RDONLY ? revents & POLLHUP
	          : kn->u.fd.access == O_WRONLY ? revents & POLLERR : 0;
	bool named = kn->u.fd.kind == FIFO;
	if (named && kn->u.fd.access == other_end && quirk(FIFO_END_IS_SILENT))
		return IDLE;
	if (over)
		r->flags |= EV_EOF;
	if (kn->filter == EVFILT_READ) {
		r->data = kn->u.fd.access == O_WRONLY ? 0 : readable_bytes(fd);
		return over || r->data ? READY : IDLE;
	}
	if (over && !named && quirk(READER_GONE_DELETES))
		kn->flags |= EV_ONESHOT;
	if (over)
		return READY;
	if (!(revents & POLLOUT))
		return IDLE;
	r->data = fcntl(fd, F_GETPIPE_SZ) - readable_bytes(fd);
	return READY;
}

static enum verdict eval_queue(const struct knote *kn, struct result *r)
{
	int64_t queued = queued_in((int)kn->ident, &r->progress);
	r->data = queued;
	return queued > 0 ? READY : IDLE;
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
	if (kn->u.fd.kind == CIRCULAR)
		return IDLE;
	if (kn->u.fd.kind == QUEUE && quirk(QUEUED_IS_READY))
		return eval_queue(kn, r);
	struct pollfd p = { .fd = (int)kn->ident, .events = poll_mask(kn) };
	if (poll(&p, 1, 0) < 1 && !is_always_writable(kn))
		return IDLE;
	switch (kn->u.fd.kind) {
	case SOCKET: return eval_socket(kn, p.revents, r);
	case PIPE: case FIFO:
		return eval_pipe(kn, p.revents, r);
	default:     return eval_other(kn, p.revents, r);
	}
}

/* Whether the kernel would not wake a knote although it is ready: WRITE of a full pipe, as its reader
 * goes. */
bool is_untold(const struct knote *kn)
{
	struct pollfd p = { .fd = (int)kn->ident, .events = POLLOUT };
	return kn->filter == EVFILT_WRITE && kn->u.fd.kind == PIPE && quirk(FULL_PIPE_IS_SILENT) &&
	       poll(&p, 1, 0) == 1 && p.revents & POLLERR && !(p.revents & POLLOUT);
}

/* Whether a knote's event comes again although nothing of its own direction has happened. */
bool is_repeated(const struct knote *kn)
{
	if (!kn->ops->is_fd || kn->u.fd.kind != SOCKET)
		return false;
	return quirk(EDGES_CROSS) || (kn->filter == EVFILT_READ && quirk(EDGE_AFTER_SHUTDOWN));
}

/* What moves when a descriptor is used, and no edge tells of it: a pipe's bytes, and what the peer
 * of a TCP connection has acknowledged. */
static uint64_t amount_of(const struct knote *kn)
{
	if (kn->u.fd.kind == PIPE)
		return (uint64_t)readable_bytes((int)kn->ident);
	return acknowledged((int)kn->ident);
}

static bool has_amount(const struct knote *kn)
{
	if (kn->u.fd.kind == PIPE)
		return quirk(kn->filter == EVFILT_READ ? EDGE_AFTER_READ : EDGE_AFTER_WRITE);
	return kn->u.fd.tcp && kn->filter == EVFILT_WRITE && quirk(EDGE_AFTER_ACK);
}

bool has_moved(struct knote *kn)
{
	if (!has_amount(kn))
		return false;
	uint64_t before = kn->u.fd.amount;
	kn->u.fd.amount = amount_of(kn);
	if (kn->u.fd.kind == PIPE && kn->filter == EVFILT_READ)
		return kn->u.fd.amount && kn->u.fd.amount < before;
	return kn->u.fd.amount > before && !is_untold(kn);
}

static void clear(struct knote *kn, const struct result *r)
{
	(void)r;
	if (has_amount(kn))
		kn->u.fd.amount = amount_of(kn);
}

static void switched(struct knote *kn)
{
	struct epoll_event e = { .events = interest(kn), .data.u64 = knote_word(kn) };
	if (kn->u.fd.kind == FILE_ || kn->u.fd.kind == CIRCULAR || quirk(LOOKS) == ADDING)
		return;
	epoll_ctl(kn->kq->ep[ep_of(kn)], EPOLL_CTL_MOD, (int)kn->ident, &e);
}

const struct filter read_filter = { true, attach, detach, touch, eval, clear, switched };
const struct filter write_filter = { true, attach, detach, touch, eval, clear, switched };
const struct filter except_filter = { true, attach, detach, touch, eval, clear, switched };
