/* libev, level-triggered: it has no other way. A timeout is a timer, from a `now` that is brought up to date. */
#include <ev.h>

#include "peer.h"

struct loop {
    struct ev_loop *ev;
    ev_timer timeout;
    struct batch *batch;
};

struct handle {
    enum { IO, USER, TIMER } kind;
    union {
        ev_io io;
        ev_async user;
        ev_timer timer;
    };
};

static void *(*resize_memory)(void *, size_t);

static void *resize(void *memory, long size) {
    return resize_memory(memory, size);
}

static void take_memory_from(void *(*resize_)(void *, size_t)) {
    resize_memory = resize_;
    ev_set_allocator(resize);
}

static void on_io(struct ev_loop *ev, ev_io *io, int events) {
    if (events & EV_READ)
        found(((struct loop *)ev_userdata(ev))->batch, (size_t)io->data);
}

static void on_user(struct ev_loop *ev, ev_async *user, int events) {
    (void)events;
    found(((struct loop *)ev_userdata(ev))->batch, (size_t)user->data);
}

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events) {
    (void)ev, (void)timer, (void)events;
}

static struct loop *open_loop(int threads) {
    struct loop *loop = resize(NULL, sizeof *loop);
    (void)threads; /* others always may */
    loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    ev_set_userdata(loop->ev, loop);
    ev_timer_init(&loop->timeout, on_timer, 0, 0);
    return loop;
}

static void close_loop(struct loop *loop) {
    ev_loop_destroy(loop->ev);
    resize(loop, 0);
}

static struct handle *new_handle(int kind) {
    struct handle *handle = resize(NULL, sizeof *handle);
    handle->kind = kind;
    return handle;
}

static struct handle *watch(struct loop *loop, int fd, size_t id, int edge) {
    struct handle *source = new_handle(IO);
    (void)edge;
    ev_io_init(&source->io, on_io, fd, EV_READ);
    source->io.data = (void *)id;
    ev_io_start(loop->ev, &source->io);
    return source;
}

static void change(struct loop *loop, struct handle *source, int writable) {
    ev_io_stop(loop->ev, &source->io);
    ev_io_modify(&source->io, writable ? EV_READ | EV_WRITE : EV_READ);
    ev_io_start(loop->ev, &source->io);
}

static struct handle *user(struct loop *loop, size_t id) {
    struct handle *user = new_handle(USER);
    ev_async_init(&user->user, on_user);
    user->user.data = (void *)id;
    ev_async_start(loop->ev, &user->user);
    return user;
}

static void notify(struct loop *loop, struct handle *user) {
    ev_async_send(loop->ev, &user->user);
}

static void push(struct loop *loop, struct handle *timer, int64_t nanos) {
    timer->timer.repeat = nanos / 1e9;
    ev_timer_again(loop->ev, &timer->timer);
}

static struct handle *timer(struct loop *loop, int64_t nanos) {
    struct handle *timer = new_handle(TIMER);
    ev_init(&timer->timer, on_timer);
    push(loop, timer, nanos);
    return timer;
}

static void forget(struct loop *loop, struct handle *handle) {
    switch (handle->kind) {
    case IO:
        ev_io_stop(loop->ev, &handle->io);
        break;
    case USER:
        ev_async_stop(loop->ev, &handle->user);
        break;
    case TIMER:
        ev_timer_stop(loop->ev, &handle->timer);
    }
    resize(handle, 0);
}

static void poll_loop(struct loop *loop, struct batch *batch, int64_t nanos) {
    loop->batch = batch;
    if (nanos <= 0) {
        ev_run(loop->ev, nanos < 0 ? EVRUN_ONCE : EVRUN_NOWAIT);
        return;
    }
    ev_now_update(loop->ev);
    ev_timer_set(&loop->timeout, nanos / 1e9, 0);
    ev_timer_start(loop->ev, &loop->timeout);
    ev_run(loop->ev, EVRUN_ONCE);
    ev_timer_stop(loop->ev, &loop->timeout);
}

const struct library libev = {
    take_memory_from, open_loop, close_loop, watch, change, user, notify, timer, push, forget, poll_loop,
};
