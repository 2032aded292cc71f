/* libuv, level-triggered: it has no other way. Milliseconds, rounded up, from a `now` that is brought up to
 * date. */
#include <string.h>
#include <uv.h>

#include "peer.h"

struct loop {
    uv_loop_t uv;
    uv_timer_t timeout;
    struct batch *batch;
};

struct handle {
    union {
        uv_handle_t any;
        uv_poll_t io;
        uv_async_t user;
        uv_timer_t timer;
    };
    size_t id;
};

static void *(*resize)(void *, size_t);

static void *allocate(size_t size) {
    return resize(NULL, size);
}

static void *allocate_zeroed(size_t count, size_t size) {
    return memset(resize(NULL, count * size), 0, count * size);
}

static void release(void *memory) {
    if (memory)
        resize(memory, 0);
}

static void take_memory_from(void *(*resize_)(void *, size_t)) {
    resize = resize_;
    uv_replace_allocator(allocate, resize, allocate_zeroed, release);
}

static struct batch *batch_of(uv_loop_t *uv) {
    return ((struct loop *)uv->data)->batch;
}

static void on_io(uv_poll_t *io, int status, int events) {
    if (status < 0 || events & UV_READABLE)
        found(batch_of(io->loop), ((struct handle *)io)->id);
}

static void on_user(uv_async_t *user) {
    found(batch_of(user->loop), ((struct handle *)user)->id);
}

static void on_timer(uv_timer_t *timer) {
    (void)timer;
}

static void on_close(uv_handle_t *handle) {
    release(handle);
}

static uint64_t rounded_up(int64_t nanos) {
    return (nanos + 999999) / 1000000;
}

static struct loop *open_loop(int threads) {
    struct loop *loop = allocate(sizeof *loop);
    (void)threads; /* others always may */
    uv_loop_init(&loop->uv);
    loop->uv.data = loop;
    uv_timer_init(&loop->uv, &loop->timeout);
    return loop;
}

static void close_loop(struct loop *loop) {
    uv_close((uv_handle_t *)&loop->timeout, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop->uv))
        abort();
    release(loop);
}

static struct handle *new_handle(size_t id) {
    struct handle *handle = allocate(sizeof *handle);
    handle->id = id;
    return handle;
}

static void change(struct loop *loop, struct handle *source, int writable) {
    (void)loop;
    uv_poll_start(&source->io, writable ? UV_READABLE | UV_WRITABLE : UV_READABLE, on_io);
}

static struct handle *watch(struct loop *loop, int fd, size_t id, int edge) {
    struct handle *source = new_handle(id);
    (void)edge;
    if (uv_poll_init(&loop->uv, &source->io, fd))
        abort();
    change(loop, source, 0);
    return source;
}

static struct handle *user(struct loop *loop, size_t id) {
    struct handle *user = new_handle(id);
    uv_async_init(&loop->uv, &user->user, on_user);
    return user;
}

static void notify(struct loop *loop, struct handle *user) {
    (void)loop;
    uv_async_send(&user->user);
}

static void push(struct loop *loop, struct handle *timer, int64_t nanos) {
    (void)loop;
    uv_timer_start(&timer->timer, on_timer, rounded_up(nanos), 0);
}

static struct handle *timer(struct loop *loop, int64_t nanos) {
    struct handle *timer = new_handle(0);
    uv_timer_init(&loop->uv, &timer->timer);
    push(loop, timer, nanos);
    return timer;
}

static void forget(struct loop *loop, struct handle *handle) {
    (void)loop;
    uv_close(&handle->any, on_close);
}

static void poll_loop(struct loop *loop, struct batch *batch, int64_t nanos) {
    loop->batch = batch;
    if (nanos <= 0) {
        uv_run(&loop->uv, nanos < 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
        return;
    }
    uv_update_time(&loop->uv);
    uv_timer_start(&loop->timeout, on_timer, rounded_up(nanos), 0);
    uv_run(&loop->uv, UV_RUN_ONCE);
    uv_timer_stop(&loop->timeout);
}

const struct library libuv = {
    take_memory_from, open_loop, close_loop, watch, change, user, notify, timer, push, forget, poll_loop,
};
