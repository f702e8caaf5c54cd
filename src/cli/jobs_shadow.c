/* SPDX-License-Identifier: MIT */
#include "jobs_shadow.h"

#include "base/instant.h"
#include "codec/json_scan.h"
#include "json_match.h"
#include "store/keys.h"

struct shadow_count {
	int64_t day;
	struct span rule;
	uint64_t shadow, holdout;
};

bool shadow_list_init(struct shadow_list *l, const char *day)
{
	static const uint64_t seed[2] = {0x73686164, 0x6f773a29};
	char text[INSTANT_SIZE];
	int64_t at = 0;

	arena_init(&l->arena);
	map_init(&l->by_name, seed);
	l->day = INT64_MIN;
	if (!day[0])
		return true;
	if (strlen(day) != 10 ||
		snprintf(text, sizeof(text), "%sT00:00:00Z", day) >= (int)sizeof(text) ||
		instant_parse(span_str(text), &at) != 0)
		return false;
	l->day = at / MS_DAY;
	return true;
}

void shadow_list_release(struct shadow_list *l)
{
	arena_release(&l->arena);
	map_release(&l->by_name);
	free(l->list);
}

/* ---- one by one ---------------------------------------------------------------------------- */

static struct span text_of(const struct job_entry *e, const char *name)
{
	struct json_value v = json_member(e->json, name);

	return v.type == JSON_TYPE_STRING ? json_content(&v) : SPAN_EMPTY;
}

static struct span short_time(int64_t at, char out[INSTANT_SIZE])
{
	instant_format(at, out);
	out[10] = ' ';
	return span_of(out, 19);
}

void shadow_list_head(const struct shadow_list *l)
{
	static const struct {
		const char *text;
		unsigned width;
	} heads[] = {{"DUE (UTC)", 19}, {"BECAUSE", 7}, {"RULE", 22}, {"VERSION", 8},
		{"CUSTOMER", 20}, {"KEY", 20}, {"CHANNEL", 7}, {"PRIORITY", 8}, {"WORDS", 0}};

	if (l->json || l->counts)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		cell(l->cells, span_str(heads[i].text), heads[i].width, BOLD);
	cells_end(l->cells);
}

static enum colour priority_colour(enum priority_class priority)
{
	static const enum colour colours[] = {
		[PRIORITY_LOW] = DIM, [PRIORITY_MEDIUM] = PLAIN, [PRIORITY_HIGH] = RED};

	return colours[priority];
}

static void print_row(
	const struct shadow_list *l, const struct job_entry *e, const struct job_view *v)
{
	const struct cells *c = l->cells;
	struct span because = text_of(e, "because");
	char time[INSTANT_SIZE];

	cell(c, short_time(v->fire_at, time), 19, DIM);
	cell(c, because, 7, span_is(because, "holdout") ? YELLOW : MAGENTA);
	cell(c, v->rule, 22, PLAIN);
	cell(c, text_of(e, "version"), 8, DIM);
	cell(c, v->customer, 20, CYAN);
	cell(c, v->key, 20, PLAIN);
	cell(c, v->channel, 7, PLAIN);
	cell(c, priority_name(v->priority), 8, priority_colour(v->priority));
	cell(c, text_of(e, "words"), 0, PLAIN);
	cells_end(c);
}

/* ---- counted ------------------------------------------------------------------------------- */

static struct shadow_count *count_new(struct shadow_list *l, struct span name)
{
	struct shadow_count *count = arena_calloc(&l->arena, 1, sizeof(*count));
	struct span key = arena_copy(&l->arena, name);

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct shadow_count **list = realloc(l->list, cap * sizeof(struct shadow_count *));

		if (!list)
			return NULL;
		l->list = list;
		l->cap = cap;
	}
	if (!count || !key.ptr || map_put(&l->by_name, key, count) < 0)
		return NULL;
	l->list[l->n++] = count;
	return count;
}

static void count_one(
	struct shadow_list *l, const struct job_entry *e, const struct job_view *v, int64_t day)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	struct shadow_count *count;

	buf_printf(&name, "%lld ", (long long)day);
	buf_add_span(&name, v->rule);
	count = buf_failed(&name) < 0 ? NULL : map_get(&l->by_name, buf_span(&name));
	if (!count && buf_failed(&name) == 0) {
		count = count_new(l, buf_span(&name));
		if (count) {
			count->day = day;
			count->rule = arena_copy(&l->arena, v->rule);
		}
	}
	l->failed = l->failed || !count || !count->rule.ptr;
	if (l->failed)
		return;
	if (span_is(text_of(e, "because"), "holdout"))
		count->holdout++;
	else
		count->shadow++;
}

