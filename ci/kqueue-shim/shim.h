/*
 * How the pieces fit.
 *
 *   kqueue.c  the two calls, the list of kqueues, fork
 *   change.c  one change of a change list
 *   wait.c    collecting, reporting, sleeping
 *   table.c   knotes: by (ident, filter), by number, and the ready queue
 *   fd.c      READ, WRITE, EXCEPT
 *   socket.c  what a socket can tell about itself
 *   user.c    USER      proc.c  PROC      signal.c  SIGNAL    timer.c  TIMER
 *   exits.c   the calls that wait for children
 *   posix.c   other calls that systems answer in different ways
 *   personality.c  in what the systems differ
 *
 * The design is BSD's. A knote is one (ident, filter). The kernel's edges
 * (EPOLLET, one epoll registration per knote) only put a knote on the kqueue's
 * ready queue; the filter's `eval` is run when the knote is taken off, and
 * alone decides whether there is an event. A level knote goes back to the tail
 * of the queue, an EV_CLEAR one waits for the next edge.
 *
 * The kqueue descriptor is an epoll. READ is registered there; WRITE and EXCEPT
 * in an epoll of their own inside it, because an epoll that holds two interests
 * of one descriptor reports both when either happens.
 */
#ifndef SHIM_H
#define SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "kqueue_shim.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/types.h>

#define INTERNAL __attribute__((visibility("hidden")))

struct kq;
struct knote;

/* The rows of personality.c, which tells what each means. */
enum quirk {
	HAS_USER, USER_EVENTS, HAS_EXCEPT, EXCEPT_IS_READ, LOW_WATER_BOUND, ADD_ENABLES, CLOSED_IS_ABSENT, LOOKS, TAKES_UDATA, TAKES_NOTES, ADD_TRIGGERS,
	TRIGGER_CLEARS, BARE_RECEIPTS, EVENTS_HAVE_ADD, LONGEST_WAIT, TIMER_UNITS, TIMER_RESTARTS,
	WRITER_ALONE, READER_GONE_DELETES, FULL_PIPE_IS_SILENT, FIFO_END_IS_SILENT, EDGE_AFTER_READ, EDGE_AFTER_WRITE, EDGE_AFTER_ACK,
	EDGE_AFTER_SHUTDOWN, EDGES_CROSS, REPORTS_ARE_SHORT, WATCHES_ITSELF, CIRCLE, QUEUED_IS_READY,
	EXITED_IS_ABSENT, EXIT_WINDOW, EXIT_DATA_ON_REQUEST, EMPTY_VECTOR, EMPTY_MESSAGE,
	LONGEST_LINGER, LONGER_LINGER, PEER_OF_REFUSED, FULL_DATAGRAM_QUEUE, CLOSED_DATAGRAM_PEER,
	DATAGRAMS_ARE_WRITABLE, QUIRKS
};

/* Which changes: EV_ADD; that and EV_ENABLE of what is disabled; any. */
enum { ADDING, ENABLING, ANY_CHANGE };

/* Watching oneself: EINVAL to EV_ADD; to every change; accepted without a sign of life; accepted,
 * and the next event is the last. */
enum { ADD_EINVAL, ANY_EINVAL, ACCEPTED, LOCKS_UP };

enum verdict { IDLE, READY, GONE };

/* What `eval` found. */
struct result {
	uint16_t flags;
	uint32_t fflags;
	intptr_t data;
	uint64_t progress; /* changes whenever there was new activity, or UNKNOWN */
};

#define UNKNOWN UINT64_MAX

struct filter {
	bool is_fd;
	/* Each returns 0 or an errno. `touch` applies a change to an existing knote. */
	int (*attach)(struct knote *kn);
	void (*detach)(struct knote *kn);
	int (*touch)(struct knote *kn, const struct kevent *change);
	enum verdict (*eval)(struct knote *kn, struct result *r);
	/* "After the event is retrieved by the user, its state is reset." */
	void (*clear)(struct knote *kn, const struct result *r);
	/* `disabled` has changed. */
	void (*switched)(struct knote *kn);
};

struct knote {
	struct kq *kq;
	const struct filter *ops;
	uintptr_t ident;
	int16_t filter;
	uint16_t flags;  /* the modes, kept from the first EV_ADD */
	uint32_t fflags; /* asked for */
	intptr_t data;   /* asked for */
	void *udata;

	bool disabled;
	bool active;   /* ready while disabled */
	bool queued;
	bool by_edge;  /* queued by the kernel, not by a change */
	bool reported; /* `last` is valid */
	struct result last;

	union {
		struct {
			uint8_t kind;   /* fd.c */
			bool tcp, stream, unix_datagram;
			bool urgent;    /* EXCEPT has told of urgent data */
			uint64_t amount; /* what moves when it is read or written */
			int access;     /* O_ACCMODE */
			dev_t dev;
			ino_t ino;
			struct knote *next_file, *prev_file;
		} fd;
		bool triggered;         /* USER */
		int pidfd;              /* PROC */
		struct {
			int fd;
			intptr_t count;
		} timer;
		uint64_t seen;          /* SIGNAL: how many were reported */
	} u;

