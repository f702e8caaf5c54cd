/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include "base/instant.h"

#define ASK(...)                                                                                   \
	tool_ask(t, redis, (const struct span[]){__VA_ARGS__},                                     \
		sizeof((const struct span[]){__VA_ARGS__}) / sizeof(struct span), a)

static struct span day_key(struct buf *out, uint32_t p, int64_t day)
{
	buf_reset(out);
	key_add_day(out, p, day * MS_DAY);
	return buf_span(out);
}

/* More sources and reasons than there is room for are not told apart. */
static void add_bad(struct figures *f, struct span source, struct span reason, uint64_t n)
{
	struct bad_figure *b = f->bad;

	while (b < f->bad + f->n_bad && !(span_is(source, b->source) && span_is(reason, b->reason)))
		b++;
	if (b == f->bad + BAD_FIGURES_MAX || source.len >= sizeof(b->source) ||
		reason.len >= sizeof(b->reason))
		return;
	if (b == f->bad + f->n_bad) {
		*b = (struct bad_figure){.n = 0};
		memcpy(b->source, source.ptr, source.len);
		memcpy(b->reason, reason.ptr, reason.len);
		f->n_bad++;
	}
	b->n += n;
}

static void add_counter(struct figures *f, struct span name, struct span text)
{
	struct span source, reason;
	uint64_t n;

	if (span_to_u64(text, UINT64_MAX, &n) != 0)
		return;
	if (span_is(name, "late_cancel_after_send"))
		f->late += n;
	if (bad_counter_parse(name, &source, &reason))
		add_bad(f, source, reason, n);
	for (int c = 0; c < COUNTER_COUNT; c++)
		if (span_equal(name, counter_name((enum counter)c)))
			f->counters[c] += n;
}

int figures_read(struct tool *t, struct redis *redis, int64_t first_day, int64_t n_days,
	struct figures *ret_figures)
{
	_cleanup_(arena_release) struct arena arena;
	struct arena *a = &arena;
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	struct figures *sum = ret_figures;

	*sum = (struct figures){.late = 0};
	arena_init(&arena);
	for (uint32_t p = 0; p < t->program.dataset.partitions; p++) {
		for (int64_t day = first_day; day < first_day + n_days; day++) {
			const struct redis_value *v =
				ASK(SPAN_LIT("HGETALL"), day_key(&key, p, day));

			if (!v)
				return -1;
			for (size_t i = 0; i + 1 < v->n_items; i += 2)
				add_counter(sum, v->items[i].text, v->items[i + 1].text);
			arena_reset(&arena);
		}
	}
	return 0;
}

/* `marketing/ready` */
static void add_jobs(struct job_figures *f, struct span name, struct span text)
{
	const char *slash = name.len ? memchr(name.ptr, '/', name.len) : NULL;
	struct job_figure *j = f->list;
	struct span class, state;
	uint64_t n;

	if (!slash || span_to_u64(text, UINT64_MAX, &n) != 0 || n == 0)
		return;
	class = span_of(name.ptr, (size_t)(slash - name.ptr));
	state = span_of(slash + 1, name.len - class.len - 1);
	while (j < f->list + f->n && !(span_is(class, j->class) && span_is(state, j->state)))
		j++;
	if (j == f->list + JOB_FIGURES_MAX || class.len >= sizeof(j->class) ||
		state.len >= sizeof(j->state))
		return;
	if (j == f->list + f->n) {
		*j = (struct job_figure){.n = 0};
		memcpy(j->class, class.ptr, class.len);
		memcpy(j->state, state.ptr, state.len);
		f->n++;
	}
	j->n += n;
}

static int by_class(const void *a, const void *b)
{
	const struct job_figure *x = a, *y = b;
	int order = strcmp(x->class, y->class);

	return order ? order : strcmp(x->state, y->state);
}

int jobs_read(struct tool *t, struct redis *redis, struct job_figures *ret_jobs)
{
	_cleanup_(arena_release) struct arena arena;
	struct arena *a = &arena;
	_cleanup_(buf_release) struct buf key = BUF_INIT;

	ret_jobs->n = 0;
	arena_init(&arena);
	for (uint32_t p = 0; p < t->program.dataset.partitions; p++) {
		const struct redis_value *v;

		buf_reset(&key);
		key_add(&key, p, "jobn");
		v = ASK(SPAN_LIT("HGETALL"), buf_span(&key));
		if (!v)
			return -1;
		for (size_t i = 0; i + 1 < v->n_items; i += 2)
			add_jobs(ret_jobs, v->items[i].text, v->items[i + 1].text);
		arena_reset(&arena);
	}
	qsort(ret_jobs->list, ret_jobs->n, sizeof(ret_jobs->list[0]), by_class);
	return 0;
}

static int64_t number(struct span s)
{
	uint64_t n;

	return span_to_u64(s, INT64_MAX, &n) == 0 ? (int64_t)n : 0;
}

/* The id of the first entry in a reply of XRANGE or XREVRANGE; 0-0 if there is none. */
static struct log_id first_id(const struct redis_value *v)
{
	struct log_id id = {0};

	if (v->n_items > 0 && v->items[0].n_items > 0)
		(void)log_id_parse(v->items[0].items[0].text, &id);
	return id;
}

static int read_position(
	struct tool *t, struct redis *redis, uint32_t p, struct partition_figures *f)
{
	_cleanup_(arena_release) struct arena arena;
	struct arena *a = &arena;
	_cleanup_(buf_release) struct buf pos = BUF_INIT, lease = BUF_INIT, bad = BUF_INIT;
	const struct redis_value *v, *held, *n_bad;

