/* SPDX-License-Identifier: MIT */
#include "store/find_query.h"

#include "codec/find_terms.h"
#include "query_impl.h"
#include "store/keys.h"

struct find;

/* A member of an index, and who that came to. */
struct hit {
	struct find *find;
	char *member; /* owned */
	struct span term, key;
	struct found found; /* but for the matches; customer empty: nobody */
	bool later;	    /* they have a term before this one, and were shown there */
};

struct find {
	struct query_source *source;
	struct find_ask ask;
	struct arena arena;
	struct find_prefixes prefixes;
	struct hit hits[FIND_LIMIT_MAX + 1]; /* the first so many of what came back */
	size_t n_hits;
	struct found list[FIND_LIMIT_MAX];
	size_t n;
	size_t unanswered;
	bool whole;
	int r;
};

static struct find *find_free(struct find *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < f->n_hits; i++)
		free(f->hits[i].member);
	arena_release(&f->arena);
	free(f);
	return NULL;
}

static void find_freep(struct find **f)
{
	*f = find_free(*f);
}

static struct span member_of(const struct hit *h)
{
	return span_of(h->member, h->term.len + 1 + h->key.len);
}

/* The first thing that went wrong is the answer. */
static void note(struct find *f, int r)
{
	if (f->r == 0)
		f->r = r;
}

/* ---- the answer -------------------------------------------------------------------------- */

static struct found *listed(struct find *f, struct span customer)
{
	for (size_t i = 0; i < f->n; i++)
		if (span_equal(f->list[i].customer, customer))
			return &f->list[i];
	return NULL;
}

static void list_hit(struct find *f, const struct hit *h)
{
	struct found *found = listed(f, h->found.customer);

	if (!found && h->later)
		return;
	if (!found) {
		found = &f->list[f->n++];
		*found = h->found;
	}
	found->matches[found->n_matches++] = (struct find_match){
		find_kind_name(h->term.ptr[0]), span_of(h->term.ptr + 2, h->term.len - 2)};
}

static void answer(struct find *f)
{
	struct query_source *s = f->source;
	size_t n = f->n_hits < f->ask.limit ? f->n_hits : f->ask.limit;
	struct find_answer a = {.list = f->list, .whole = f->whole};

	for (size_t i = 0; i < n && f->r == 0; i++)
		if (f->hits[i].found.customer.len > 0)
			list_hit(f, &f->hits[i]);
	a.n = f->n;
	if (f->n_hits > n)
		a.next = member_of(&f->hits[n - 1]);
	f->ask.fn(f->ask.user, f->r, f->r == 0 ? &a : NULL);
	find_free(f);
	query_source_done(s);
}

/* ---- who it is --------------------------------------------------------------------------- */

/* Does NODE, with INPUTS, have a term that matches and, with NODE, stands before that of H? */
static int stands_before(struct hit *h, struct span node, struct span inputs, bool *ret_before)
{
	struct find *f = h->find;
	struct find_terms terms;
	int r = find_terms_make(f->source->identity, node, inputs, &f->arena, &terms);

	for (size_t i = 0; r == 0 && i < terms.n && !*ret_before; i++) {
		int order = span_compare(terms.items[i], h->term);

		*ret_before = find_prefixes_match(&f->prefixes, terms.items[i]) &&
			      (order < 0 || (order == 0 && span_compare(node, h->key) < 0));
	}
	return r;
}

static int judge_later(struct hit *h, const struct journey *j, struct span inputs)
{
	int r = stands_before(h, text_span(j->customer), inputs, &h->later);

	for (size_t i = 0; r == 0 && i < j->n_ids && !h->later; i++)
		if (j->ids[i].state == ID_LINKED)
			r = stands_before(h, text_span(j->ids[i].key), SPAN_EMPTY, &h->later);
	return r;
}

/* Is H's term one that its key still has? The index was read a moment ago. */
static int judge_there(struct hit *h, const struct journey *j, struct span inputs, bool *ret_there)
{
	bool own = span_equal(h->key, text_span(j->customer));
	struct find *f = h->find;
	struct find_terms terms;
	int r = find_terms_make(
		f->source->identity, h->key, own ? inputs : SPAN_EMPTY, &f->arena, &terms);

	*ret_there = false;
	for (size_t i = 0; r == 0 && i < terms.n && !*ret_there; i++)
		*ret_there = span_equal(terms.items[i], h->term);
	return r;
}

static int copy(struct find *f, struct span text, struct span *ret_copy)
{
	if (text.len == 0)
		return 0;
	*ret_copy = arena_copy(&f->arena, text);
	return ret_copy->ptr ? 0 : -ENOMEM;
}

