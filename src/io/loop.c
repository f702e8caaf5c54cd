/* SPDX-License-Identifier: MIT */
/*
 * libevent waits and dispatches; turns, timers and deferred calls are ours. libevent's own timers
 * would cost a heap operation for each deadline that moves, and it has no notion of the end of a
 * turn. So it sees one timer, set to the earliest of ours and only when that one changes.
 *
 * A deadline of a busy connection moves later thousands of times for each time it is reached.
 * Therefore a timer that moves later keeps its place in the heap, and only when that place comes
 * up it is put where it belongs.
 */
#include "io/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>

struct signal_watch {
	struct event event;
	struct signal_watch *next;
	void (*fn)(void *arg, int signo);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event tick; /* wakes us for the earliest timer */
	int64_t tick_at;   /* what tick is set to, or TIME_NEVER */
	struct heap timers;
	struct deferred queue; /* ring, this is its head: to run in this turn */
	struct deferred later; /* ring: to run in the next */
	struct signal_watch *signals;
	uint64_t turn;
	uint64_t timer_order;
	size_t n_interested; /* watches with an interest */
	int64_t wall_at;
	int64_t mono_at;
	bool clocks_read; /* since the last sleep */
	bool stopped;
};

struct watch {
	struct loop *loop;
	struct event read;
	struct event write;
	unsigned interest;
	watch_fn fn;
	void *arg;
};

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;
	int r = clock_gettime(clock, &ts);

	assert(r == 0);
	return (int64_t)ts.tv_sec * MS_SECOND + ts.tv_nsec / 1000000;
}

int64_t io_wall_now(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t io_mono_now(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* libevent offers no call between its sleep and its first callback, so the first who asks after a
 * sleep reads the clocks for the rest of the turn. */
static void loop_read_clocks(struct loop *loop)
{
	if (loop->clocks_read)
		return;
	loop->wall_at = io_wall_now();
	loop->mono_at = io_mono_now();
	loop->clocks_read = true;
}

int64_t loop_now_wall(struct loop *loop)
{
	loop_read_clocks(loop);
	return loop->wall_at;
}

int64_t loop_now_mono(struct loop *loop)
{
	loop_read_clocks(loop);
	return loop->mono_at;
}

static void ring_init(struct deferred *head)
{
	head->next = head;
	head->prev = head;
}

static void ring_append(struct deferred *head, struct deferred *d)
{
	d->prev = head->prev;
	d->next = head;
	head->prev->next = d;
	head->prev = d;
}

static void ring_remove(struct deferred *d)
{
	assert(d->prev && d->next);
	d->prev->next = d->next;
	d->next->prev = d->prev;
	d->next = NULL;
	d->prev = NULL;
}

static void tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	loop->tick_at = TIME_NEVER;
}

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (!config)
		return NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
		event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

int loop_new(struct loop **ret_loop)
{
	_cleanup_(loop_freep) struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	heap_init(&loop->timers);
	ring_init(&loop->queue);
	ring_init(&loop->later);
	loop->tick_at = TIME_NEVER;
	loop->turn = 1; /* no deferred call has run in it */
	loop->base = new_base();
	if (!loop->base)
		return -ENOMEM;
	if (event_assign(&loop->tick, loop->base, -1, 0, tick_cb, loop) < 0)
		return -EINVAL;
	*ret_loop = loop;
	loop = NULL;
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	if (loop->base && loop->tick.ev_base)
		event_del(&loop->tick);
	while (loop->signals) {
		struct signal_watch *s = loop->signals;

		loop->signals = s->next;
		event_del(&s->event);
		free(s);
	}
	if (loop->base)
		event_base_free(loop->base);
	heap_release(&loop->timers);
	free(loop);
	return NULL;
}

void loop_freep(struct loop **loop)
{
	*loop = loop_free(*loop);
}

/* Has libevent wake us at AT (TIME_NEVER: not at all). */
static int loop_set_tick(struct loop *loop, int64_t at)
{
	struct timeval tv;
	int64_t ms;

	if (at == loop->tick_at)
		return 0;
	if (at == TIME_NEVER) {
		event_del(&loop->tick);
		loop->tick_at = at;
		return 0;
	}
	ms = int64_max(at - io_mono_now(), 0);
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (event_add(&loop->tick, &tv) < 0)
		return -ENOMEM;
	loop->tick_at = at;
	return 0;
}

/* Fires what is due. What is set during the walk waits for the next turn, so that a timer which
 * sets itself to 0 ms does not keep the loop from its watches. */
static void loop_run_timers(struct loop *loop)
{
	uint64_t newest = loop->timer_order;
	int64_t now = loop_now_mono(loop);

	for (;;) {
		struct heap_node *node = heap_first(&loop->timers);
		struct timer *timer = (struct timer *)(void *)node;

		if (!node || node->at > now || node->order > newest)
			break;
		if (timer->due_at > node->at) {
			/* Needs no memory, for it is in already. */
			(void)heap_put(&loop->timers, node, timer->due_at);
			continue;
		}
		heap_remove(&loop->timers, node);
		timer->fn(timer->arg);
	}
}

static void loop_run_deferred(struct loop *loop)
{
	while (loop->queue.next != &loop->queue) {
		struct deferred *d = loop->queue.next;

		ring_remove(d);
		d->ran_in = loop->turn;
		d->fn(d->arg);
	}
	while (loop->later.next != &loop->later) {
		struct deferred *d = loop->later.next;

		ring_remove(d);
		ring_append(&loop->queue, d);
	}
}

int loop_turn(struct loop *loop, bool may_sleep)
{
	const struct heap_node *first = heap_first(&loop->timers);
	int flags = EVLOOP_ONCE;
	int r = loop_set_tick(loop, first ? first->at : TIME_NEVER);

	if (r < 0)
		return r;
	if (!may_sleep || loop->queue.next != &loop->queue)
		flags |= EVLOOP_NONBLOCK;
	loop->clocks_read = false;
	errno = 0;
	r = event_base_loop(loop->base, flags);
	if (r < 0)
		return errno ? -errno : -EIO;
	loop_run_timers(loop);
	loop_run_deferred(loop);
	loop->turn++;
	return 0;
}

static bool loop_is_idle(const struct loop *loop)
{
	return loop->n_interested == 0 && !heap_first(&loop->timers) &&
	       loop->queue.next == &loop->queue;
}

int loop_run(struct loop *loop)
{
	int r = 0;

	while (r == 0 && !loop_is_idle(loop)) {
		r = loop_turn(loop, !loop->stopped);
		if (loop->stopped)
			break;
	}
	loop->stopped = false;
	return r;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

static void watch_cb(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	w->fn(w->arg, what & EV_WRITE ? WATCH_WRITE : WATCH_READ);
}

int watch_new(struct loop *loop, int fd, watch_fn fn, void *arg, struct watch **ret_watch)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct watch){.loop = loop, .fn = fn, .arg = arg};
	if (event_assign(&w->read, loop->base, fd, EV_READ | EV_PERSIST, watch_cb, w) < 0 ||
		event_assign(&w->write, loop->base, fd, EV_WRITE | EV_PERSIST, watch_cb, w) < 0) {
		free(w);
		return -EINVAL;
	}
	*ret_watch = w;
	return 0;
}

