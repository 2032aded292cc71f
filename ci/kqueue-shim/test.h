/*
 * What the tests share. Quotes in the tests are from FreeBSD's kqueue(2); what
 * real systems are known to do beyond it is marked "seen".
 */
#ifndef TEST_H
#define TEST_H

#define _GNU_SOURCE
#include "kqueue_shim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern int failures_here;

#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what)) {                                                 \
			failures_here++;                                       \
			printf("  %s:%d: %s\n", __FILE__, __LINE__, #what);    \
		}                                                              \
	} while (0)

extern const struct timespec ZERO;
extern struct kevent got[64]; /* what poll_kq, wait_ms and only found */

void set(struct kevent *k, uintptr_t ident, int filter, int flags, uint32_t fflags,
                intptr_t data, long udata);
/* One change: 0 or the errno. */
int change(int kq, uintptr_t ident, int filter, int flags, uint32_t fflags, long udata);
int poll_kq(int kq);
int wait_ms(int kq, long ms);
/* Whether the shim is one of the systems named, between spaces. */
bool on(const char *names);
/* What changing a filter of a closed descriptor is. */
#define CLOSED (on("macos spiteful") ? ENOENT : EBADF)
/* One that every system has, where it does not matter which. */
#define SOME_FILTER (on("netbsd") ? EVFILT_TIMER : EVFILT_USER)
/* Exactly one event, and it is this one; beside spurious edges if the shim is spiteful. */
bool only(int kq, uintptr_t ident, int filter);
int64_t now_ms(void);
void put(int fd, const char *s);
int take(int fd);
void fill(int fd);
int listener(struct sockaddr_in *a);
void tcp_pair(int s[2]);
void unix_pair(int s[2]);
void nonblocking_pipe(int p[2]);
void close2(const int s[2]);
/* Resets the connection. */
void reset(int fd);
uint32_t random_below(uint32_t n);

#define TESTS(T) \
	T(queue_is_a_descriptor) T(bad_queue) T(bad_descriptor) T(bad_filter_and_time) \
	T(absent) T(level_read) T(clear_read) T(aggregates) T(level_and_clear_write) \
	T(read_and_write) T(oneshot) T(dispatch) T(disable) T(readd) T(receipts) \
	T(receipts_without_room) T(errors_in_changes) T(changes_first) T(no_room_returns) \
	T(timeouts) T(listening) T(connecting) T(eof) T(socket_errors) T(datagrams) \
	T(low_water) T(pipe_reader_eof) T(pipe_writer_eof) T(other_ends) T(terminals) T(files) \
	T(closing) T(user_events) T(wakes_other_threads) T(many_threads) T(rotation) \
	T(signals) T(blocked_signals) T(sigchld) T(handled_and_recorded) T(default_kills) T(interrupted) \
	T(from_a_handler) T(processes) T(forked) T(nested) T(nested_without_looking) T(in_circles) T(duplicates) T(urgent) \
	T(eventfds) T(model) T(no_leak) T(many) \
	T(triggers_and_clears) T(bare_receipts) T(events_repeat_their_making) T(which_changes_look) T(limited_user_events) T(timers) T(exit_windows) \
	T(spurious_edges) T(cross_edges) T(short_reports) T(empty_vectors) T(lingering) T(refused_peers) \
	T(full_datagram_queues) T(closed_datagram_peers)

#define DECLARE(test) void test(void);
TESTS(DECLARE)

#endif
