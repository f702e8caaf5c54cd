/* SPDX-License-Identifier: MIT */
#include "codec/find_terms.h"

#include "find_fold.h"
#include "identifier_text.h"

/* Letters of the kinds of identifiers that have a term. */
static const char key_letters[IDENTIFIER_COUNT] = {
	[IDENTIFIER_CARD] = 'c',
	[IDENTIFIER_EMAIL] = 'e',
	[IDENTIFIER_PHONE] = 'p',
	[IDENTIFIER_ORDER] = 'o',
};

struct span find_kind_name(char letter)
{
	switch (letter) {
	case 'c':
		return SPAN_LIT("card");
	case 'e':
		return SPAN_LIT("email");
	case 'n':
		return SPAN_LIT("name");
	case 'o':
		return SPAN_LIT("order");
	default:
		return SPAN_LIT("phone");
	}
}

/* ---- inputs ------------------------------------------------------------------------------ */

static void add_input(struct buf *out, char letter, struct span text)
{
	if (text.len == 0)
		return;
	buf_add_char(out, letter);
	buf_add_block(out, text);
}

void find_inputs(const struct journey *j, struct buf *out)
{
	/* 1 and 2 are halves of a name. */
	static const char letters[TRAIT_COUNT] = {[TRAIT_EMAIL] = 'e',
		[TRAIT_PHONE] = 'p',
		[TRAIT_NAME] = 'n',
		[TRAIT_FIRST_NAME] = '1',
		[TRAIT_LAST_NAME] = '2'};

	for (size_t i = 0; i < TRAIT_COUNT; i++)
		add_input(out, letters[i], text_span(j->traits[i]));
	for (size_t i = 0; i < j->n_orders_kept; i++)
		add_input(out, 'o', text_span(j->orders[i].id));
}

/* ---- terms ------------------------------------------------------------------------------- */

struct making {
	const struct identity *identity;
	struct arena *arena;
	struct find_terms terms;
};

static int add_term(struct making *m, char letter, struct span folded)
{
	struct find_terms *t = &m->terms;
	char *term;

	if (folded.len == 0)
		return 0;
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 16;
		struct span *items = arena_alloc(m->arena, cap * sizeof(*items));

		if (!items)
			return -ENOMEM;
		if (t->n > 0)
			memcpy(items, t->items, t->n * sizeof(*items));
		t->items = items;
		t->cap = cap;
	}
	folded = find_cut(folded, FIND_TERM_MAX);
	term = arena_alloc(m->arena, folded.len + 2);
	if (!term)
		return -ENOMEM;
	term[0] = letter;
	term[1] = ':';
	memcpy(term + 2, folded.ptr, folded.len);
	t->items[t->n++] = span_of(term, folded.len + 2);
	return 0;
}

/* From each word on. */
static int add_name(struct making *m, struct span name)
{
	struct span folded = SPAN_EMPTY;
	int r = find_fold_name(name, m->arena, &folded);

	for (size_t i = 0; r == 0 && folded.len > 0 && i < FIND_WORDS_MAX; i++) {
		const char *blank = memchr(folded.ptr, ' ', folded.len);
		size_t word = blank ? (size_t)(blank - folded.ptr) + 1 : folded.len;

		r = add_term(m, 'n', folded);
		folded = span_of(folded.ptr + word, folded.len - word);
	}
	return r;
}

static int add_code(struct making *m, char letter, struct span text)
{
	struct span folded = SPAN_EMPTY;
	int r = find_fold_code(text, m->arena, &folded);

	return r ? r : add_term(m, letter, folded);
}

static int add_email(struct making *m, struct span text)
{
	struct span normal = SPAN_EMPTY;
	int r = email_normal(0, text_trim(text), m->arena, &normal);

	return r ? r : add_term(m, 'e', normal);
}

static int add_phone(struct making *m, struct span text)
{
	struct span normal = SPAN_EMPTY;
	int r = phone_normal(m->identity->country, text_trim(text), m->arena, &normal);

	return r ? r : add_code(m, 'p', normal);
}

static int add_text(struct making *m, char letter, struct span text)
{
	switch (letter) {
	case 'e':
		return add_email(m, text);
	case 'p':
		return add_phone(m, text);
	case 'n':
		return add_name(m, text);
	default:
		return add_code(m, letter, text);
	}
}

static int add_key(struct making *m, struct span key)
{
	const struct identity_kind *kind = &m->identity->kinds[identity_kind_of(m->identity, key)];
	struct span value = identity_value(m->identity, key);

	if (kind->what >= IDENTIFIER_COUNT || !key_letters[kind->what])
		return 0;
	/* The key of an address is its normal form already, by the shop's rules. */
	return kind->what == IDENTIFIER_EMAIL ? add_term(m, 'e', value)
					      : add_code(m, key_letters[kind->what], value);
}

/* What is known in two halves is one name. */
static int add_halves(struct making *m, struct span first, struct span last)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;

	buf_add_span(&name, first);
	buf_add_char(&name, ' ');
	buf_add_span(&name, last);
	return buf_failed(&name) < 0 ? -ENOMEM : add_name(m, buf_span(&name));
}

static int add_inputs(struct making *m, struct span inputs)
{
	struct span first = SPAN_EMPTY, last = SPAN_EMPTY;
	int r = 0;

	while (inputs.len > 0 && r == 0) {
		struct span text = SPAN_EMPTY;
		uint8_t letter = 0;

		r = span_take_byte(&inputs, &letter);
		r = r ? r : span_take_block(&inputs, &text);
		assert(r == 0); /* find_inputs wrote it */
		if (letter == '1')
			first = text;
		else if (letter == '2')
			last = text;
		else
			r = add_text(m, (char)letter, text);
	}
	return r || first.len + last.len == 0 ? r : add_halves(m, first, last);
}

