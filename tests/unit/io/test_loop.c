/* SPDX-License-Identifier: MIT */
/*
 * The order of a turn, timers that move, deferred calls, watches and signals.
 */
#include <signal.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "io/loop.h"

/* What happened, one letter each. */
struct account {
	struct loop *loop;
	struct buf text;
};

static void account_init(struct account *a)
{
	int r = loop_new(&a->loop);

	assert(r == 0);
	buf_init(&a->text);
}

static void account_release(struct account *a)
{
	buf_release(&a->text);
	loop_free(a->loop);
}

struct actor {
	struct account *account;
	struct timer timer;
	struct deferred deferred;
	struct watch *watch;
	struct actor *next;
	int64_t again_ms; /* -1: not again */
	int fd;
	char letter;
};

static void act(struct actor *actor)
{
	buf_add_char(&actor->account->text, actor->letter);
}

static void on_timer(void *arg)
{
	struct actor *actor = arg;

	act(actor);
	if (actor->again_ms >= 0)
		timer_set_in(&actor->timer, actor->again_ms);
	if (actor->next)
		timer_stop(&actor->next->timer);
}

static void on_deferred(void *arg)
{
	struct actor *actor = arg;

	act(actor);
	if (actor->again_ms >= 0)
		deferred_ask(&actor->deferred);
	if (actor->next)
		deferred_ask(&actor->next->deferred);
}

static void on_watch(void *arg, unsigned ready)
{
	struct actor *actor = arg;
	char byte;

	act(actor);
	if (ready & WATCH_READ)
		CHECK_INT(read(actor->fd, &byte, 1), 1);
	deferred_ask(&actor->deferred);
}

static void actor_init(struct actor *actor, struct account *account, char letter)
{
	*actor = (struct actor){.account = account, .letter = letter, .again_ms = -1};
	timer_init(&actor->timer, account->loop, on_timer, actor);
	deferred_init(&actor->deferred, account->loop, on_deferred, actor);
}

static void wait_until(struct loop *loop, int64_t at)
{
	do
		CHECK_INT(loop_turn(loop, false), 0);
	while (loop_now_mono(loop) <= at);
}

static void test_nothing_to_do(void)
{
	_cleanup_(account_release) struct account a;

	account_init(&a);
	CHECK_INT(loop_run(a.loop), 0);
}

static void test_timers_in_order(void)
{
	_cleanup_(account_release) struct account a;
	struct actor actors[4];
	static const int64_t ms[] = {6, 2, 2, 4};

	account_init(&a);
	for (size_t i = 0; i < 4; i++) {
		actor_init(&actors[i], &a, (char)('a' + i));
		CHECK_INT(timer_set_in(&actors[i].timer, ms[i]), 0);
		CHECK(timer_is_set(&actors[i].timer));
	}
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_STR(buf_span(&a.text), "bcda");
	CHECK(!timer_is_set(&actors[0].timer));
}

static void test_timer_never_early(void)
{
	_cleanup_(account_release) struct account a;
	struct actor actor;

	account_init(&a);
	actor_init(&actor, &a, 'a');
	for (int64_t ms = 0; ms < 12; ms++) {
		int64_t began = loop_now_mono(a.loop);

		CHECK_INT(timer_set_in(&actor.timer, ms), 0);
		CHECK_INT(loop_run(a.loop), 0);
		CHECK(io_mono_now() - began >= ms);
	}
	CHECK_INT(a.text.len, 12);
}

static void test_timer_moves(void)
{
	_cleanup_(account_release) struct account a;
	struct actor later, earlier, marks[2];
	int64_t now;

	account_init(&a);
	now = loop_now_mono(a.loop);
	actor_init(&later, &a, 'l');
	actor_init(&earlier, &a, 'e');
	timer_set_at(&later.timer, now + 1);
	timer_set_at(&later.timer, now + 9);
	timer_set_at(&earlier.timer, now + 60000);
	timer_set_at(&earlier.timer, now + 3);
	for (size_t i = 0; i < 2; i++) {
		actor_init(&marks[i], &a, (char)('0' + i));
		timer_set_at(&marks[i].timer, now + (i ? 6 : 2));
	}
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_STR(buf_span(&a.text), "0e1l");
}

