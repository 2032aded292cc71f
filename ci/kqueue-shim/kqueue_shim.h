/*
 * kqueue(2) for Linux: the calls, the structure and the constants.
 *
 * Meanings follow FreeBSD's kqueue(2); layout and numbers are those of macOS
 * (see README.md for what is supported and what differs).
 */
#ifndef KQUEUE_SHIM_H
#define KQUEUE_SHIM_H

#include <stdint.h>
#include <time.h>

struct kevent {
	uintptr_t ident;  /* what is watched: a descriptor, signal, pid, number */
	int16_t   filter; /* EVFILT_* */
	uint16_t  flags;  /* EV_* */
	uint32_t  fflags; /* NOTE_*, or the socket's error beside EV_EOF */
	intptr_t  data;   /* depends on the filter; errno beside EV_ERROR */
	void     *udata;  /* the caller's, passed through */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct kevent) == 32, "macOS layout");

/* Filters */
#define EVFILT_READ   (-1)
#define EVFILT_WRITE  (-2)
#define EVFILT_PROC   (-5)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER  (-7)
#define EVFILT_USER   (-10)
#define EVFILT_EXCEPT (-15)

/* Actions */
#define EV_ADD     0x0001
#define EV_DELETE  0x0002
#define EV_ENABLE  0x0004
#define EV_DISABLE 0x0008

/* Modes */
#define EV_ONESHOT  0x0010
#define EV_CLEAR    0x0020
#define EV_RECEIPT  0x0040
#define EV_DISPATCH 0x0080

/* Returned */
#define EV_OOBAND 0x2000 /* also asked for: urgent data counts as readable */
#define EV_ERROR  0x4000
#define EV_EOF    0x8000

/* EVFILT_USER */
#define NOTE_FFNOP      0x00000000u
#define NOTE_FFAND      0x40000000u
#define NOTE_FFOR       0x80000000u
#define NOTE_FFCOPY     0xc0000000u
#define NOTE_FFCTRLMASK 0xc0000000u
#define NOTE_FFLAGSMASK 0x00ffffffu
#define NOTE_TRIGGER    0x01000000u

/* EVFILT_READ, EVFILT_EXCEPT, EVFILT_PROC */
#define NOTE_LOWAT      0x00000001u
#define NOTE_OOB        0x00000002u
#define NOTE_EXIT       0x80000000u
#define NOTE_EXITSTATUS 0x04000000u

/* EVFILT_TIMER: milliseconds without one of them */
#define NOTE_SECONDS  0x00000001u
#define NOTE_USECONDS 0x00000002u
#define NOTE_NSECONDS 0x00000004u

#define EV_SET(kevp, a, b, c, d, e, f)                                         \
	(*(kevp) = (struct kevent){ .ident = (uintptr_t)(a), .filter = (b),    \
	                            .flags = (c), .fflags = (d),               \
	                            .data = (intptr_t)(e), .udata = (f) })

#ifdef __cplusplus
extern "C" {
#endif

int kqueue(void);
int kevent(int kq, const struct kevent *changelist, int nchanges,
           struct kevent *eventlist, int nevents,
           const struct timespec *timeout);

/* The system that is imitated, as MIO_ST_KQUEUE_PERSONALITY has named it. */
const char *kqueue_shim_personality(void);

#ifdef __cplusplus
}
#endif

#endif