	struct knote *hash_next;
	struct knote *next, *prev; /* ready queue */
	uint32_t index, generation;
};

enum { READ_EP, WRITE_EP, EXCEPT_EP, EPS };

/* How many duplicates of a kqueue's descriptor are remembered. */
#define NUMBERS 8

struct kq {
	struct kq *next;
	pthread_mutex_t lock;
	int numbers[NUMBERS]; /* its descriptors, as far as known; guarded by the list's lock */
	unsigned next_number;
	int refs;      /* calls inside; likewise */
	pid_t pid;
	int ep[EPS];   /* ep[READ_EP] is the kqueue's descriptor, as last used */
	bool armed;    /* the descriptor is kept readable: the ready queue is not empty */

	struct knote **slots; /* by index */
	uint32_t used, room, free_slot;
	struct knote **buckets;
	uint32_t bucket_mask;
	uint32_t knotes;
	struct knote *head, *tail; /* ready queue */
	uint32_t ready;
	uint64_t wakes, told; /* how often a knote became queued, and how often the descriptor tells */
	uint32_t lock_ups;    /* filters that watch itself, where the next event is the last */
	uint32_t cursor;      /* look_at_amounts */
	struct knote *files; /* regular files and directories: epoll refuses them */
};

/* Data words of the registrations that are no knote's. Indices stay below. */
#define TAG_WAKE   0xffffffffffffff00u
#define TAG_WRITE  0xffffffffffffff01u
#define TAG_EXCEPT 0xffffffffffffff02u

/* personality.c */
INTERNAL int quirk(enum quirk row);

/* table.c */
INTERNAL int table_init(struct kq *kq);
INTERNAL void table_free(struct kq *kq);
INTERNAL struct knote *table_find(struct kq *kq, uintptr_t ident, int16_t filter);
INTERNAL struct knote *table_add(struct kq *kq, uintptr_t ident, int16_t filter);
INTERNAL void table_remove(struct knote *kn);
INTERNAL uint64_t knote_word(const struct knote *kn);
INTERNAL struct knote *knote_of(struct kq *kq, uint64_t word);
INTERNAL void ready_push(struct knote *kn); /* back, or for the first time */
INTERNAL void activate(struct knote *kn);
INTERNAL void ready_drop(struct knote *kn);

/* change.c */
INTERNAL int change_apply(struct kq *kq, const struct kevent *change);
INTERNAL void knote_drop(struct knote *kn);
INTERNAL void knote_disable(struct knote *kn, bool disabled);

/* wait.c */
INTERNAL int wait_events(struct kq *kq, struct kevent *events, int room,
                         const struct timespec *timeout, const sigset_t *mask);
INTERNAL int watch(struct kq *kq, int ep, int fd, uint32_t events, uint64_t word);
INTERNAL void arm(struct kq *kq, bool on);
INTERNAL void collect(struct kq *kq);
INTERNAL int64_t now(void);

/* kqueue.c */
INTERNAL extern _Thread_local sigset_t caller_mask;
INTERNAL extern int wake_fd; /* an eventfd that is always readable */
INTERNAL bool is_kqueue(int fd);
INTERNAL bool is_same(const struct kq *kq, int fd);
INTERNAL int64_t queued_in(int fd, uint64_t *wakes);

/* user.c: counts what USER_EVENTS limits. */
INTERNAL int user_event_begin(void);
INTERNAL void user_event_end(void);
INTERNAL void user_events_forget(void);

/* exits.c, posix.c */
INTERNAL void exits_begin(pid_t pid);
INTERNAL bool is_unix_datagram(int fd);

/* fd.c, socket.c */
enum identity { SAME, REPLACED, CLOSED };
INTERNAL bool is_untold(const struct knote *kn);
INTERNAL bool is_repeated(const struct knote *kn);
INTERNAL bool has_moved(struct knote *kn);
INTERNAL uint64_t acknowledged(int fd);
INTERNAL enum identity fd_identity(const struct knote *kn);
INTERNAL bool socket_is_tcp(int fd, bool *stream);
INTERNAL void socket_read(const struct knote *kn, short revents, struct result *r);
INTERNAL void socket_write(const struct knote *kn, short revents, struct result *r);
INTERNAL intptr_t readable_bytes(int fd);

/* signal.c */
INTERNAL extern _Thread_local unsigned ignored_signals;
INTERNAL void signals_lock(void);
INTERNAL void signals_unlock(void);
INTERNAL void signals_give_back(void);

INTERNAL extern const struct filter read_filter, write_filter, except_filter,
	user_filter, proc_filter, signal_filter, timer_filter;

#endif
