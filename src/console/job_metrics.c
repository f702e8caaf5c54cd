/* SPDX-License-Identifier: MIT */
#include "job_metrics.h"

#include "program/metrics.h"
#include "store/keys.h"

#define COUNTS_MAX 512 /* that are told apart */
#define NAME_SIZE  96
#define LATE	   "late_cancel_after_send/"

struct count {
	char name[NAME_SIZE]; /* `class/state`, or LATE and the rule */
	int64_t n;
};

struct counts {
	struct count list[COUNTS_MAX];
	size_t n;
};

struct job_metrics {
	struct counts last, next;
	size_t n_waiting; /* answers of the fetch that is under way */
	bool failed;	  /* one of them did not come */
	bool known;	  /* `last` is */
};

int job_metrics_new(struct job_metrics **ret_metrics)
{
	*ret_metrics = calloc(1, sizeof(**ret_metrics));
	return *ret_metrics ? 0 : -ENOMEM;
}

struct job_metrics *job_metrics_free(struct job_metrics *m)
{
	free(m);
	return NULL;
}

void job_metrics_freep(struct job_metrics **m)
{
	*m = job_metrics_free(*m);
}

/* Labels are words of ours and ids of rules; nothing else is shown. */
static bool is_plain(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= ' ' || name.ptr[i] == '"' || name.ptr[i] == '\\')
			return false;
	return name.len > 0 && name.len < NAME_SIZE;
}

static void add_count(struct counts *c, struct span name, int64_t n)
{
	struct count *at = c->list;

	while (at < c->list + c->n && !span_is(name, at->name))
		at++;
	if (at == c->list + COUNTS_MAX || !is_plain(name))
		return;
	if (at == c->list + c->n) {
		memcpy(at->name, name.ptr, name.len);
		at->name[name.len] = '\0';
		at->n = 0;
		c->n++;
	}
	at->n += n;
}

static bool signed_of(struct span text, int64_t *ret_n)
{
	bool negative = text.len > 1 && text.ptr[0] == '-';
	uint64_t n;

	if (negative)
		text = span_of(text.ptr + 1, text.len - 1);
	if (span_to_u64(text, INT64_MAX, &n) != 0)
		return false;
	*ret_n = negative ? -(int64_t)n : (int64_t)n;
	return true;
}

static void finish_one(struct job_metrics *m)
{
	if (--m->n_waiting > 0 || m->failed)
		return;
	m->last = m->next;
	m->known = true;
}

static void take(struct job_metrics *m, const struct redis_value *reply, bool late)
{
	if (!reply || reply->type != REDIS_ARRAY)
		m->failed = true;
	for (size_t i = 0; !m->failed && i + 1 < reply->n_items; i += 2) {
		struct span name = reply->items[i].text;
		int64_t n;

		if (span_starts(name, SPAN_LIT(LATE)) == late &&
			signed_of(reply->items[i + 1].text, &n))
			add_count(&m->next, name, n);
	}
	finish_one(m);
}

static void on_states(void *user, const struct redis_value *reply)
{
	take(user, reply, false);
}

static void on_day(void *user, const struct redis_value *reply)
{
	take(user, reply, true);
}

static int ask(struct job_metrics *m, struct redis *redis, const struct buf *key, redis_reply_fn fn)
{
	int r;

	if (buf_failed(key) < 0)
		return -ENOMEM;
	redis_begin(redis, 2);
	redis_arg(redis, SPAN_LIT("HGETALL"));
	redis_arg(redis, buf_span(key));
	r = redis_end(redis, fn, m);
	m->n_waiting += r == 0;
	return r;
}

void job_metrics_refresh(
	struct job_metrics *m, struct redis *redis, uint32_t partitions, int64_t now)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;

	if (m->n_waiting > 0 || !redis_is_up(redis))
		return;
	m->next.n = 0;
	m->failed = false;
	m->n_waiting = 1; /* ourselves: no answer is the last while we still ask */
	for (uint32_t p = 0; p < partitions && !m->failed; p++) {
		buf_reset(&key);
		key_add(&key, p, "jobn");
		m->failed = ask(m, redis, &key, on_states) < 0;
		buf_reset(&key);
		key_add_day(&key, p, now);
		m->failed = m->failed || ask(m, redis, &key, on_day) < 0;
	}
	finish_one(m);
}

void job_metrics_add(const struct job_metrics *m, struct buf *out)
{
	static const char jobs[] = "waymark_jobs";
	static const char late[] = "waymark_today_late_cancel_total";
	const struct counts *last = &m->last;

	if (!m->known)
		return;
	metrics_head(out, jobs, "gauge", "Jobs by class and state.");
	for (size_t i = 0; i < last->n; i++) {
		const char *name = last->list[i].name, *slash = strchr(name, '/');

		if (!slash || span_starts(span_str(name), SPAN_LIT(LATE)))
			continue;
		buf_printf(out, "%s{class=\"%.*s\",state=\"%s\"} %lld\n", jobs, (int)(slash - name),
			name, slash + 1, (long long)last->list[i].n);
	}
	metrics_head(out, late, "counter",
		"Messages sent since midnight UTC that late news disproved, by rule.");
	for (size_t i = 0; i < last->n; i++)
		if (span_starts(span_str(last->list[i].name), SPAN_LIT(LATE)))
			metrics_line(out, late, "rule", last->list[i].name + strlen(LATE),
				(uint64_t)int64_max(last->list[i].n, 0));
}
