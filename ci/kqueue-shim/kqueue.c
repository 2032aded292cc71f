/*
 * kqueue() and kevent(), and the list of all kqueues.
 *
 * A program closes a kqueue with close(2), of which we hear nothing. So the list
 * is looked through when a kqueue is made or not found, and what is closed by
 * then is taken down.
 */
#include "shim.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wake_fd = -1;
_Thread_local sigset_t caller_mask;

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER; /* taken with signals blocked */
static struct kq *list;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Signals wait while a lock is held, so that a handler may call kevent as well. */
static sigset_t block_signals(void)
{
	sigset_t all, mask;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	return mask;
}

static void unblock_signals(const sigset_t *mask)
{
	pthread_sigmask(SIG_SETMASK, mask, NULL);
}

/* Is `fd` an epoll with `inner` in it? */
static bool contains(int fd, int inner)
{
	struct epoll_event e = { .events = EPOLLET, .data.u64 = TAG_WAKE };
	if (epoll_ctl(fd, EPOLL_CTL_ADD, inner, &e) == 0) {
		epoll_ctl(fd, EPOLL_CTL_DEL, inner, NULL);
		return false;
	}
	return errno == EEXIST;
}

/* All kqueues contain `wake_fd`, and no two in the list have the same number. */
static bool is_open(const struct kq *kq)
{
	return contains(kq->number, wake_fd);
}

static void destroy(struct kq *kq)
{
	/* Its number is closed, or another's: nothing may be done through it. */
	kq->ep[READ_EP] = -1;
	for (uint32_t i = 0; i < kq->used; i++) {
		struct knote *kn = kq->slots[i];
		if (kn->kq && !kn->ops->is_fd)
			kn->ops->detach(kn);
	}
	for (int i = WRITE_EP; i < EPS; i++)
		if (kq->ep[i] != -1)
			close(kq->ep[i]);
	pthread_mutex_destroy(&kq->lock);
	table_free(kq);
	free(kq);
}

static void reap_closed(void)
{
	for (struct kq **at = &list; *at;) {
		struct kq *kq = *at;
		if (kq->refs || is_open(kq)) {
			at = &kq->next;
		} else {
			*at = kq->next;
			destroy(kq);
		}
	}
}

static struct kq *find(int fd)
{
	for (struct kq *kq = list; kq; kq = kq->next)
		if (kq->number == fd && is_open(kq))
			return kq;
	if (!contains(fd, wake_fd))
		return NULL;
	/* A kqueue by a number we have not seen: a duplicate. Which one is told by
	 * its second epoll; slow, the kernel goes through all of that one's knotes. */
	for (struct kq *kq = list; kq; kq = kq->next)
		if (contains(fd, kq->ep[WRITE_EP]))
			return kq;
	return NULL;
}

static struct kq *enter(int fd)
{
	pthread_mutex_lock(&list_lock);
	struct kq *kq = find(fd);
	if (kq && kq->pid == getpid()) {
		kq->number = fd;
		kq->refs++;
	} else {
		kq = NULL;
	}
	pthread_mutex_unlock(&list_lock);
	if (!kq)
		return NULL;
	pthread_mutex_lock(&kq->lock);
	kq->ep[READ_EP] = fd;
	return kq;
}

static void leave(struct kq *kq)
{
	arm(kq, kq->ready != 0);
	pthread_mutex_unlock(&kq->lock);
	pthread_mutex_lock(&list_lock);
	kq->refs--;
	pthread_mutex_unlock(&list_lock);
}

bool is_kqueue(int fd)
{
	pthread_mutex_lock(&list_lock);
	bool found = find(fd) != NULL;
	pthread_mutex_unlock(&list_lock);
	return found;
}

static sigset_t fork_mask;

static void before_fork(void)
{
	sigset_t mask = block_signals();
	pthread_mutex_lock(&list_lock);
	signals_lock();
	fork_mask = mask;
}

static void after_fork_parent(void)
{
	sigset_t mask = fork_mask;
	signals_unlock();
	pthread_mutex_unlock(&list_lock);
	unblock_signals(&mask);
}

/* "The queue is not inherited by a child created with fork(2)": the number is
 * free in the child. Memory is left alone, its locks may be held by threads that
 * are not here. */