static void test_timer_stops_another(void)
{
	_cleanup_(account_release) struct account a;
	struct actor first, second;
	int64_t now;

	account_init(&a);
	now = loop_now_mono(a.loop);
	actor_init(&first, &a, 'a');
	actor_init(&second, &a, 'b');
	first.next = &second;
	timer_set_at(&first.timer, now);
	timer_set_at(&second.timer, now);
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_STR(buf_span(&a.text), "a");
	timer_stop(&second.timer);
}

/* A timer that sets itself to now fires once a turn, and a distant one is no burden to it. */
static void test_timer_again(void)
{
	_cleanup_(account_release) struct account a;
	struct actor actor, distant;

	account_init(&a);
	actor_init(&actor, &a, 'a');
	actor_init(&distant, &a, 'b');
	actor.again_ms = 0;
	timer_set_in(&actor.timer, 0);
	timer_set_in(&distant.timer, INT64_MAX);
	for (size_t i = 1; i <= 5; i++) {
		CHECK_INT(loop_turn(a.loop, true), 0);
		CHECK_INT(a.text.len, i);
	}
	timer_stop(&actor.timer);
	timer_stop(&distant.timer);
}

static void test_many_timers(void)
{
	_cleanup_(account_release) struct account a;
	static struct actor actors[1000];

	account_init(&a);
	for (size_t i = 0; i < ARRAY_SIZE(actors); i++) {
		actor_init(&actors[i], &a, 'a');
		timer_set_in(&actors[i].timer, (int64_t)(i * 7919 % 20));
		if (i % 3 == 0)
			timer_set_in(&actors[i].timer, (int64_t)(i * 104729 % 20));
		if (i % 10 == 0)
			timer_stop(&actors[i].timer);
	}
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_INT(a.text.len, 900);
}