static int copy_name(struct find *f, const struct journey *j, struct span *ret_name)
{
	struct span first = text_span(j->traits[TRAIT_FIRST_NAME]);
	struct span last = text_span(j->traits[TRAIT_LAST_NAME]);
	_cleanup_(buf_release) struct buf both = BUF_INIT;

	if (j->traits[TRAIT_NAME].len > 0)
		return copy(f, text_span(j->traits[TRAIT_NAME]), ret_name);
	buf_add_span(&both, first);
	if (first.len && last.len)
		buf_add_char(&both, ' ');
	buf_add_span(&both, last);
	return buf_failed(&both) < 0 ? -ENOMEM : copy(f, buf_span(&both), ret_name);
}

static int take_journey(struct hit *h, const struct journey *j)
{
	_cleanup_(buf_release) struct buf inputs = BUF_INIT;
	struct found *found = &h->found;
	struct find *f = h->find;
	bool there = false;
	int r;

	find_inputs(j, &inputs);
	r = buf_failed(&inputs);
	r = r ? r : judge_there(h, j, buf_span(&inputs), &there);
	if (r == 0 && there && f->whole)
		r = judge_later(h, j, buf_span(&inputs));
	if (r || !there)
		return r;
	r = copy_name(f, j, &found->name);
	r = r ? r : copy(f, text_span(j->traits[TRAIT_EMAIL]), &found->email);
	r = r ? r : copy(f, text_span(j->traits[TRAIT_PHONE]), &found->phone);
	found->n_orders = j->n_orders;
	found->last_at = j->last_at;
	return r ? r : copy(f, text_span(j->customer), &found->customer);
}

static void on_hit(void *user, int r, const struct query_answer *a)
{
	struct hit *h = user;
	struct find *f = h->find;

	/* Whose key is gone may by now be typed for somebody else's. */
	if (r == 0 && span_equal(a->matched, h->key))
		r = take_journey(h, a->record->journey);
	if (r != 0 && r != QUERY_NO_CUSTOMER)
		note(f, r);
	if (--f->unanswered == 0)
		answer(f);
}

static bool is_wanted(void *user)
{
	const struct hit *h = user;

	return !h->find->ask.wanted || h->find->ask.wanted(h->find->ask.user);
}

static void ask_hits(struct find *f)
{
	size_t n = f->n_hits < f->ask.limit ? f->n_hits : f->ask.limit;

	/* One more than there are, so that none of the answers is the last before all are asked. */
	f->unanswered = 1;
	for (size_t i = 0; i < n && f->r == 0; i++) {
		const struct query_ask ask = {.id = f->hits[i].key,
			.fn = on_hit,
			.user = &f->hits[i],
			.wanted = is_wanted};
		int r;

		f->hits[i].find = f;
		r = query_customer(f->source, &ask);
		if (r == 0)
			f->unanswered++;
		else
			note(f, r);
	}
	if (--f->unanswered == 0)
		answer(f);
}

/* ---- the index --------------------------------------------------------------------------- */

/* MEMBER into its place among the first; false: it comes behind them, and so do those after it. */
static bool keep(struct find *f, struct span member)
{
	const char *end = memchr(member.ptr, '\0', member.len);
	size_t max = f->ask.limit + 1, i = f->n_hits;
	struct hit h = {.find = f};

	if (!end || end - member.ptr < 3) {
		note(f, QUERY_CORRUPT);
		return false;
	}
	while (i > 0 && span_compare(member, member_of(&f->hits[i - 1])) < 0)
		i--;
	if (i == max)
		return false;
	h.member = span_dup(member);
	if (!h.member) {
		note(f, -ENOMEM);
		return false;
	}
	h.term = span_of(h.member, (size_t)(end - member.ptr));
	h.key = span_of(h.member + h.term.len + 1, member.len - h.term.len - 1);
	if (f->n_hits == max)
		free(f->hits[--f->n_hits].member);
	memmove(&f->hits[i + 1], &f->hits[i], (f->n_hits - i) * sizeof(h));
	f->hits[i] = h;
	f->n_hits++;
	return true;
}

static void answered(struct find *f)
{
	if (--f->unanswered > 0)
		return;
	if (f->r == 0 && f->ask.wanted && !f->ask.wanted(f->ask.user))
		note(f, QUERY_UNWANTED);
	ask_hits(f);
}

/* Is REPLY of the type that it must be? */
static bool good(struct find *f, const struct redis_value *reply, enum redis_type type)
{
	if (!reply)
		note(f, QUERY_AWAY);
	else if (reply->type == REDIS_ERROR) {
		query_source_refused(f->source, reply);
		note(f, QUERY_REFUSED);
	} else if (reply->type != type)
		note(f, QUERY_CORRUPT);
	return reply && reply->type == type;
}

static void on_members(void *user, const struct redis_value *reply)
{
	struct find *f = user;

	if (good(f, reply, REDIS_ARRAY))
		for (size_t i = 0; i < reply->n_items; i++)
			if (!keep(f, reply->items[i].text))
				break;
	answered(f);
}