/* Adds or removes EVENT where bit BIT of the interest changes. */
static int watch_change(struct watch *w, struct event *event, unsigned interest, unsigned bit)
{
	if (!((w->interest ^ interest) & bit))
		return 0;
	errno = 0;
	if ((interest & bit) ? event_add(event, NULL) < 0 : event_del(event) < 0)
		return errno ? -errno : -ENOMEM;
	w->interest ^= bit;
	return 0;
}

int watch_set(struct watch *w, unsigned interest)
{
	bool before = w->interest != 0;
	int r = watch_change(w, &w->read, interest, WATCH_READ);

	if (r == 0)
		r = watch_change(w, &w->write, interest, WATCH_WRITE);
	if (before && w->interest == 0)
		w->loop->n_interested--;
	else if (!before && w->interest != 0)
		w->loop->n_interested++;
	return r;
}

struct watch *watch_free(struct watch *w)
{
	if (!w)
		return NULL;
	if (w->interest)
		w->loop->n_interested--;
	event_del(&w->read);
	event_del(&w->write);
	free(w);
	return NULL;
}

void timer_init(struct timer *timer, struct loop *loop, void (*fn)(void *arg), void *arg)
{
	*timer = (struct timer){.loop = loop, .fn = fn, .arg = arg, .due_at = TIME_NEVER};
}

int timer_set_at(struct timer *timer, int64_t mono_at)
{
	struct loop *loop = timer->loop;
	int r;

	mono_at = int64_max(mono_at, loop_now_mono(loop));
	if (!timer_is_set(timer))
		timer->node.order = ++loop->timer_order;
	else if (mono_at >= timer->node.at) {
		timer->due_at = mono_at;
		return 0;
	}
	r = heap_put(&loop->timers, &timer->node, mono_at);
	if (r < 0)
		return r;
	timer->due_at = mono_at;
	return 0;
}

int timer_set_in(struct timer *timer, int64_t ms)
{
	int64_t now = loop_now_mono(timer->loop);

	return timer_set_at(timer, ms < TIME_NEVER - now ? now + ms : TIME_NEVER);
}

void timer_stop(struct timer *timer)
{
	if (timer_is_set(timer))
		heap_remove(&timer->loop->timers, &timer->node);
}

bool timer_is_set(const struct timer *timer)
{
	return timer->node.place != 0;
}

void deferred_init(struct deferred *d, struct loop *loop, void (*fn)(void *arg), void *arg)
{
	*d = (struct deferred){.loop = loop, .fn = fn, .arg = arg};
}

void deferred_ask(struct deferred *d)
{
	struct loop *loop = d->loop;

	if (!d->next)
		ring_append(d->ran_in == loop->turn ? &loop->later : &loop->queue, d);
}

void deferred_stop(struct deferred *d)
{
	if (d->next)
		ring_remove(d);
}

static void signal_cb(evutil_socket_t signo, short what, void *arg)
{
	struct signal_watch *s = arg;

	(void)what;
	s->fn(s->arg, (int)signo);
}

int loop_on_signal(struct loop *loop, int signo, void (*fn)(void *arg, int signo), void *arg)
{
	struct signal_watch *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fn = fn;
	s->arg = arg;
	errno = 0;
	if (evsignal_assign(&s->event, loop->base, signo, signal_cb, s) < 0 ||
		event_add(&s->event, NULL) < 0) {
		free(s);
		return errno ? -errno : -EINVAL;
	}
	s->next = loop->signals;
	loop->signals = s;
	return 0;
}
