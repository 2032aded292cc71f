/* The knotes of one kqueue: found by (ident, filter) when a change names them,
 * by slot and generation when the kernel does. A word whose knote is gone, even
 * if its slot is used again, resolves to nothing: that is what keeps the ghosts
 * of duplicated descriptors out. */
#include "shim.h"

#include <stdlib.h>
#include <unistd.h>

#define NO_SLOT UINT32_MAX

static uint32_t bucket(const struct kq *kq, uintptr_t ident, int16_t filter)
{
	uint64_t h = ((uint64_t)ident ^ ((uint64_t)(uint16_t)filter << 48)) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32) & kq->bucket_mask;
}

int table_init(struct kq *kq)
{
	kq->bucket_mask = 63;
	kq->free_slot = NO_SLOT;
	kq->buckets = calloc(kq->bucket_mask + 1, sizeof *kq->buckets);
	return kq->buckets ? 0 : -1;
}

void table_free(struct kq *kq)
{
	for (uint32_t i = 0; i < kq->used; i++)
		free(kq->slots[i]);
	free(kq->slots);
	free(kq->buckets);
}

struct knote *table_find(struct kq *kq, uintptr_t ident, int16_t filter)
{
	struct knote *kn = kq->buckets[bucket(kq, ident, filter)];
	while (kn && (kn->ident != ident || kn->filter != filter))
		kn = kn->hash_next;
	return kn;
}

static void grow_buckets(struct kq *kq)
{
	uint32_t old = kq->bucket_mask + 1;
	struct knote **from = kq->buckets;
	struct knote **to = calloc((size_t)old * 2, sizeof *to);
	if (!to)
		return; /* longer chains, nothing worse */
	kq->buckets = to;
	kq->bucket_mask = old * 2 - 1;
	for (uint32_t i = 0; i < old; i++) {
		for (struct knote *kn = from[i], *next; kn; kn = next) {
			next = kn->hash_next;
			struct knote **b = &to[bucket(kq, kn->ident, kn->filter)];
			kn->hash_next = *b;
			*b = kn;
		}
	}
	free(from);
}

/* A knote that is in no slot's use. Memory is never given back while the kqueue
 * lives, so that a stale word always finds a generation to differ from. */
static struct knote *take_slot(struct kq *kq)
{
	if (kq->free_slot != NO_SLOT) {
		struct knote *kn = kq->slots[kq->free_slot];
		kq->free_slot = (uint32_t)kn->ident;
		uint32_t index = kn->index, generation = kn->generation;
		*kn = (struct knote){ .index = index, .generation = generation };
		return kn;
	}
	if (kq->used == kq->room) {
		uint32_t room = kq->room ? kq->room * 2 : 64;
		struct knote **slots = realloc(kq->slots, room * sizeof *slots);
		if (!slots)
			return NULL;
		kq->slots = slots;
		kq->room = room;
	}
	struct knote *kn = calloc(1, sizeof *kn);
	if (!kn)
		return NULL;
	kn->index = kq->used;
	kq->slots[kq->used++] = kn;
	return kn;
}

struct knote *table_add(struct kq *kq, uintptr_t ident, int16_t filter)
{
	struct knote *kn = take_slot(kq);
	if (!kn)
		return NULL;
	if (++kq->knotes > kq->bucket_mask)
		grow_buckets(kq);
	kn->kq = kq;
	kn->ident = ident;
	kn->filter = filter;
	struct knote **b = &kq->buckets[bucket(kq, ident, filter)];
	kn->hash_next = *b;
	*b = kn;
	return kn;
}

void table_remove(struct knote *kn)
{
	struct kq *kq = kn->kq;
	struct knote **at = &kq->buckets[bucket(kq, kn->ident, kn->filter)];
	while (*at != kn)
		at = &(*at)->hash_next;
	*at = kn->hash_next;
	kq->knotes--;
	kn->kq = NULL;
	kn->generation++;
	kn->ident = kq->free_slot;
	kq->free_slot = kn->index;
}

uint64_t knote_word(const struct knote *kn)
{
	return (uint64_t)kn->generation << 32 | kn->index;
}

struct knote *knote_of(struct kq *kq, uint64_t word)
{
	uint32_t index = (uint32_t)word;
	if (index >= kq->used)
		return NULL;
	struct knote *kn = kq->slots[index];
	return kn->kq && kn->generation == word >> 32 ? kn : NULL;
}

void ready_push(struct knote *kn)
{
	struct kq *kq = kn->kq;
	if (kn->queued)
		return;
	kn->queued = true;
	kn->next = NULL;
	kn->prev = kq->tail;
	*(kq->tail ? &kq->tail->next : &kq->head) = kn;
	kq->tail = kn;
	kq->ready++;
}

void activate(struct knote *kn)
{
	struct kq *kq = kn->kq;
	if (kn->queued)
		return;
	if (kq->lock_ups) {
		static const char last[] = "kqueue: an event of a queue that watches itself: locked up\n";
		ssize_t written = write(STDERR_FILENO, last, sizeof last - 1);
		(void)written;
		abort();
	}
	kq->wakes++;
	ready_push(kn);
}

void ready_drop(struct knote *kn)
{
	struct kq *kq = kn->kq;
	if (!kn->queued)
		return;
	kn->queued = false;
	*(kn->prev ? &kn->prev->next : &kq->head) = kn->next;
	*(kn->next ? &kn->next->prev : &kq->tail) = kn->prev;
	kq->ready--;
}
