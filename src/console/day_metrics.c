/* SPDX-License-Identifier: MIT */
#include "day_metrics.h"

#include "core/effect.h"
#include "program/metrics.h"
#include "store/keys.h"

#define BAD_MAX 512 /* pairs of source and reason that are told apart */

struct bad_count {
	char name[BAD_COUNTER_SIZE];
	uint64_t n;
};

/* What was counted. */
struct counts {
	uint64_t counters[COUNTER_COUNT];
	struct bad_count bad[BAD_MAX];
	size_t n_bad;
};

struct day_metrics {
	struct counts last, next;
	size_t n_waiting; /* answers of the fetch that is under way */
	bool failed;	  /* one of them did not come */
	bool known;	  /* `last` is */
};

static void add_bad(struct counts *a, struct span name, uint64_t n)
{
	struct bad_count *b = a->bad;

	while (b < a->bad + a->n_bad && !span_is(name, b->name))
		b++;
	if (b == a->bad + BAD_MAX || name.len >= sizeof(b->name))
		return;
	if (b == a->bad + a->n_bad) {
		memcpy(b->name, name.ptr, name.len);
		b->name[name.len] = '\0';
		b->n = 0;
		a->n_bad++;
	}
	b->n += n;
}

static void add_counter(struct counts *a, struct span name, uint64_t n)
{
	struct span source, reason;

	if (bad_counter_parse(name, &source, &reason))
		add_bad(a, name, n);
	for (int c = 0; c < COUNTER_COUNT; c++)
		if (span_equal(name, counter_name((enum counter)c)))
			a->counters[c] += n;
}

void day_metrics_add(const struct day_metrics *m, struct buf *out)
{
	static const char today[] = "waymark_today_total";
	static const char bad[] = "waymark_today_quarantined_total";
	const struct counts *last = &m->last;

	if (!m->known)
		return;
	metrics_head(out, today, "counter", "What was done since midnight UTC, by kind.");
	for (int c = 0; c < COUNTER_COUNT; c++) {
		struct span name = counter_name((enum counter)c);

		buf_printf(out, "%s{kind=\"%.*s\"} %llu\n", today, (int)name.len, name.ptr,
			(unsigned long long)last->counters[c]);
	}
	metrics_head(out, bad, "counter",
		"Put into quarantine since midnight UTC, by source and reason.");
	for (size_t i = 0; i < last->n_bad; i++) {
		struct span source, reason;

		(void)bad_counter_parse(span_str(last->bad[i].name), &source, &reason);
		buf_printf(out, "%s{source=\"%.*s\",reason=\"%.*s\"} %llu\n", bad, (int)source.len,
			source.ptr, (int)reason.len, reason.ptr,
			(unsigned long long)last->bad[i].n);
	}
}

static void finish_one(struct day_metrics *m)
{
	if (--m->n_waiting > 0 || m->failed)
		return;
	m->last = m->next;
	m->known = true;
}

static void on_day(void *user, const struct redis_value *reply)
{
	struct day_metrics *m = user;

	if (!reply || reply->type != REDIS_ARRAY)
		m->failed = true;
	for (size_t i = 0; !m->failed && i + 1 < reply->n_items; i += 2) {
		uint64_t n;

		if (span_to_u64(reply->items[i + 1].text, UINT64_MAX, &n) == 0)
			add_counter(&m->next, reply->items[i].text, n);
	}
	finish_one(m);
}

/* 0, or as redis_end. */
static int ask(struct day_metrics *m, struct redis *redis, uint32_t partition, int64_t now)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	int r;

	key_add_day(&key, partition, now);
	if (buf_failed(&key) < 0)
		return -ENOMEM;
	redis_begin(redis, 2);
	redis_arg(redis, SPAN_LIT("HGETALL"));
	redis_arg(redis, buf_span(&key));
	r = redis_end(redis, on_day, m);
	if (r == 0)
		m->n_waiting++;
	return r;
}

int day_metrics_new(struct day_metrics **ret_metrics)
{
	*ret_metrics = calloc(1, sizeof(**ret_metrics));
	return *ret_metrics ? 0 : -ENOMEM;
}

struct day_metrics *day_metrics_free(struct day_metrics *m)
{
	free(m);
	return NULL;
}

void day_metrics_freep(struct day_metrics **m)
{
	*m = day_metrics_free(*m);
}

void day_metrics_refresh(
	struct day_metrics *m, struct redis *redis, uint32_t partitions, int64_t now)
{
	if (m->n_waiting > 0 || !redis_is_up(redis))
		return;
	m->next = (struct counts){.n_bad = 0};
	m->failed = false;
	m->n_waiting = 1; /* ourselves: no answer is the last while we still ask */
	for (uint32_t p = 0; p < partitions && !m->failed; p++)
		m->failed = ask(m, redis, p, now) < 0;
	finish_one(m);
}
