/* USER, SIGNAL and PROC; other threads and signal handlers. */
#include "test.h"

/* "EVFILT_USER ... a user event identified by ident"; "NOTE_TRIGGER Cause the event
 * to be triggered"; FFAND, FFOR, FFCOPY; "fflags contains the users defined flags in
 * the lower 24 bits". */
void user_events(void)
{
	int kq = kqueue();
	if (on("netbsd")) {
		CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0xf0, 9) == EINVAL);
		close(kq);
		return;
	}
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0xf0, 9) == 0);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFNOP | 0xff, 9) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0xf0 && got[0].udata == (void *)9);
	CHECK(poll_kq(kq) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFOR | 0x0f, 9) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 9) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0xff && poll_kq(kq) == 0);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFAND | 0x3c, 9) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0x3c);
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER | NOTE_FFCOPY | 0x123456, 0) == 0);
	CHECK(only(kq, 1, EVFILT_USER) && got[0].fflags == 0x123456);
	CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(poll_kq(kq) == 0); /* was reset, and is not triggered by being added again */
	CHECK(change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0) == 0);
	CHECK(only(kq, 1, EVFILT_USER));
	CHECK(got[0].udata == NULL); /* seen: a trigger carries its udata */
	/* without EV_CLEAR it stays triggered */
	CHECK(change(kq, 2, EVFILT_USER, EV_ADD, 0, 0) == 0);
	CHECK(change(kq, 2, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0) == 0);
	CHECK(only(kq, 2, EVFILT_USER) && only(kq, 2, EVFILT_USER));
	/* the idents of one filter are not those of another */
	CHECK(change(kq, (uintptr_t)kq, EVFILT_USER, EV_ADD | EV_CLEAR, NOTE_TRIGGER, 0) == 0);
	CHECK(poll_kq(kq) == (on("freebsd spiteful") ? 1 : 2)); /* there that does not trigger */
	close(kq);
}

/* The thread that will wait. */
static pid_t waiter;

/* See proc(5). Time says little on a busy machine. */
static void until_it_sleeps(void)
{
	char path[64], line[512] = "", *end;
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)waiter);
	do {
		usleep(200);
		FILE *stat = fopen(path, "r");
		CHECK(stat && fgets(line, sizeof line, stat));
		fclose(stat);
		end = strrchr(line, ')');
	} while (!end || end[2] != 'S');
}

struct later {
	int kq, fd;
	uintptr_t ident;
};

static void *trigger_later(void *p)
{
	struct later *l = p;
	until_it_sleeps();
	if (l->fd >= 0)
		put(l->fd, "x");
	else
		CHECK(change(l->kq, l->ident, EVFILT_USER, 0, NOTE_TRIGGER, 3) == 0);
	return NULL;
}

/* A thread in kevent is woken by what another one triggers, adds or writes.
 * "If timeout is a NULL pointer, kevent() waits indefinitely." */