static void after_fork_child(void)
{
	sigset_t mask = fork_mask;
	for (struct kq *kq = list; kq; kq = kq->next) {
		if (is_open(kq))
			close(kq->number);
		for (int i = WRITE_EP; i < EPS; i++)
			if (kq->ep[i] != -1)
				close(kq->ep[i]);
	}
	list = NULL;
	signals_give_back();
	signals_unlock();
	pthread_mutex_unlock(&list_lock);
	unblock_signals(&mask);
}

static void start(void)
{
	wake_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

static struct kq *create(void)
{
	struct kq *kq = calloc(1, sizeof *kq);
	if (!kq || table_init(kq) == -1) {
		free(kq);
		errno = ENOMEM;
		return NULL;
	}
	pthread_mutex_init(&kq->lock, NULL);
	kq->pid = getpid();
	kq->ep[READ_EP] = epoll_create1(EPOLL_CLOEXEC);
	kq->ep[WRITE_EP] = kq->ep[READ_EP] == -1 ? -1 : epoll_create1(EPOLL_CLOEXEC);
	kq->ep[EXCEPT_EP] = -1;
	int error = kq->ep[WRITE_EP] == -1 ? errno : 0;
	if (!error)
		error = watch(kq, READ_EP, wake_fd, 0, TAG_WAKE);
	if (!error)
		error = watch(kq, READ_EP, kq->ep[WRITE_EP], EPOLLIN, TAG_WRITE);
	if (!error) {
		kq->number = kq->ep[READ_EP];
		return kq;
	}
	if (kq->ep[READ_EP] != -1)
		close(kq->ep[READ_EP]);
	destroy(kq);
	errno = error;
	return NULL;
}

__attribute__((visibility("default")))
int kqueue(void)
{
	pthread_once(&once, start);
	if (wake_fd == -1) {
		errno = EMFILE;
		return -1;
	}
	sigset_t mask = block_signals();
	pthread_mutex_lock(&list_lock);
	reap_closed();
	struct kq *kq = create();
	int error = errno, number = -1;
	if (kq) {
		for (struct kq *other = list; other; other = other->next)
			if (other->number == kq->number)
				other->number = -1; /* closed while in use */
		kq->next = list;
		list = kq;
		number = kq->number;
	}
	pthread_mutex_unlock(&list_lock);
	unblock_signals(&mask);
	errno = error;
	return number;
}

/* Applies the changes in order. `*receipts` is how many were answered in
 * `events`. Returns 0, or the errno of a change that there was no room for. */
static int apply(struct kq *kq, const struct kevent *changes, int nchanges,
                 struct kevent *events, int nevents, int *receipts)
{
	for (int i = 0; i < nchanges; i++) {
		struct kevent c = changes[i]; /* "The same array may be used" for both */
		bool receipt = c.flags & EV_RECEIPT;
		int error = change_apply(kq, &c);
		if (!error && !receipt)
			continue;
		if (*receipts == nevents)
			return error; /* "subsequent changes will not get processed" */
		c.flags |= EV_ERROR;
		c.data = error;
		events[(*receipts)++] = c;
	}
	return 0;
}

__attribute__((visibility("default")))
int kevent(int fd, const struct kevent *changes, int nchanges,
           struct kevent *events, int nevents, const struct timespec *timeout)
{
	if (nchanges < 0 || nevents < 0) {
		errno = EINVAL;
		return -1;
	}
	if ((nchanges && !changes) || (nevents && !events)) {
		errno = EFAULT;
		return -1;
	}
	int saved = errno;
	sigset_t mask = block_signals();
	struct kq *kq = enter(fd);
	if (!kq) {
		unblock_signals(&mask);
		errno = EBADF;
		return -1;
	}
	caller_mask = mask;
	int n = 0;
	int error = apply(kq, changes, nchanges, events, nevents, &n);
	if (error)
		n = -1;
	else if (n == 0 && nevents > 0 && (n = wait_events(kq, events, nevents, timeout, &mask)) == -1)
		error = errno;
	leave(kq);
	unblock_signals(&mask);
	errno = error ? error : saved;
	return n;
}