void shadow_list_show(struct shadow_list *l, const struct job_entry *e, const struct job_view *v)
{
	int64_t day = (v->fire_at - ((v->fire_at % MS_DAY) + MS_DAY) % MS_DAY) / MS_DAY;

	if (v->fire_at == INT64_MIN || (l->day != INT64_MIN && l->day != day))
		return;
	if (l->counts)
		count_one(l, e, v, day);
	else if (l->json)
		printf("%.*s\n", (int)e->json.len, e->json.ptr);
	else
		print_row(l, e, v);
}

/* ---- the end ------------------------------------------------------------------------------- */

static int by_day(const void *a, const void *b)
{
	const struct shadow_count *x = *(struct shadow_count *const *)a;
	const struct shadow_count *y = *(struct shadow_count *const *)b;

	return x->day != y->day ? (x->day > y->day) - (x->day < y->day)
				: span_compare(x->rule, y->rule);
}

static void print_counts(const struct shadow_list *l)
{
	static const char *const heads[] = {"DAY (UTC)", "RULE", "SHADOW", "HELD OUT"};
	static const unsigned widths[] = {10, 24, 9, 9};
	const struct cells *c = l->cells;
	char day[INSTANT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		cell(c, span_str(heads[i]), widths[i], BOLD);
	cells_end(c);
	for (size_t i = 0; i < l->n; i++) {
		instant_format(l->list[i]->day * MS_DAY, day);
		cell(c, span_of(day, 10), 10, DIM);
		cell(c, l->list[i]->rule, 24, CYAN);
		cell_number(c, l->list[i]->shadow, 9);
		cell_number(c, l->list[i]->holdout, 9);
		cells_end(c);
	}
}

static int print_counts_json(const struct shadow_list *l, uint64_t kept, uint64_t written)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	char day[INSTANT_SIZE];

	buf_add_str(&out, "{\"days\":[");
	for (size_t i = 0; i < l->n; i++) {
		instant_format(l->list[i]->day * MS_DAY, day);
		buf_printf(&out, "%s{\"day\":\"%.10s\",\"rule\":", i ? "," : "", day);
		json_escape(l->list[i]->rule, &out);
		buf_printf(&out, ",\"shadow\":%llu,\"holdout\":%llu}",
			(unsigned long long)l->list[i]->shadow,
			(unsigned long long)l->list[i]->holdout);
	}
	buf_printf(&out, "],\"kept\":%llu,\"written\":%llu}\n", (unsigned long long)kept,
		(unsigned long long)written);
	if (buf_failed(&out) < 0)
		return -ENOMEM;
	(void)fwrite(out.ptr, 1, out.len, stdout);
	return 0;
}

/* How many entries there are in partition P, and how many there ever were. */
static int ask_kept(
	struct tool *t, struct redis *redis, uint32_t p, uint64_t *ret_kept, uint64_t *ret_written)
{
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	const struct redis_value *v;
	uint64_t kept;

	arena_init(&arena);
	key_add(&key, p, "shadow");
	if (buf_failed(&key) < 0)
		return -ENOMEM;
	v = tool_ask(t, redis, (const struct span[]){SPAN_LIT("XLEN"), buf_span(&key)}, 2, &arena);
	if (!v)
		return -EIO;
	if (v->integer <= 0)
		return 0;
	kept = (uint64_t)v->integer;
	v = tool_ask(t, redis,
		(const struct span[]){SPAN_LIT("XINFO"), SPAN_LIT("STREAM"), buf_span(&key)}, 3,
		&arena);
	if (!v)
		return -EIO;
	*ret_kept += kept;
	for (size_t i = 0; i + 1 < v->n_items; i += 2)
		if (redis_value_is(&v->items[i], "entries-added"))
			*ret_written += (uint64_t)int64_max(v->items[i + 1].integer, 0);
	return 0;
}

int shadow_list_end(struct shadow_list *l, struct tool *t, struct redis *redis)
{
	uint64_t kept = 0, written = 0;
	int r = l->failed ? -ENOMEM : 0;

	if (l->json && !l->counts)
		return t->program.status;
	for (uint32_t p = 0; p < t->program.dataset.partitions && r == 0; p++)
		r = ask_kept(t, redis, p, &kept, &written);
	if (r == -EIO)
		return STATUS_FOUND; /* that was said */
	if (l->n > 0)
		qsort(l->list, l->n, sizeof(struct shadow_count *), by_day);
	if (r == 0 && l->json)
		r = print_counts_json(l, kept, written);
	if (r < 0)
		return tool_say(&t->program, STATUS_FOUND, "out of memory.");
	if (l->counts && !l->json)
		print_counts(l);
	if (written > kept)
		(void)tool_say(&t->program, 0,
			"%llu of %llu are kept; the others are too old, or of those who were "
			"erased.",
			(unsigned long long)kept, (unsigned long long)written);
	return t->program.status;
}
