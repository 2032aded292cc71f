/* What the file of each library gives to ../c_peers.rs, by the same names. */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The ids of what was found, which the callbacks leave behind. */
struct batch {
    size_t len;
    size_t ids[65536];
};

/* Each library has its own of these. */
struct loop;
struct handle;

struct library {
    /* Before anything else: all memory comes from here, so that it is counted. `resize` is realloc, and
     * frees where the size is 0. */
    void (*take_memory_from)(void *(*resize)(void *memory, size_t size));

    /* `threads`: others may notify it. */
    struct loop *(*open)(int threads);
    /* After all of its handles. */
    void (*close)(struct loop *loop);

    /* A descriptor, for readability. */
    struct handle *(*watch)(struct loop *loop, int fd, size_t id, int edge);
    void (*change)(struct loop *loop, struct handle *source, int writable);

    /* An event of the program's. */
    struct handle *(*user)(struct loop *loop, size_t id);
    void (*notify)(struct loop *loop, struct handle *user);

    /* A deadline, and how it is moved: both from now. */
    struct handle *(*timer)(struct loop *loop, int64_t nanos);
    void (*push)(struct loop *loop, struct handle *timer, int64_t nanos);

    /* The end of a handle of any kind. */
    void (*forget)(struct loop *loop, struct handle *handle);

    /* One turn of the loop; a negative time is without end. */
    void (*poll)(struct loop *loop, struct batch *batch, int64_t nanos);
};

static inline void found(struct batch *batch, size_t id) {
    if (batch->len == sizeof batch->ids / sizeof *batch->ids)
        abort();
    batch->ids[batch->len++] = id;
}

#endif
