/*
 * In what the systems differ: a row for each difference, a column for each personality. The
 * environment variable MIO_ST_KQUEUE_PERSONALITY names the column, `freebsd` if it is not set; see
 * README.md.
 *
 * Each row cites the functions of the systems' published sources that it is about: FreeBSD 13,
 * NetBSD 7.99 (which has no EVFILT_USER), OpenBSD 7.8, XNU 10002 (macOS 14). `lenient` is the
 * manual's reading that is kindest to a program; `spiteful` is no system, but what kqueue(2)
 * permits at worst.
 */
#include "shim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENIENT, FREEBSD, NETBSD, OPENBSD, MACOS, SPITEFUL, COLUMNS };

static const char *const names[COLUMNS] = { "lenient", "freebsd", "netbsd", "openbsd", "macos",
	                                    "spiteful" };

/* Of NOTE_EXIT, in milliseconds: how long the status is not to be had after the event. */
#define WINDOW 4

static const struct {
	const char *what;
	int of[COLUMNS];
} quirks[QUIRKS] = {
/*                    lenient    freebsd    netbsd     openbsd    macos      spiteful */

/* What there is. FreeBSD and NetBSD: kern_event.c, the tables of system filters. */
[HAS_USER] = { "EVFILT_USER",
                    { 1,         1,         0,         1,         1,         1 } },
/* OpenBSD 7.8: kq_usereventsmax. */
[USER_EVENTS] = { "the most user filters and timers of a process, more are ENOMEM (0: no limit)",
                    { 0,         0,         0,         1024,      0,         1024 } },
[HAS_EXCEPT] = { "EVFILT_EXCEPT",
                    { 1,         0,         0,         1,         1,         1 } },

/* XNU: uipc_socket.c, soexcept_filtops and filt_soread_common. OpenBSD: filt_soexcept. */
[EXCEPT_IS_READ] = { "EVFILT_EXCEPT is EVFILT_READ that tells of urgent data, too",
                    { 0,         0,         0,         0,         1,         1 } },
/* XNU: filt_soread_common, by the receive buffer's sb_hiwat. Here a share of SO_RCVBUF, which Linux
 * never fills with data alone. */
[LOW_WATER_BOUND] = { "NOTE_LOWAT is cut to the size of the receive buffer",
                    { 0,         0,         0,         0,         1,         1 } },

/* Changes: kern_event.c, kqueue_register; XNU: kevent_register and knote_apply_touch. */
[ADD_ENABLES] = { "EV_ADD enables a filter that was disabled, as the manual says",
                    { 1,         0,         0,         0,         0,         0 } },
/* XNU: kevent_register looks for the filter first, and for the descriptor only to add one. */
[CLOSED_IS_ABSENT] = { "to change a filter of a closed descriptor is ENOENT; only to add one is EBADF",
                    { 0,         0,         0,         0,         1,         1 } },
[LOOKS] = { "which changes of a filter look whether it is ready",
                    { ANY_CHANGE, ANY_CHANGE, ADDING,  ENABLING,  ANY_CHANGE, ANY_CHANGE } },
[TAKES_UDATA] = { "which changes replace udata; those of EVFILT_USER do wherever it is",
                    { ANY_CHANGE, ANY_CHANGE, ADDING,  ADDING,    ANY_CHANGE, ANY_CHANGE } },
[TAKES_NOTES] = { "which changes replace fflags and data of a descriptor's filter",
                    { ADDING,    ANY_CHANGE, ADDING,   ADDING,    ANY_CHANGE, ANY_CHANGE } },
/* filt_userattach: FreeBSD clears what it then looks for. */
[ADD_TRIGGERS] = { "NOTE_TRIGGER in the EV_ADD that makes the filter",
                    { 1,         0,         0,         1,         1,         0 } },
/* filt_usertouch, filt_usermodify. */
[TRIGGER_CLEARS] = { "EV_CLEAR beside NOTE_TRIGGER takes the trigger back",
                    { 0,         1,         0,         1,         0,         1 } },
/* kern_kevent, kevent1, sys_kevent: flags are EV_ERROR, and what makes a filter loses fflags. */
[BARE_RECEIPTS] = { "a receipt repeats neither flags nor fflags",
                    { 0,         1,         1,         1,         0,         1 } },
/* kqueue_register: what makes a filter is kept as it came; only FreeBSD takes EV_ADD out of it. */
[EVENTS_HAVE_ADD] = { "events repeat the EV_ADD that made the filter",
                    { 0,         0,         1,         1,         1,         1 } },
/* itimerfix, inittimeleft: in seconds, 0 for any. */
[LONGEST_WAIT] = { "a longer timeout is EINVAL",
                    { 0,         0,         100000000, 0,         100000000, 100000000 } },
/* filt_timerattach, filt_timervalidate. */
[TIMER_UNITS] = { "EVFILT_TIMER has other units than milliseconds",
                    { 1,         1,         0,         1,         1,         0 } },
[TIMER_RESTARTS] = { "adding a timer again restarts it",
                    { 1,         1,         0,         1,         1,         0 } },

/* Pipes, but not fifos: sys_pipe.c, pipe_kqfilter; XNU since 7195 (macOS 11) adds it. Negative: the
 * filter is there nonetheless, as on old macOS. */
[WRITER_ALONE] = { "adding WRITE to a pipe without a reader is an error",
                    { 0,         EPIPE,     EBADF,     0,         0,         -EPIPE } },
/* FreeBSD: pipeclose, which empties the list of filters by knlist_clear. */
[READER_GONE_DELETES] = { "WRITE ends with the event that says that the reader has gone",
                    { 0,         1,         0,         0,         0,         1 } },
/* FreeBSD, NetBSD: pipeclose; OpenBSD: pipe_destroy: the filters are asked before the flag is set.
 * FreeBSD's knlist_cleardel then ends those that are on no queue without a word. */
[FULL_PIPE_IS_SILENT] = { "WRITE of a full pipe is not told that the reader has gone",
                    { 0,         1,         1,         1,         0,         1 } },
/* FreeBSD: pipe_kqfilter, filt_pipenotsup. Both ends of pipe(2) are for reading and writing. */
[FIFO_END_IS_SILENT] = { "READ of a fifo's writing end and WRITE of its reading end report nothing",
                    { 0,         1,         0,         0,         0,         1 } },

/* Spurious edges. pipe_read, pipe_write: both wake what watches either end. */
[EDGE_AFTER_READ] = { "READ of a pipe again after a read that has left something",
                    { 0,         1,         1,         1,         1,         1 } },
[EDGE_AFTER_WRITE] = { "WRITE of a pipe again after each write",
                    { 0,         1,         1,         1,         1,         1 } },
/* tcp_input.c: sowwakeup for each acknowledgement. */
[EDGE_AFTER_ACK] = { "WRITE of TCP again after the peer's acknowledgement",
                    { 0,         1,         1,         1,         1,         1 } },
/* uipc_socket2.c: soisdisconnecting and soisdisconnected wake both directions. */
[EDGE_AFTER_SHUTDOWN] = { "READ of a socket again after the own shutdown",
                    { 0,         1,         1,         1,         1,         1 } },
[EDGES_CROSS] = { "what happens to one direction of a socket wakes the other too",
                    { 0,         0,         0,         0,         0,         1 } },
[REPORTS_ARE_SHORT] = { "a call returns fewer events than are ready, and never both of a socket's",
                    { 0,         0,         0,         0,         0,         1 } },

/* Queues in queues: kqueue_register; XNU: kqueue_kqfilter. */
[WATCHES_ITSELF] = { "a queue in itself",
                    { ADD_EINVAL, ANY_EINVAL, LOCKS_UP, ACCEPTED, ADD_EINVAL, ANY_EINVAL } },
[CIRCLE] = { "queues in a circle",
                    { ADD_EINVAL, ACCEPTED, LOCKS_UP,  ACCEPTED,  ADD_EINVAL, ADD_EINVAL } },
/* filt_kqueue: no filter is looked at, and what is queued already wakes nobody. */
[QUEUED_IS_READY] = { "a queue is ready while filters are queued in it, ready or not",
                    { 0,         1,         1,         1,         1,         1 } },

/* Processes: filt_procattach; XNU: proc_find. */
[EXITED_IS_ABSENT] = { "EVFILT_PROC of a process that has exited is ESRCH",
                    { 0,         0,         1,         1,         1,         1 } },
/* OpenBSD: kern_exit.c, exit1; XNU: proc_exit: NOTE_EXIT comes before the process is a zombie. */
[EXIT_WINDOW] = { "milliseconds from then on in which there is no status to wait for",
                    { 0,         0,         0,         WINDOW,    WINDOW,    WINDOW } },
/* XNU: filt_procevent. */
[EXIT_DATA_ON_REQUEST] = { "data tells the status only if NOTE_EXITSTATUS was asked for",
                    { 0,         0,         0,         0,         1,         1 } },

/* Other calls. NetBSD: dofilereadv; XNU: readv_nocancel; XNU: sendmsg_nocancel. */
[EMPTY_VECTOR] = { "readv and writev of no buffer",
                    { 0,         0,         EINVAL,    0,         EINVAL,    EINVAL } },
[EMPTY_MESSAGE] = { "sendmsg and recvmsg of no buffer",
                    { 0,         0,         0,         0,         EMSGSIZE,  EMSGSIZE } },
/* sosetopt, sosetopt1; XNU keeps a short of hundredths. */
[LONGEST_LINGER] = { "the most seconds of SO_LINGER",
                    { INT32_MAX, 65535,     65535,     32767,     327,       327 } },
[LONGER_LINGER] = { "SO_LINGER above them (0: another value is kept)",
                    { 0,         EDOM,      EDOM,      EINVAL,    0,         EDOM } },
/* NetBSD: tcp_peeraddr; XNU: getpeername. */
[PEER_OF_REFUSED] = { "getpeername of a socket whose connection has ended",
                    { ENOTCONN,  ENOTCONN,  EINVAL,    ENOTCONN,  EINVAL,    EINVAL } },
/* uipc_usrreq.c: uipc_send, unp_output; unp_drop. */
[FULL_DATAGRAM_QUEUE] = { "sending to a Unix datagram socket whose queue is full",
                    { EAGAIN,    ENOBUFS,   ENOBUFS,   ENOBUFS,   ENOBUFS,   ENOBUFS } },
[CLOSED_DATAGRAM_PEER] = { "sending to a connected Unix datagram socket that was closed",
                    { ECONNREFUSED, ECONNRESET, ECONNRESET, ECONNRESET, ECONNRESET, ECONNRESET } },
/* filt_sowrite: it looks at the socket's own buffer, which is empty, and nothing wakes it. */
[DATAGRAMS_ARE_WRITABLE] = { "WRITE of a Unix datagram socket is ready whatever the peer's queue",
                    { 0,         1,         1,         1,         1,         1 } },
};

static atomic_int chosen = -1;

__attribute__((constructor))
static void choose(void)
{
	const char *name = getenv("MIO_ST_KQUEUE_PERSONALITY");
	int column = FREEBSD;
	if (name && *name)
		for (column = 0; column < COLUMNS && strcmp(name, names[column]) != 0;)
			column++;
	if (column == COLUMNS) {
		fprintf(stderr, "MIO_ST_KQUEUE_PERSONALITY: there is no '%s', but", name);
		for (column = 0; column < COLUMNS; column++)
			fprintf(stderr, " %s", names[column]);
		fputc('\n', stderr);
		abort();
	}
	for (int row = 0; row < QUIRKS; row++)
		if (!quirks[row].what)
			abort();
	atomic_store(&chosen, column);
}

static int column(void)
{
	if (atomic_load(&chosen) == -1)
		choose(); /* another constructor was first */
	return atomic_load(&chosen);
}

int quirk(enum quirk row)
{
	return quirks[row].of[column()];
}

__attribute__((visibility("default")))
const char *kqueue_shim_personality(void)
{
	return names[column()];
}
