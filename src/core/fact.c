/* SPDX-License-Identifier: MIT */
/* The tables of facts: paths, types, words. */
#include "core/fact.h"

#include "core/job_channel.h"

struct row {
	const char *path;
	enum fact_type type;
	const char *words;
};

static const struct row fixed[FACT_FIXED_COUNT] = {
#define X(ID, PATH, TYPE, WORDS) [FACT_##ID] = {PATH, FACT_##TYPE, WORDS},
	CUSTOMER_FACTS(X)
#undef X
};

static const struct row of_things[THING_FACT_MARKS] = {
#define X(ID, NAME, TYPE, WORDS) [THING_FACT_##ID] = {NAME, FACT_##TYPE, WORDS},
	THING_FACTS(X)
#undef X
};

/* Of fact N of a thing: which kind, which member. */
static enum thing_kind kind_of(size_t n)
{
	return (enum thing_kind)((n - FACT_THING) / THING_FACTS_EACH);
}

static size_t member_of(size_t n)
{
	return (n - FACT_THING) % THING_FACTS_EACH;
}

/* The name of the mark that N is; empty if N is no mark. */
static struct span mark_of(size_t n)
{
	enum thing_kind kind = kind_of(n);

	if (member_of(n) < THING_FACT_MARKS || kind == THING_KIND_COUNT)
		return SPAN_EMPTY;
	return thing_mark_name(kind, (unsigned)(member_of(n) - THING_FACT_MARKS));
}

bool fact_is(size_t n)
{
	if (n < FACT_THING)
		return true;
	if (n >= FACT_SPENT)
		return n < FACT_COUNT;
	return member_of(n) < THING_FACT_MARKS || mark_of(n).len > 0;
}

struct span fact_currency(size_t n, char buf[3])
{
	n -= FACT_SPENT;
	for (size_t i = 3; i-- > 0; n /= 26)
		buf[i] = (char)('A' + n % 26);
	return span_of(buf, 3);
}

static size_t find_currency(struct span name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] < 'A' || name.ptr[i] > 'Z')
			return FACT_COUNT;
		n = n * 26 + (size_t)(name.ptr[i] - 'A');
	}
	return name.len == 3 ? FACT_SPENT + n : FACT_COUNT;
}

void fact_path(size_t n, struct buf *out)
{
	if (n < FACT_CONSENT) {
		buf_add_str(out, fixed[n].path);
	} else if (n < FACT_THING) {
		bool consent = n < FACT_REACH;

		buf_add_str(out, consent ? "consent." : "reach.");
		buf_add_span(out, job_channel_name((enum job_channel)(
					  n - (consent ? FACT_CONSENT : FACT_REACH))));
	} else if (n >= FACT_SPENT) {
		char currency[3];

		buf_add_str(out, "value.");
		buf_add_span(out, fact_currency(n, currency));
	} else {
		enum thing_kind kind = kind_of(n);

		buf_add_span(
			out, kind == THING_KIND_COUNT ? SPAN_LIT("thing") : thing_kind_name(kind));
		buf_add_str(out, ".");
		if (member_of(n) < THING_FACT_MARKS) {
			buf_add_str(out, of_things[member_of(n)].path);
		} else {
			buf_add_span(out, mark_of(n));
			buf_add_str(out, "_at");
		}
	}
}

enum fact_type fact_type(size_t n)
{
	if (n < FACT_CONSENT)
		return fixed[n].type;
	if (n < FACT_THING)
		return FACT_BOOL;
	if (n >= FACT_SPENT)
		return FACT_NUMBER;
	return member_of(n) < THING_FACT_MARKS ? of_things[member_of(n)].type : FACT_INSTANT;
}

const char *fact_words(size_t n)
{
	unsigned flags;

	if (n < FACT_CONSENT)
		return fixed[n].words;
	if (n < FACT_REACH)
		return "may be sent marketing that way, as far as they said";
	if (n < FACT_THING)
		return "would be reached that way";
	if (n >= FACT_SPENT)
		return "totals of the orders kept that are in this currency, added up";
	if (member_of(n) < THING_FACT_MARKS)
		return of_things[member_of(n)].words;
	flags = thing_mark_flags(kind_of(n), (unsigned)(member_of(n) - THING_FACT_MARKS));
	return flags & THING_LATEST ? "when it happened last" : "when it happened first";
}

static bool after(struct span path, const char *prefix, struct span *ret_rest)
{
	size_t len = strlen(prefix);

	if (path.len <= len || memcmp(path.ptr, prefix, len) != 0)
		return false;
	*ret_rest = span_of(path.ptr + len, path.len - len);
	return true;
}

static size_t find_member(enum thing_kind kind, struct span name)
{
	size_t base = FACT_THING + (size_t)kind * THING_FACTS_EACH;

	for (size_t i = 0; i < THING_FACT_MARKS; i++)
		if (span_is(name, of_things[i].path))
			return base + i;
	if (kind == THING_KIND_COUNT || name.len <= 3 ||
		memcmp(name.ptr + name.len - 3, "_at", 3) != 0)
		return FACT_COUNT;
	name.len -= 3;
	for (unsigned i = 0; i < THING_MARKS_MAX; i++)
		if (name.len > 0 && span_equal(thing_mark_name(kind, i), name))
			return base + THING_FACT_MARKS + i;
	return FACT_COUNT;
}

size_t fact_find(struct span path)
{
	const char *dot;
	struct span rest, head;
	enum thing_kind kind;
	enum job_channel channel;

	for (size_t i = 0; i < FACT_FIXED_COUNT; i++)
		if (span_is(path, fixed[i].path))
			return i;
	if (after(path, "consent.", &rest) || after(path, "reach.", &rest)) {
		channel = job_channel_of(rest);
		if (channel == JOB_CHANNEL_COUNT)
			return FACT_COUNT;
		return (path.ptr[0] == 'c' ? FACT_CONSENT : FACT_REACH) + channel;
	}
	if (after(path, "value.", &rest))
		return find_currency(rest);
	dot = path.len ? memchr(path.ptr, '.', path.len) : NULL;
	if (!dot)
		return FACT_COUNT;
	head = span_of(path.ptr, (size_t)(dot - path.ptr));
	rest = span_of(dot + 1, path.len - head.len - 1);
	for (kind = 0; kind < THING_KIND_COUNT; kind++)
		if (span_equal(thing_kind_name(kind), head))
			return find_member(kind, rest);
	return span_is(head, "thing") ? find_member(THING_KIND_COUNT, rest) : FACT_COUNT;
}
