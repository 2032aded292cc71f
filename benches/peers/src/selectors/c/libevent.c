/* libevent 2. Its loops have locks only where other threads notify them. */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>

#include "peer.h"

struct loop {
    struct event_base *base;
    struct event timeout;
    struct batch *batch;
};

struct handle {
    struct event event;
    struct loop *loop;
    size_t id;
};

static void *(*resize)(void *, size_t);

static void *allocate(size_t size) {
    return resize(NULL, size);
}

static void release(void *memory) {
    if (memory)
        resize(memory, 0);
}

static void take_memory_from(void *(*resize_)(void *, size_t)) {
    resize = resize_;
    event_set_mem_functions(allocate, resize, release);
    evthread_use_pthreads();
}

static void on_event(int fd, short what, void *argument) {
    struct handle *handle = argument;
    (void)fd;
    if (what & EV_READ)
        found(handle->loop->batch, handle->id);
}

static void on_timer(int fd, short what, void *argument) {
    (void)fd, (void)what, (void)argument;
}

static struct timeval rounded_up(int64_t nanos) {
    int64_t micros = (nanos + 999) / 1000;
    return (struct timeval){.tv_sec = micros / 1000000, .tv_usec = micros % 1000000};
}

static struct loop *open_loop(int threads) {
    struct loop *loop = allocate(sizeof *loop);
    struct event_config *config = event_config_new();
    if (!threads)
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    event_assign(&loop->timeout, loop->base, -1, 0, on_timer, NULL);
    return loop;
}

static void close_loop(struct loop *loop) {
    event_base_free(loop->base);
    release(loop);
}

static struct handle *new_handle(struct loop *loop, size_t id) {
    struct handle *handle = allocate(sizeof *handle);
    handle->loop = loop;
    handle->id = id;
    return handle;
}

static struct handle *watch(struct loop *loop, int fd, size_t id, int edge) {
    struct handle *source = new_handle(loop, id);
    short what = EV_READ | EV_PERSIST | (edge ? EV_ET : 0);
    event_assign(&source->event, loop->base, fd, what, on_event, source);
    event_add(&source->event, NULL);
    return source;
}

static void change(struct loop *loop, struct handle *source, int writable) {
    short what = EV_READ | EV_PERSIST | EV_ET | (writable ? EV_WRITE : 0);
    event_del(&source->event);
    event_assign(&source->event, loop->base, event_get_fd(&source->event), what, on_event, source);
    event_add(&source->event, NULL);
}

static struct handle *user(struct loop *loop, size_t id) {
    struct handle *user = new_handle(loop, id);
    event_assign(&user->event, loop->base, -1, 0, on_event, user);
    return user;
}

static void notify(struct loop *loop, struct handle *user) {
    (void)loop;
    event_active(&user->event, EV_READ, 0);
}

static void push(struct loop *loop, struct handle *timer, int64_t nanos) {
    struct timeval time = rounded_up(nanos);
    (void)loop;
    event_add(&timer->event, &time);
}

static struct handle *timer(struct loop *loop, int64_t nanos) {
    struct handle *timer = new_handle(loop, 0);
    event_assign(&timer->event, loop->base, -1, 0, on_timer, NULL);
    push(loop, timer, nanos);
    return timer;
}

static void forget(struct loop *loop, struct handle *handle) {
    (void)loop;
    event_del(&handle->event);
    release(handle);
}

static void poll_loop(struct loop *loop, struct batch *batch, int64_t nanos) {
    loop->batch = batch;
    if (nanos <= 0) {
        event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY | (nanos < 0 ? EVLOOP_ONCE : EVLOOP_NONBLOCK));
        return;
    }
    struct timeval time = rounded_up(nanos);
    event_add(&loop->timeout, &time);
    event_base_loop(loop->base, EVLOOP_ONCE);
    event_del(&loop->timeout);
}

const struct library libevent = {
    take_memory_from, open_loop, close_loop, watch, change, user, notify, timer, push, forget, poll_loop,
};
