/* SPDX-License-Identifier: MIT */
#include "redis_probe.h"

static void probe_up(void *user)
{
	struct probe *p = user;

	p->n_up++;
	if (p->free_in_up)
		p->redis = redis_free(p->redis);
}

static void probe_down(void *user, const char *reason)
{
	struct probe *p = user;

	p->n_down++;
	(void)snprintf(p->reason, sizeof(p->reason), "%s", reason);
	if (p->free_in_down)
		p->redis = redis_free(p->redis);
}

void probe_reply(void *user, const struct redis_value *reply)
{
	struct probe *p = user;

	p->n_replies++;
	if (!reply) {
		p->n_unknown++;
		p->up_at_answer = p->up_at_answer || redis_is_up(p->redis);
	} else if (reply->type == REDIS_ERROR) {
		p->n_errors++;
	}
	if (reply && reply->text.ptr)
		(void)snprintf(p->last, sizeof(p->last), "%s", reply->text.ptr);
	if (p->free_in_reply) {
		p->free_in_reply = false;
		redis_free(p->redis);
	}
}

void probe_number(void *user, const struct redis_value *reply)
{
	struct probe *p = user;
	uint64_t n = 0;

	if (!reply || span_to_u64(reply->text, UINT64_MAX, &n) != 0 || n != p->next)
		p->in_order = false;
	p->next++;
	p->n_replies++;
}

int probe_start(struct probe *p, const char *address, struct redis_options *options)
{
	struct redis_options defaults;
	int r;

	*p = (struct probe){.in_order = true};
	if (!options) {
		redis_options_init(&defaults);
		options = &defaults;
	}
	if (redis_address_parse(span_str(address), &options->address) != 0)
		return -EINVAL;
	options->user = p;
	options->on_up = probe_up;
	options->on_down = probe_down;
	r = loop_new(&p->loop);
	return r < 0 ? r : redis_new(p->loop, options, &p->redis);
}

void probe_stop(struct probe *p)
{
	p->redis = redis_free(p->redis);
	p->loop = loop_free(p->loop);
}

static void on_bell(void *user)
{
	*(bool *)user = true;
}

void probe_turn_until(struct probe *p, const size_t *count, size_t n, int64_t ms)
{
	struct timer timer;
	bool over = false;

	timer_init(&timer, p->loop, on_bell, &over);
	CHECK(timer_set_in(&timer, ms) == 0);
	while (*count < n && !over)
		CHECK(loop_turn(p->loop, true) == 0);
	timer_stop(&timer);
}

void probe_turn_for(struct probe *p, int64_t ms)
{
	const size_t never = 0;

	probe_turn_until(p, &never, 1, ms);
}

int probe_command(struct probe *p, redis_reply_fn fn, const char *words)
{
	struct span args[16];
	size_t n = 0;

	while (*words) {
		size_t len = strcspn(words, " ");

		args[n++] = span_of(words, len);
		words += len + (words[len] == ' ');
	}
	return redis_command(p->redis, fn, p, args, n);
}