static int compare_terms(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return span_compare(*x, *y);
}

int find_terms_make(const struct identity *identity, struct span key, struct span inputs,
	struct arena *arena, struct find_terms *ret_terms)
{
	struct making m = {.identity = identity, .arena = arena};
	size_t n = 0;
	int r = add_key(&m, key);

	r = r ? r : add_inputs(&m, inputs);
	if (r)
		return r;
	if (m.terms.n > 1)
		qsort(m.terms.items, m.terms.n, sizeof(*m.terms.items), compare_terms);
	for (size_t i = 0; i < m.terms.n; i++)
		if (n == 0 || !span_equal(m.terms.items[n - 1], m.terms.items[i]))
			m.terms.items[n++] = m.terms.items[i];
	m.terms.n = n;
	*ret_terms = m.terms;
	return 0;
}

int find_order_term(struct span number, struct arena *arena, struct span *ret_term)
{
	struct making m = {.arena = arena};
	struct span folded;
	int r = find_fold_code(number, arena, &folded);

	if (r == 0 && folded.len <= FIND_TERM_MAX)
		r = add_term(&m, 'o', folded);
	if (r == 0)
		*ret_term = m.terms.n > 0 ? m.terms.items[0] : SPAN_EMPTY;
	return r;
}

/* ---- prefixes ---------------------------------------------------------------------------- */

static int add_prefix(
	struct find_prefixes *p, char letter, bool plus, struct span folded, struct arena *arena)
{
	size_t len = plus ? 3 : 2;
	char *text;

	if (folded.len == 0 || find_characters(folded) < FIND_PREFIX_MIN)
		return 0;
	text = arena_alloc(arena, len + folded.len);
	if (!text)
		return -ENOMEM;
	text[0] = letter;
	text[1] = ':';
	text[len - 1] = plus ? '+' : ':';
	memcpy(text + len, folded.ptr, folded.len);
	assert(p->n < ARRAY_SIZE(p->items));
	p->items[p->n++] = find_cut(span_of(text, len + folded.len), 2 + FIND_TERM_MAX);
	return 0;
}

/* A number as people write it: `+49 (30) 12-34`, `0049 30`, `030` at home in COUNTRY. */
static int add_phone_prefixes(
	struct find_prefixes *p, const char *country, struct span text, struct arena *arena)
{
	char *digits = arena_alloc(arena, text.len + 1);
	struct span number, home = SPAN_EMPTY;
	size_t n = 0;
	int r = 0, order;

	if (!digits)
		return -ENOMEM;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c >= '0' && c <= '9')
			digits[n++] = c;
		else if (!strchr(" ()-/.", c) && !(c == '+' && n == 0))
			return 0;
	}
	number = span_of(digits, n);
	if (span_starts(number, SPAN_LIT("00")))
		number = span_of(digits + 2, n - 2);
	if (text.ptr[0] != '+' && find_characters(number) >= FIND_PREFIX_MIN)
		r = phone_begin_at_home(country, span_of(digits, n), arena, &home);
	order = span_compare(home, number);
	if (r == 0 && order < 0)
		r = add_prefix(p, 'p', true, home, arena);
	r = r ? r : add_prefix(p, 'p', true, number, arena);
	if (r == 0 && order > 0)
		r = add_prefix(p, 'p', true, home, arena);
	return r || text.ptr[0] == '+' ? r : add_prefix(p, 'p', false, span_of(digits, n), arena);
}

/* Is there a character that is neither a digit nor of those that numbers are written with? */
static bool has_letters(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!strchr("0123456789 +()-/.#", text.ptr[i]))
			return true;
	return false;
}

int find_prefixes_of(const char *country, struct span text, struct arena *arena,
	struct find_prefixes *ret_prefixes)
{
	struct find_prefixes p = {.n = 0};
	struct span code, email, name = SPAN_EMPTY;
	bool at = memchr(text.ptr ? text.ptr : "", '@', text.len);
	int r;

	if (text.len > FIND_PREFIX_MAX)
		return FIND_TOO_LONG;
	if (!find_is_text(text))
		return FIND_NO_TEXT;
	text = text_trim(text);
	if (text.len == 0)
		return FIND_TOO_SHORT;
	r = find_fold_code(text, arena, &code);
	r = r ? r : email_normal(0, text, arena, &email);
	r = r ? r : find_fold_name(text, arena, &name);
	if (r == 0 && !at)
		r = add_prefix(&p, 'c', false, code, arena);
	if (r == 0 && !memchr(text.ptr, ' ', text.len))
		r = add_prefix(&p, 'e', false, email, arena);
	if (r == 0 && !at && has_letters(text))
		r = add_prefix(&p, 'n', false, name, arena);
	if (r == 0 && !at)
		r = add_prefix(&p, 'o', false, code, arena);
	r = r ? r : add_phone_prefixes(&p, country, text, arena);
	if (r)
		return r;
	*ret_prefixes = p;
	return p.n ? 0 : FIND_TOO_SHORT;
}

bool find_prefixes_match(const struct find_prefixes *p, struct span term)
{
	for (size_t i = 0; i < p->n; i++)
		if (span_starts(term, p->items[i]))
			return true;
	return false;
}
