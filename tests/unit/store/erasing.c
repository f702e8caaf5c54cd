/* SPDX-License-Identifier: MIT */
#include "erasing.h"

#include "codec/gone_name.h"
#include "store/entry_fields.h"
#include "store/entry_match.h"

#define SALT	  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define RECEIPT	  "0123456789abcdef"
#define NAMES_MAX 16

/* Whose names. */
struct names {
	const char *const *list;
	size_t n;
};

static int knows(void *user, struct span key, bool *ret_known)
{
	const struct names *names = user;

	for (size_t i = 0; i < names->n; i++)
		*ret_known = *ret_known || span_is(key, names->list[i]);
	return 0;
}

void erasing_tell(struct world *w, enum message_kind kind, const char *const *names, size_t n)
{
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = kind,
		.reason = SPAN_LIT(RECEIPT),
		.salt = SPAN_LIT(SALT)};
	unsigned char list[NAMES_MAX * GONE_NAME_SIZE];

	REQUIRE(n <= NAMES_MAX);
	for (size_t i = 0; i < n; i++)
		CHECK_INT(gone_name(SPAN_LIT(SALT), span_str(names[i]), list + i * GONE_NAME_SIZE),
			0);
	for (uint32_t p = 0; p < PARTS; p++)
		world_tell(w, p, &m, span_of((const char *)list, n * GONE_NAME_SIZE));
}

static void tell_one(struct world *w, enum message_kind kind, const char *key)
{
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = kind,
		.to = span_str(key),
		.of = kind == MESSAGE_ERASE ? span_str(key) : SPAN_EMPTY,
		.reason = SPAN_LIT(RECEIPT)};

	world_tell(w, partition_of(m.to, PARTS), &m, SPAN_EMPTY);
}

void erasing_empty(struct world *w, const char *key)
{
	tell_one(w, MESSAGE_ERASE, key);
}

/* Words of staff about it leave with what they are about. */
static bool is_word(struct span message)
{
	_cleanup_(arena_release) struct arena a;
	struct message m;

	arena_init(&a);
	return message.len > 0 && message_parse(message, &a, &m) == 0 &&
	       (m.kind == MESSAGE_SUPPRESS || m.kind == MESSAGE_LIFT || m.kind == MESSAGE_SCRUB);
}

/* False: E goes. What takes a value's place lies in the shore's arena. */
static bool sweep_entry(struct shore *s, struct entry_match *match, struct log_entry *e)
{
	struct archive_field fields[] = {{SPAN_LIT("e"), e->event}, {SPAN_LIT("m"), e->meta},
		{SPAN_LIT("x"), e->message}, {SPAN_LIT("b"), e->record}};
	struct archive_field there[ARRAY_SIZE(fields)];
	enum theirs theirs = THEIRS_NOT;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].value.len > 0)
			there[n++] = fields[i];
	CHECK_INT(entry_whose(match, there, n, &theirs), 0);
	if (theirs != THEIRS_NOT || is_word(e->message))
		return false;
	r = entry_scrub(match, there, n, &s->arena);
	CHECK(r == 0 || r == SCRUB_CLEAN);
	if (r == 0)
		entry_fields_put(there, n, e);
	return true;
}

static void sweep_log(struct shore *s, struct entry_match *match)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_log; i++)
		if (sweep_entry(s, match, &s->log[i]))
			s->log[n++] = s->log[i];
	s->n_log = n;
}

static void sweep_snapshots(struct shore *s, struct entry_match *match)
{
	for (size_t i = 0; i < s->n_snapshots; i++) {
		_cleanup_(buf_release) struct buf clean = BUF_INIT;
		struct world_snapshot *at = &s->snapshots[i];

		if (scrub_value(match->scrubber, match->packer, span_of(at->bytes, at->len),
			    &clean) != 0)
			continue;
		free(at->bytes);
		at->bytes = span_dup(buf_span(&clean));
		at->len = buf_span(&clean).len;
	}
}

void erasing_sweep(struct world *w, const char *const *names, size_t n, const char *const *others,
	size_t n_others)
{
	struct names theirs = {names, n};
	struct entry_match match;

	REQUIRE(entry_match_init(&match, &IDENTITY_DEFAULT, knows, &theirs) == 0);
	for (uint32_t p = 0; p < PARTS; p++) {
		sweep_log(&w->shores[p], &match);
		sweep_snapshots(&w->shores[p], &match);
	}
	entry_match_release(&match);
	for (size_t i = 0; i < n_others; i++)
		tell_one(w, MESSAGE_SCRUB, others[i]);
	world_settle(w);
	/* That leaves the log, too. */
	for (uint32_t p = 0; p < PARTS; p++)
		while (w->shores[p].n_log > 0 &&
			is_word(w->shores[p].log[w->shores[p].n_log - 1].message))
			w->shores[p].n_log--;
}

void erasing_do(struct world *w, const char *const *names, size_t n, const char *const *others,
	size_t n_others)
{
	erasing_tell(w, MESSAGE_SUPPRESS, names, n);
	world_settle(w);
	for (size_t i = 0; i < n; i++)
		erasing_empty(w, names[i]);
	world_settle(w);
	erasing_sweep(w, names, n, others, n_others);
}