static void on_whole(void *user, const struct redis_value *reply)
{
	struct find *f = user;

	f->whole = reply && reply->type == REDIS_STRING;
	answered(f);
}

static void on_noted(void *user, const struct redis_value *reply)
{
	struct find *f = user;

	if (!audit_was_noted(reply))
		note(f, FIND_NOT_NOTED);
	answered(f);
}

/* ---- asking ------------------------------------------------------------------------------ */

static int sent(struct find *f, int r)
{
	f->unanswered += r == 0;
	return query_sent(r);
}

static int ask_members(struct find *f, uint32_t partition, struct span prefix)
{
	struct redis *redis = f->source->redis;
	bool from_after = span_starts(f->ask.after, prefix);
	char key[32];
	char *end;

	if (!from_after && span_compare(f->ask.after, prefix) > 0)
		return 0;
	end = arena_alloc(&f->arena, prefix.len + 1);
	if (!end)
		return -ENOMEM;
	memcpy(end, prefix.ptr, prefix.len);
	end[prefix.len] = '\xff';
	(void)snprintf(key, sizeof(key), "wm:{p%u}:find", (unsigned)partition);
	redis_begin(redis, 7);
	redis_arg_str(redis, "ZRANGEBYLEX");
	redis_arg_str(redis, key);
	redis_arg2(redis, from_after ? SPAN_LIT("(") : SPAN_LIT("["),
		from_after ? f->ask.after : prefix);
	redis_arg2(redis, SPAN_LIT("("), span_of(end, prefix.len + 1));
	redis_arg_str(redis, "LIMIT");
	redis_arg_str(redis, "0");
	redis_arg_u64(redis, f->ask.limit + 1);
	return sent(f, redis_end(redis, on_members, f));
}

static int ask_whole(struct find *f)
{
	const struct span args[] = {SPAN_LIT("HGET"), SPAN_LIT("wm:meta"), SPAN_LIT("find")};

	return sent(f, redis_command(f->source->redis, on_whole, f, args, ARRAY_SIZE(args)));
}

/* What was asked, without it. */
static void shape_of(struct span text, char *out, size_t size)
{
	const char *what = memchr(text.ptr, '@', text.len) ? "address" : "number";

	for (size_t i = 0; i < text.len && what[0] == 'n'; i++)
		if (!strchr("0123456789 +()-/.#", text.ptr[i]))
			what = "text";
	(void)snprintf(out, size, "%s of %zu bytes", what, text.len);
}

static int note_search(struct find *f)
{
	char shape[64];
	const struct audit_entry entry = {.who = f->ask.who,
		.what = f->ask.reason.len ? "reveal" : "search",
		.shape = shape,
		.of = f->ask.prefix,
		.reason = f->ask.reason};

	shape_of(f->ask.prefix, shape, sizeof(shape));
	return sent(f, audit_add(f->ask.audit, &entry, on_noted, f));
}

/* What did not leave has no answer. Of what did, the answers are waited for. */
static int ask_all(struct find *f)
{
	int r = note_search(f);

	if (r == 0)
		r = ask_whole(f);
	for (uint32_t p = 0; r == 0 && p < f->source->partitions; p++)
		for (size_t i = 0; r == 0 && i < f->prefixes.n; i++)
			r = ask_members(f, p, f->prefixes.items[i]);
	if (r == 0)
		return 0;
	note(f, r);
	return f->unanswered > 0 ? 0 : r;
}

static int find_new(struct query_source *s, const struct find_ask *ask, struct find **ret_find)
{
	_cleanup_(find_freep) struct find *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	arena_init(&f->arena);
	f->source = s;
	f->ask = *ask;
	r = copy(f, ask->prefix, &f->ask.prefix);
	r = r ? r : copy(f, ask->after, &f->ask.after);
	r = r ? r : find_prefixes_of(s->identity->country, f->ask.prefix, &f->arena, &f->prefixes);
	if (r != 0)
		return r < 0 ? r : FIND_BAD_PREFIX;
	*ret_find = f;
	f = NULL;
	return 0;
}

int find_query(struct query_source *s, const struct find_ask *ask)
{
	_cleanup_(find_freep) struct find *f = NULL;
	int r;

	assert(ask->limit >= 1 && ask->limit <= FIND_LIMIT_MAX);
	if (s->partitions == 0 || !redis_is_up(s->redis))
		return QUERY_AWAY;
	if (!audit_is_open(ask->audit))
		return FIND_NOT_NOTED;
	r = find_new(s, ask, &f);
	r = r ? r : ask_all(f);
	if (r != 0)
		return r;
	s->pending++;
	f = NULL;
	return 0;
}