static void test_turn_order(void)
{
	_cleanup_(account_release) struct account a;
	struct actor watcher, timer;
	int pipe_fds[2];

	account_init(&a);
	REQUIRE(pipe(pipe_fds) == 0);
	actor_init(&watcher, &a, 'w');
	actor_init(&timer, &a, 't');
	watcher.fd = pipe_fds[0];
	REQUIRE(watch_new(a.loop, pipe_fds[0], on_watch, &watcher, &watcher.watch) == 0);
	CHECK_INT(watch_set(watcher.watch, WATCH_READ), 0);
	CHECK_INT(write(pipe_fds[1], "xy", 2), 2);
	timer_set_in(&timer.timer, 0);
	CHECK_INT(loop_turn(a.loop, true), 0);
	/* The watch, the timer, and what the watch deferred. */
	CHECK_STR(buf_span(&a.text), "wtw");
	CHECK_INT(watch_set(watcher.watch, 0), 0);
	CHECK_INT(loop_turn(a.loop, false), 0);
	CHECK_STR(buf_span(&a.text), "wtw");
	CHECK_INT(watch_set(watcher.watch, WATCH_READ), 0);
	CHECK_INT(loop_turn(a.loop, false), 0);
	CHECK_STR(buf_span(&a.text), "wtwww");
	watch_free(watcher.watch);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void test_deferred(void)
{
	_cleanup_(account_release) struct account a;
	struct actor first, second;

	account_init(&a);
	actor_init(&first, &a, 'a');
	actor_init(&second, &a, 'b');
	first.next = &second;
	deferred_ask(&first.deferred);
	deferred_ask(&first.deferred);
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_STR(buf_span(&a.text), "ab");
	deferred_ask(&first.deferred);
	deferred_stop(&first.deferred);
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_STR(buf_span(&a.text), "ab");
}

/* One that asks for itself runs once a turn, and the next turn does not sleep. */
static void test_deferred_again(void)
{
	_cleanup_(account_release) struct account a;
	struct actor actor;

	account_init(&a);
	actor_init(&actor, &a, 'a');
	actor.again_ms = 0;
	deferred_ask(&actor.deferred);
	for (size_t i = 1; i <= 5; i++) {
		CHECK_INT(loop_turn(a.loop, true), 0);
		CHECK_INT(a.text.len, i);
	}
	deferred_stop(&actor.deferred);
}

static void on_both(void *arg, unsigned ready)
{
	struct actor *actor = arg;

	buf_add_char(&actor->account->text, ready & WATCH_READ ? 'r' : 'w');
	actor->watch = watch_free(actor->watch);
}

/* Readable and writable at once, and freed in the first call. */
static void test_watch_freed_inside(void)
{
	_cleanup_(account_release) struct account a;
	struct actor actor;
	int pipe_fds[2];

	account_init(&a);
	actor_init(&actor, &a, 'a');
	REQUIRE(pipe(pipe_fds) == 0);
	REQUIRE(watch_new(a.loop, pipe_fds[1], on_both, &actor, &actor.watch) == 0);
	CHECK_INT(watch_set(actor.watch, WATCH_READ | WATCH_WRITE), 0);
	close(pipe_fds[0]); /* now the other end is ready for anything, in vain */
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_INT(a.text.len, 1);
	close(pipe_fds[1]);
}

static void on_signal(void *arg, int signo)
{
	struct account *a = arg;

	CHECK_INT(signo, SIGUSR1);
	buf_add_char(&a->text, 's');
	loop_stop(a->loop);
}

static void test_signal_stops(void)
{
	_cleanup_(account_release) struct account a;
	struct actor actor;

	account_init(&a);
	actor_init(&actor, &a, 'a');
	timer_set_in(&actor.timer, 60000);
	CHECK_INT(loop_on_signal(a.loop, SIGUSR1, on_signal, &a), 0);
	CHECK_INT(kill(getpid(), SIGUSR1), 0);
	CHECK_INT(loop_run(a.loop), 0);
	CHECK_STR(buf_span(&a.text), "s");
	timer_stop(&actor.timer);
}

/* Signals alone do not keep the loop. */
static void test_signal_does_not_hold(void)
{
	_cleanup_(account_release) struct account a;

	account_init(&a);
	CHECK_INT(loop_on_signal(a.loop, SIGUSR1, on_signal, &a), 0);
	CHECK_INT(loop_run(a.loop), 0);
}

static void test_clocks(void)
{
	_cleanup_(account_release) struct account a;
	int64_t wall, mono;

	account_init(&a);
	wall = loop_now_wall(a.loop);
	mono = loop_now_mono(a.loop);
	CHECK(wall >= INT64_C(1700000000000) && wall <= io_wall_now());
	while (io_mono_now() < mono + 2)
		;
	CHECK_INT(loop_now_mono(a.loop), mono);
	CHECK_INT(loop_now_wall(a.loop), wall);
	wait_until(a.loop, mono + 2);
	CHECK(loop_now_mono(a.loop) >= mono + 2);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"nothing to do", test_nothing_to_do},
		{"timers in order", test_timers_in_order},
		{"a timer is never early", test_timer_never_early},
		{"timers move", test_timer_moves},
		{"a timer stops another that is due", test_timer_stops_another},
		{"a timer sets itself again", test_timer_again},
		{"many timers", test_many_timers},
		{"the order of a turn", test_turn_order},
		{"deferred calls", test_deferred},
		{"a deferred call asks again", test_deferred_again},
		{"a watch is freed inside its call", test_watch_freed_inside},
		{"a signal stops the loop", test_signal_stops},
		{"signals alone do not hold the loop", test_signal_does_not_hold},
		{"clocks", test_clocks},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