	arena_init(&arena);
	key_add(&pos, p, "pos");
	key_add(&lease, p, "lease");
	key_add(&bad, p, "bad");
	v = ASK(SPAN_LIT("HMGET"), buf_span(&pos), SPAN_LIT("epoch"), SPAN_LIT("id"),
		SPAN_LIT("clock"));
	held = v ? ASK(SPAN_LIT("EXISTS"), buf_span(&lease)) : NULL;
	n_bad = held ? ASK(SPAN_LIT("XLEN"), buf_span(&bad)) : NULL;
	if (!n_bad || v->n_items != 3)
		return -1;
	f->epoch = (uint64_t)number(v->items[0].text);
	if (v->items[1].text.len)
		(void)log_id_parse(v->items[1].text, &f->applied);
	f->clock = number(v->items[2].text);
	f->leased = held->integer == 1;
	f->bad = (uint64_t)n_bad->integer;
	return 0;
}

static int read_log(struct tool *t, struct redis *redis, uint32_t p, struct partition_figures *f)
{
	_cleanup_(arena_release) struct arena arena;
	struct arena *a = &arena;
	_cleanup_(buf_release) struct buf in = BUF_INIT;
	const struct redis_value *length, *last, *next;
	char after[LOG_ID_SIZE + 1] = "(";
	struct log_id oldest;

	arena_init(&arena);
	key_add(&in, p, "in");
	log_id_format(f->applied, after + 1);
	length = ASK(SPAN_LIT("XLEN"), buf_span(&in));
	last = length ? ASK(SPAN_LIT("XREVRANGE"), buf_span(&in), SPAN_LIT("+"), SPAN_LIT("-"),
				SPAN_LIT("COUNT"), SPAN_LIT("1"))
		      : NULL;
	next = last ? ASK(SPAN_LIT("XRANGE"), buf_span(&in), span_str(after), SPAN_LIT("+"),
			      SPAN_LIT("COUNT"), SPAN_LIT("1"))
		    : NULL;
	if (!next)
		return -1;
	f->length = (uint64_t)length->integer;
	f->last = first_id(last);
	oldest = first_id(next);
	f->oldest_at = oldest.ms ? (int64_t)oldest.ms : TIME_NEVER;
	return 0;
}

/* The oldest that is applied and not archived. */
static int read_unarchived(
	struct tool *t, struct redis *redis, uint32_t p, struct partition_figures *f)
{
	_cleanup_(arena_release) struct arena arena;
	struct arena *a = &arena;
	_cleanup_(buf_release) struct buf in = BUF_INIT;
	char after[LOG_ID_SIZE + 1] = "(", until[LOG_ID_SIZE];
	const struct redis_value *v;
	struct log_id id;

	arena_init(&arena);
	key_add(&in, p, "in");
	log_id_format(f->archived, after + 1);
	log_id_format(f->applied, until);
	if (log_id_compare(f->archived, f->applied) >= 0)
		return 0;
	v = ASK(SPAN_LIT("XRANGE"), buf_span(&in), span_str(after), span_str(until),
		SPAN_LIT("COUNT"), SPAN_LIT("1"));
	if (!v)
		return -1;
	id = first_id(v);
	if (id.ms)
		f->unarchived_at = (int64_t)id.ms;
	return 0;
}

static int read_archive(
	struct tool *t, struct redis *redis, uint32_t p, struct partition_figures *f)
{
	_cleanup_(arena_release) struct arena arena;
	struct arena *a = &arena;
	_cleanup_(buf_release) struct buf arch = BUF_INIT;
	const struct redis_value *v;
	struct span trouble;
	size_t n;

	arena_init(&arena);
	key_add(&arch, p, "arch");
	v = ASK(SPAN_LIT("HMGET"), buf_span(&arch), SPAN_LIT("epoch"), SPAN_LIT("id"),
		SPAN_LIT("lines"), SPAN_LIT("bytes"), SPAN_LIT("trouble"));
	if (!v || v->n_items != 5)
		return -1;
	f->has_archive = v->items[0].text.len > 0;
	if (!f->has_archive)
		return 0;
	if (v->items[1].text.len)
		(void)log_id_parse(v->items[1].text, &f->archived);
	f->archived_lines = (uint64_t)number(v->items[2].text);
	f->archived_bytes = (uint64_t)number(v->items[3].text);
	trouble = v->items[4].text;
	n = trouble.len < sizeof(f->archive_trouble) ? trouble.len : sizeof(f->archive_trouble) - 1;
	if (n > 0)
		memcpy(f->archive_trouble, trouble.ptr, n);
	return read_unarchived(t, redis, p, f);
}

int partition_read(
	struct tool *t, struct redis *redis, uint32_t p, struct partition_figures *ret_figures)
{
	struct partition_figures f = {.oldest_at = TIME_NEVER, .unarchived_at = TIME_NEVER};

	if (read_position(t, redis, p, &f) < 0 || read_log(t, redis, p, &f) < 0 ||
		read_archive(t, redis, p, &f) < 0)
		return -1;
	*ret_figures = f;
	return 0;
}

int server_time(struct tool *t, struct redis *redis, int64_t *ret_now)
{
	_cleanup_(arena_release) struct arena arena;
	struct arena *a = &arena;
	const struct redis_value *v;

	arena_init(&arena);
	v = ASK(SPAN_LIT("TIME"));
	if (!v || v->n_items != 2)
		return -1;
	*ret_now = number(v->items[0].text) * MS_SECOND + number(v->items[1].text) / 1000;
	return 0;
}