void wakes_other_threads(void)
{
	waiter = gettid();
	int kq = kqueue(), p[2];
	pthread_t t;
	nonblocking_pipe(p);
	if (!on("netbsd"))
		CHECK(change(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	CHECK(change(kq, (uintptr_t)p[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0) == 0);
	for (int i = on("netbsd"); i < 2; i++) {
		struct later l = { kq, i ? p[1] : -1, 1 };
		pthread_create(&t, NULL, trigger_later, &l);
		struct timespec huge = { 100000000, 0 };
		CHECK(kevent(kq, NULL, 0, got, 4, i ? &huge : NULL) == 1);
		CHECK(got[0].filter == (i ? EVFILT_READ : EVFILT_USER));
		pthread_join(t, NULL);
		CHECK(poll_kq(kq) == 0);
	}
	close2(p);
	close(kq);
}

static void *ping(void *p)
{
	struct later *l = p;
	for (int i = 0; i < 2000; i++)
		if (change(l->kq, l->ident, EVFILT_USER, 0, NOTE_TRIGGER, 0))
			CHECK(!"trigger");
	return NULL;
}

/* Threads that trigger and one that waits: no wake-up is lost. */
void many_threads(void)
{
	int kq = kqueue();
	pthread_t t[4];
	struct later l[4];
	int64_t start = now_ms();
	if (on("netbsd")) {
		close(kq);
		return;
	}
	for (uintptr_t i = 0; i < 4; i++)
		CHECK(change(kq, i, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	for (int i = 0; i < 4; i++) {
		l[i] = (struct later){ kq, -1, (uintptr_t)i };
		pthread_create(&t[i], NULL, ping, &l[i]);
	}
	/* each thread's last trigger must come through, after its others or merged */
	for (int quiet = 0; quiet < 1;)
		quiet += wait_ms(kq, 200) == 0;
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	CHECK(wait_ms(kq, 0) == 0 && now_ms() - start < 20000);
	close(kq);
}

static volatile int handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

/* "records all attempts to deliver a signal to a process, even if the signal has
 * been marked as SIG_IGN"; "data returns the number of times the signal has occurred
 * since the last call to kevent()"; "automatically sets the EV_CLEAR flag". */
void signals(void)
{
	int kq = kqueue(), second = kqueue();
	CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	CHECK(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 5) == 0);
	CHECK(poll_kq(kq) == 0);
	for (int i = 0; i < 3; i++)
		kill(getpid(), SIGUSR1);
	CHECK(only(kq, SIGUSR1, EVFILT_SIGNAL) && got[0].data == 3 && got[0].udata == (void *)5);
	CHECK(got[0].flags & EV_CLEAR && poll_kq(kq) == 0);

	/* "coexists with the signal() and sigaction() facilities" */
	struct sigaction a = { .sa_handler = on_signal }, old;
	handled = 0;
	CHECK(sigaction(SIGUSR1, &a, &old) == 0 && old.sa_handler == SIG_IGN);
	CHECK(change(second, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	raise(SIGUSR1);
	CHECK(handled == 1);
	CHECK(only(kq, SIGUSR1, EVFILT_SIGNAL) && got[0].data == 1);
	CHECK(only(second, SIGUSR1, EVFILT_SIGNAL) && got[0].data == 1);
	CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == on_signal);

	/* a signal whose default is to be ignored */
	CHECK(change(kq, SIGURG, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	raise(SIGURG);
	CHECK(only(kq, SIGURG, EVFILT_SIGNAL));

	/* after the filters are gone, the program's disposition stands */
	CHECK(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
	CHECK(change(second, SIGUSR1, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
	raise(SIGUSR1);
	CHECK(handled == 2 && poll_kq(kq) == 0);
	CHECK(change(kq, 0, EVFILT_SIGNAL, EV_ADD, 0, 0) == EINVAL);
	CHECK(change(kq, 100, EVFILT_SIGNAL, EV_ADD, 0, 0) == EINVAL);
	signal(SIGUSR1, SIG_DFL);
	close(kq);
	close(second);
}

/* "record all attempts": a blocked signal too, and one after the other. */
void blocked_signals(void)
{
	int kq = kqueue();
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	CHECK(change(kq, SIGUSR2, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(poll_kq(kq) == 0);
		kill(getpid(), SIGUSR2);
		CHECK(only(kq, SIGUSR2, EVFILT_SIGNAL) && got[0].data == 1);
	}
	pid_t child = fork();
	if (child == 0) {
		usleep(20000);
		kill(getppid(), SIGUSR2);
		_exit(0);
	}
	CHECK(wait_ms(kq, 60000) == 1 && got[0].ident == SIGUSR2);
	waitpid(child, NULL, 0);
	CHECK(change(kq, SIGUSR2, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	close(kq);
}

/* "except for the SIGCHLD signal, which, if ignored, will not be recorded". */
void sigchld(void)
{
	for (int ignored = 0; ignored < 2; ignored++) {
		int kq = kqueue();
		signal(SIGCHLD, ignored ? SIG_IGN : SIG_DFL);
		CHECK(change(kq, SIGCHLD, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		CHECK(wait_ms(kq, ignored ? 50 : 2000) == !ignored);
		CHECK(waitpid(child, NULL, 0) == (ignored ? -1 : child));
		CHECK(change(kq, SIGCHLD, EVFILT_SIGNAL, EV_DELETE, 0, 0) == 0);
		signal(SIGCHLD, SIG_DFL);
		close(kq);
	}
}

/* "coexists": each signal that comes while kevent is at work is recorded once and
 * handled once. */
void handled_and_recorded(void)
{
	int kq = kqueue(), recorded = 0, status;
	handled = 0;
	signal(SIGUSR1, on_signal);
	CHECK(change(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < 300; i++) {
			kill(getppid(), SIGUSR1);
			usleep(50);
		}
		_exit(0);
	}
	for (bool running = true; running;) {
		running = waitpid(child, &status, WNOHANG) == 0;
		if (poll_kq(kq) == 1)
			recorded += (int)got[0].data;
	}
	if (poll_kq(kq) == 1)
		recorded += (int)got[0].data;
	CHECK(handled > 0 && handled == recorded);
	signal(SIGUSR1, SIG_DFL);
	close(kq);
}

/* A signal's default action still is done. */
void default_kills(void)
{
	pid_t child = fork();
	if (child == 0) {
		int kq = kqueue();
		change(kq, SIGTERM, EVFILT_SIGNAL, EV_ADD, 0, 0);
		raise(SIGTERM);
		_exit(1);
	}
	int status = 0;
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void *signal_later(void *p)
{
	until_it_sleeps();
	pthread_kill(*(pthread_t *)p, SIGUSR1);
	return NULL;
}

/* "[EINTR] A signal was delivered before the timeout expired and before any events
 * were placed on the kqueue for return." "When kevent() call fails with EINTR error,
 * all changes in the changelist have been applied." */
void interrupted(void)
{
	waiter = gettid();
	int kq = kqueue();
	pthread_t self = pthread_self(), t;
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct kevent k;
	sigaction(SIGUSR1, &a, NULL);
	set(&k, 1, SOME_FILTER, EV_ADD, 0, 60000, 0);
	pthread_create(&t, NULL, signal_later, &self);
	errno = 0;
	CHECK(kevent(kq, &k, 1, got, 4, NULL) == -1 && errno == EINTR);
	pthread_join(t, NULL);
	CHECK(change(kq, 1, SOME_FILTER, EV_DELETE, 0, 0) == 0);
	/* an ignored signal interrupts nothing: here it is another kqueue's */
	int second = kqueue();
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	CHECK(change(second, SIGUSR1, EVFILT_SIGNAL, EV_ADD, 0, 0) == 0);
	pthread_create(&t, NULL, signal_later, &self);
	CHECK(wait_ms(kq, 60) == 0);
	pthread_join(t, NULL);
	CHECK(only(second, SIGUSR1, EVFILT_SIGNAL));
	/* nor any other call */
	int p[2];
	char b;
	CHECK(pipe(p) == 0);
	struct later l = { kq, p[1], 0 };
	pthread_t u;
	pthread_create(&t, NULL, signal_later, &self);
	pthread_create(&u, NULL, trigger_later, &l);
	CHECK(read(p[0], &b, 1) == 1);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
	close2(p);
	CHECK(only(second, SIGUSR1, EVFILT_SIGNAL));
	/* ... and here it is an event of this one, which comes before EINTR */
	pthread_create(&t, NULL, signal_later, &self);
	CHECK(wait_ms(second, 60000) == 1 && got[0].data == 1);
	pthread_join(t, NULL);
	close(second);
	close(kq);
	CHECK(kqueue() >= 0); /* takes the closed ones down, and their handlers */
	struct sigaction now;
	CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
	close(kq);
	signal(SIGUSR1, SIG_DFL);
}

static int handler_kq;

static void trigger_from_handler(int sig)
{
	(void)sig;
	change(handler_kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0);
}

/* kevent may be called from a signal handler, even one that interrupts kevent. */
void from_a_handler(void)
{
	if (on("netbsd"))
		return;
	handler_kq = kqueue();
	signal(SIGALRM, trigger_from_handler);
	CHECK(change(handler_kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0) == 0);
	ualarm(500, 500);
	int64_t start = now_ms();
	int seen = 0;
	while (now_ms() - start < 50)
		seen += poll_kq(handler_kq) == 1;
	ualarm(0, 0);
	CHECK(seen > 5);
	signal(SIGALRM, SIG_DFL);
	close(handler_kq);
}

/* "NOTE_EXIT The process has exited. The exit status will be stored in data."
 * "[ESRCH] The specified process to attach to does not exist." */
void processes(void)
{
	int kq = kqueue();
	int gate[2];
	CHECK(pipe(gate) == 0);
	for (int killed = 0; killed < 2; killed++) {
		pid_t child = fork();
		char b;
		if (child == 0) {
			if (read(gate[0], &b, 1) == 1)
				_exit(7);
			_exit(1);
		}
		uintptr_t id = (uintptr_t)child;
		CHECK(change(kq, id, EVFILT_PROC, EV_ADD, NOTE_EXIT | NOTE_EXITSTATUS, 4) == 0);
		CHECK(poll_kq(kq) == 0);
		if (killed)
			kill(child, SIGKILL);
		else
			put(gate[1], "x");
		CHECK(wait_ms(kq, 60000) == 1 && got[0].ident == id && got[0].filter == EVFILT_PROC);
		CHECK(got[0].fflags & NOTE_EXIT && got[0].udata == (void *)4);
		int seen = (int)got[0].data, status = 0;
		CHECK(poll_kq(kq) == 0);
		CHECK(waitpid(child, &status, 0) == child && status == seen);
		CHECK(killed ? WTERMSIG(seen) == SIGKILL : WEXITSTATUS(seen) == 7);
		CHECK(change(kq, id, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0) == ESRCH);
	}
	/* one that has exited already, and is not yet waited for */
	pid_t child = fork();
	if (child == 0)
		_exit(3);
	siginfo_t si;
	waitid(P_PID, (id_t)child, &si, WEXITED | WNOWAIT);
	int expected = on("lenient freebsd") ? 0 : ESRCH;
	CHECK(change(kq, (uintptr_t)child, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0) == expected);
	if (!expected)
		CHECK(only(kq, (uintptr_t)child, EVFILT_PROC) && WEXITSTATUS((int)got[0].data) == 3);
	waitpid(child, NULL, 0);
	CHECK(change(kq, 0, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0) == ESRCH);
	close2(gate);
	close(kq);
}
