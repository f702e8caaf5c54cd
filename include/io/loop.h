/* SPDX-License-Identifier: MIT */
/*
 * The one place where a program waits. A turn of the loop sleeps until something is ready, calls
 * the watches and signals that are, then the timers that are due, then what was deferred to the
 * end of the turn. Deferring is how many small writes become one: forty requests of one turn make
 * one command batch to Redis, forty answers on one connection make one write.
 *
 * One loop per thread; nothing here may be called from another thread, and signals go to one loop
 * of the process. Callbacks may free or stop anything, themselves included.
 */
#pragma once

#include "base/base.h"
#include "base/heap.h"

struct loop;

/* 0 or -errno. */
int loop_new(struct loop **ret_loop);
/* Watches must be freed and timers and deferred calls be stopped or forgotten before. */
struct loop *loop_free(struct loop *loop);
void loop_freep(struct loop **loop);

/*
 * Turns until loop_stop, or until nothing is left to wait for (no watch with an interest, no
 * timer, nothing deferred; signals do not count). 0 or -errno.
 */
int loop_run(struct loop *loop);
/* One turn; sleeps only if MAY_SLEEP and nothing is ready. 0 or -errno. */
int loop_turn(struct loop *loop, bool may_sleep);
/* loop_run returns at the end of this turn; before loop_run: at the end of its first. */
void loop_stop(struct loop *loop);

/*
 * The wall clock, milliseconds since 1970-01-01T00:00:00Z, and a clock that never jumps, of no
 * particular origin. Both are read once in a turn, when first asked for after its sleep.
 */
int64_t loop_now_wall(struct loop *loop);
int64_t loop_now_mono(struct loop *loop);
/* The same clocks, read now. */
int64_t io_wall_now(void);
int64_t io_mono_now(void);

/*
 * Readiness of a descriptor, level-triggered. The watch does not own the descriptor: free the
 * watch first, close after. A watch begins with no interest. When a descriptor is readable and
 * writable in one turn, the function may be called once for each.
 */
struct watch;
enum { WATCH_READ = 1, WATCH_WRITE = 2 };
typedef void (*watch_fn)(void *arg, unsigned ready);

int watch_new(struct loop *loop, int fd, watch_fn fn, void *arg, struct watch **ret_watch);
/* INTEREST is a sum of WATCH_…, 0 to pause; costs nothing when unchanged. 0 or -errno. */
int watch_set(struct watch *watch, unsigned interest);
struct watch *watch_free(struct watch *watch);

/*
 * A timer that fires once, embedded in what it times. Moving it later, the life of a deadline on
 * a busy connection, is one store; moving it earlier is O(log n). A timer never fires early.
 * Timers due in one turn fire in order of their times as far as these were not moved later.
 */
struct timer {
	struct heap_node node; /* first; its time may lie before due_at */
	int64_t due_at;
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
};

void timer_init(struct timer *timer, struct loop *loop, void (*fn)(void *arg), void *arg);
/* To fire in MS from loop_now_mono (at least 0), or at an instant of that clock; replaces what
 * was set before. 0, or -ENOMEM (then unchanged; cannot happen to a timer that is set). */
int timer_set_in(struct timer *timer, int64_t ms);
int timer_set_at(struct timer *timer, int64_t mono_at);
/* Nothing if it is not set. */
void timer_stop(struct timer *timer);
bool timer_is_set(const struct timer *timer);

/*
 * A call at the end of the turn in which it was asked for (after watches, signals and timers),
 * embedded like a timer. Asking twice is asking once. What is deferred by a deferred call still
 * runs in this turn, unless it already ran in it; then it runs in the next, which does not sleep.
 */
struct deferred {
	struct deferred *next;
	struct deferred *prev;
	uint64_t ran_in; /* the last turn it ran in */
	struct loop *loop;
	void (*fn)(void *arg);
	void *arg;
};

void deferred_init(struct deferred *deferred, struct loop *loop, void (*fn)(void *arg), void *arg);
void deferred_ask(struct deferred *deferred);
/* Nothing if it was not asked for. */
void deferred_stop(struct deferred *deferred);

/* Calls FN in the loop when SIGNO arrives, until the loop is freed. 0 or -errno. */
int loop_on_signal(struct loop *loop, int signo, void (*fn)(void *arg, int signo), void *arg);
