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

/* Is `fd` this kqueue? It is if it contains the second epoll: asked by repeating
 * what was asked of that. (To add it once more would tell too, but the kernel
 * goes through all knotes first.) */
bool is_same(const struct kq *kq, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = TAG_WRITE };
	return epoll_ctl(fd, EPOLL_CTL_MOD, kq->ep[WRITE_EP], &e) == 0;
}

static bool is_open(const struct kq *kq)
{
	for (int i = 0; i < NUMBERS; i++)
		if (is_same(kq, kq->numbers[i]))
			return true;
	return false;
}

static bool knows_number(const struct kq *kq, int fd)
{
	for (int i = 0; i < NUMBERS; i++)
		if (kq->numbers[i] == fd)
			return true;
	return false;
}

/* In place of a number that is closed, or else of any. */
static void add_number(struct kq *kq, int fd)
{
	int place = kq->next_number++ % NUMBERS;
	for (int i = 0; i < NUMBERS; i++)
		if (!is_same(kq, kq->numbers[i]))
			place = i;
	kq->numbers[place] = fd;
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
		if (knows_number(kq, fd) && is_same(kq, fd))
			return kq;
	/* A number we have not seen may be a duplicate's. */
	for (struct kq *kq = list; kq; kq = kq->next) {
		if (is_same(kq, fd)) {
			add_number(kq, fd);
			return kq;
		}
	}
	return NULL;
}

static struct kq *enter(int fd)
{
	pthread_mutex_lock(&list_lock);
	struct kq *kq = find(fd);
	if (kq && kq->pid == getpid()) {
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

/* How many filters are queued in a kqueue, and how often one became so; -1 if it is none. */
int64_t queued_in(int fd, uint64_t *wakes)
{
	struct kq *kq = enter(fd);
	if (!kq)
		return -1;
	collect(kq);
	int64_t queued = kq->ready;
	*wakes = kq->wakes;
	leave(kq);
	return queued;
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
		for (int i = 0; i < NUMBERS; i++)
			if (is_same(kq, kq->numbers[i]))
				close(kq->numbers[i]);
		for (int i = WRITE_EP; i < EPS; i++)
			if (kq->ep[i] != -1)
				close(kq->ep[i]);
	}
	list = NULL;
	user_events_forget();
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
		for (int i = 0; i < NUMBERS; i++)
			kq->numbers[i] = i ? -1 : kq->ep[READ_EP];
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
		kq->next = list;
		list = kq;
		number = kq->numbers[0];
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
		if (quirk(BARE_RECEIPTS)) {
			if (c.flags & EV_ADD)
				c.fflags = 0;
			c.flags = 0;
		}
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
