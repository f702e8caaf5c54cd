/* SPDX-License-Identifier: MIT */
#include "doctor_erasures.h"

#include "base/instant.h"
#include "store/receipt.h"

/* A large shop takes minutes. */
#define ERASURE_MS  MS_HOUR
#define ARCHIVER_MS (5 * MS_MINUTE)

struct waiting {
	uint64_t n;
	int64_t since;
	char first[RECEIPT_LEN + 1]; /* the receipt of the oldest */
	uint64_t elsewhere;	     /* those whose files nobody has shown yet */
};

/* The number in the receipt's FIELD; 0 if there is none. */
static uint64_t number(const struct redis_value *receipt, size_t field)
{
	uint64_t n = 0;

	if (field < receipt->n_items)
		(void)span_to_u64(receipt->items[field].text, INT64_MAX, &n);
	return n;
}

static int look_at(struct tool *t, struct redis *redis, struct span name, struct waiting *w)
{
	_cleanup_(arena_release) struct arena a;
	char key[64];
	const struct span args[] = {SPAN_LIT("HMGET"),
		span_of(key, (size_t)snprintf(
				     key, sizeof(key), "wm:erasure:%.*s", RECEIPT_LEN, name.ptr)),
		SPAN_LIT("finished_at"), SPAN_LIT("asked_at"), SPAN_LIT("a:elsewhere")};
	const struct redis_value *v;
	int64_t at;

	arena_init(&a);
	v = tool_ask(t, redis, args, ARRAY_SIZE(args), &a);
	if (!v)
		return -1;
	at = (int64_t)(number(v, 0) ? number(v, 0) : number(v, 1));
	w->n++;
	w->elsewhere += number(v, 2) > 0;
	if (at < w->since) {
		w->since = at;
		(void)snprintf(w->first, sizeof(w->first), "%.*s", RECEIPT_LEN, name.ptr);
	}
	return 0;
}

/* All receipts in SET. 0, or -1 when a sentence was said. */
static int look_at_set(struct tool *t, struct redis *redis, struct span set, struct waiting *w)
{
	_cleanup_(arena_release) struct arena a;
	const struct span args[] = {SPAN_LIT("SMEMBERS"), set};
	const struct redis_value *v;
	int r = 0;

	*w = (struct waiting){.since = TIME_NEVER};
	arena_init(&a);
	v = tool_ask(t, redis, args, ARRAY_SIZE(args), &a);
	for (size_t i = 0; v && i < v->n_items && r == 0; i++)
		if (receipt_name_is(v->items[i].text))
			r = look_at(t, redis, v->items[i].text, w);
	return v ? r : -1;
}

static void add_since(const struct waiting *w, int64_t now, struct buf *words)
{
	char text[DURATION_SIZE];
	int64_t age = now > w->since ? now - w->since : 0;

	duration_format(age / MS_SECOND * MS_SECOND, text);
	buf_printf(words, ", the first since %s (receipt %s)", text, w->first);
}

static enum archive_finding say_working(const struct waiting *w, int64_t now, struct buf *words)
{
	bool late = now - w->since > ERASURE_MS;

	buf_printf(words, "%llu %s not finished", (unsigned long long)w->n,
		w->n == 1 ? "erasure is" : "erasures are");
	add_since(w, now, words);
	buf_add_str(words, late ? ": ask for it again (waymark customer erase), it goes on where "
				  "it stopped. "
				: ". ");
	return late ? ARCHIVE_WRONG : ARCHIVE_ABSENT;
}

static enum archive_finding say_orders(
	const struct waiting *w, int64_t now, int64_t every_ms, struct buf *words)
{
	bool late = now - w->since > 2 * every_ms + ARCHIVER_MS;

	buf_printf(words, "%llu %s for the archive", (unsigned long long)w->n,
		w->n == 1 ? "erasure waits" : "erasures wait");
	add_since(w, now, words);
	if (w->elsewhere > 0)
		buf_printf(words,
			": of %llu there are files that are not in the archive's directory; run "
			"`waymark archive scrub DIR` where they are, and `waymark archive run`.",
			(unsigned long long)w->elsewhere);
	else
		buf_add_str(words, late ? ": is `waymark archive run` running? Its log says what "
					  "it cannot do."
					: "; `waymark archive run` carries them out.");
	return w->elsewhere > 0 || late ? ARCHIVE_WRONG : ARCHIVE_ABSENT;
}

enum archive_finding doctor_erasures(
	struct tool *t, struct redis *redis, int64_t now, int64_t every_ms, struct buf *words)
{
	enum archive_finding f = ARCHIVE_FINE, worse = ARCHIVE_FINE;
	struct waiting working, orders;

	if (look_at_set(t, redis, SPAN_LIT("wm:erasing"), &working) < 0 ||
		look_at_set(t, redis, SPAN_LIT("wm:orders"), &orders) < 0) {
		buf_add_str(words, "The receipts cannot be read.");
		return ARCHIVE_WRONG;
	}
	if (working.n > 0)
		f = say_working(&working, now, words);
	if (orders.n > 0)
		worse = say_orders(&orders, now, every_ms, words);
	if (working.n + orders.n == 0)
		buf_add_str(words, "No erasure waits for anything.");
	return worse > f ? worse : f;
}
