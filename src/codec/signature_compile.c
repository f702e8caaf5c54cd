/* SPDX-License-Identifier: MIT */
/*
 * From a "verify" value to a plan. What a scheme may say is a table; what it does not say has the
 * default of the table; what is not in the table is refused, since a misspelt "tolerence" would
 * otherwise be no tolerance at all.
 */
#include <stdarg.h>

#include <jansson.h>

#include "base/instant.h"
#include "signature_plan.h"

#define TOLERANCE_MAX_MS (7 * MS_DAY)

struct compile {
	struct signature_plan *plan;
	struct signature_fault *fault;
	char place[32];	    /* of the scheme */
	const char *member; /* being read; NULL: the scheme itself */
	int index;	    /* of an item of it; -1: none */
};

typedef int member_fn(struct compile *c, const json_t *value, struct signature_scheme *s);

static member_fn read_header, read_algorithm, read_encoding, read_prefix, read_signed, read_key,
	read_time, read_tolerance, read_topic, read_in;

static const struct {
	const char *name;
	member_fn *read;
} members[] = {
	{"header", read_header},
	{"algorithm", read_algorithm},
	{"encoding", read_encoding},
	{"prefix", read_prefix},
	{"signed", read_signed},
	{"key", read_key},
	{"time", read_time},
	{"tolerance", read_tolerance},
	{"topic", read_topic},
	{"in", read_in},
};

/* By id: which members, which of them must be there, and what holds without the others. */
static const struct {
	const char *members[8];
	const char *required;
	const char *header;
	int64_t tolerance_ms;
} specs[] = {
	[SCHEME_HMAC] = {{"header", "algorithm", "encoding", "prefix", "signed", "key", "time",
				 "tolerance"},
		"header", NULL, 5 * MS_MINUTE},
	[SCHEME_STRIPE] = {{"header", "tolerance"}, NULL, "stripe-signature", 5 * MS_MINUTE},
	[SCHEME_STANDARD] = {{"key", "tolerance"}, NULL, NULL, 5 * MS_MINUTE},
	[SCHEME_MAILGUN] = {{"tolerance"}, NULL, NULL, MS_DAY},
	[SCHEME_SENDGRID] = {{"tolerance"}, NULL, NULL, MS_DAY},
	[SCHEME_SNS] = {{"topic", "tolerance"}, NULL, NULL, TIME_NEVER},
	[SCHEME_TWILIO] = {{NULL}, NULL, "x-twilio-signature", TIME_NEVER},
	[SCHEME_BASIC] = {{NULL}, NULL, "authorization", TIME_NEVER},
	[SCHEME_TOKEN] = {{"in", "prefix"}, "in", NULL, TIME_NEVER},
	[SCHEME_NONE] = {{NULL}, NULL, NULL, TIME_NEVER},
};

static int __attribute__((format(printf, 2, 3))) fault(struct compile *c, const char *format, ...)
{
	struct signature_fault *f = c->fault;
	va_list args;

	if (c->member && c->index >= 0)
		(void)snprintf(f->pointer, sizeof(f->pointer), "%s/%.40s/%d", c->place, c->member,
			c->index);
	else
		(void)snprintf(f->pointer, sizeof(f->pointer), "%s%s%.40s", c->place,
			c->member ? "/" : "", c->member ? c->member : "");
	va_start(args, format);
	(void)vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	return SIGNATURE_PLAN_BAD;
}

/* A text of 1 (0 if EMPTY) to MAX bytes that one line can hold. */
static int read_text(
	struct compile *c, const json_t *value, size_t max, bool empty, struct span *ret_text)
{
	struct span s;

	if (!json_is_string(value))
		return fault(c, "write a text between quotes here");
	s = span_of(json_string_value(value), json_string_length(value));
	if (s.len > max || (s.len == 0 && !empty))
		return fault(c, "a text of %d to %zu bytes can stand here", empty ? 0 : 1, max);
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return fault(c, "a control character cannot stand here");
	s = arena_copy(&c->plan->arena, s);
	if (!s.ptr)
		return -ENOMEM;
	*ret_text = s;
	return 0;
}

/* RFC 9110, section 5.6.2, in the small letters by which fields are looked up. */
static int check_header(struct compile *c, struct span name)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name.len; i++) {
		char ch = name.ptr[i];

		if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') ||
			memchr(marks, ch, sizeof(marks) - 1))
			continue;
		return fault(c, "write the name of a header field in small letters: x-signature");
	}
	if (name.len == 0 || name.len > SIGNATURE_NAME_MAX)
		return fault(c, "the name of a header field has 1 to %d characters here",
			SIGNATURE_NAME_MAX);
	return 0;
}

/* One text or a list of up to MAX. */
static int read_texts(
	struct compile *c, const json_t *value, size_t max, size_t length, struct span *ret_list)
{
	size_t n = json_is_array(value) ? json_array_size(value) : 1;
	int r = 0;

	if (n == 0 || n > max) {
		fault(c, "write one text, or a list of 1 to %zu", max);
		return -EINVAL;
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		c->index = json_is_array(value) ? (int)i : -1;
		r = read_text(c, json_is_array(value) ? json_array_get(value, i) : value, length,
			false, &ret_list[i]);
	}
	return r == 0 ? (int)n : r == -ENOMEM ? r : -EINVAL;
}

static int read_header(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	int n = read_texts(c, value, SIGNATURE_HEADERS_MAX, SIGNATURE_NAME_MAX, s->headers);
	int r = 0;

	if (n < 0)
		return n == -ENOMEM ? n : SIGNATURE_PLAN_BAD;
	s->n_headers = (size_t)n;
	for (size_t i = 0; i < s->n_headers && r == 0; i++) {
		c->index = json_is_array(value) ? (int)i : -1;
		r = check_header(c, s->headers[i]);
	}
	return r;
}

static int read_topic(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	int n = read_texts(c, value, SIGNATURE_TOPICS_MAX, SIGNATURE_TEXT_MAX, s->topics);

	if (n < 0)
		return n == -ENOMEM ? n : SIGNATURE_PLAN_BAD;
	s->n_topics = (size_t)n;
	for (size_t i = 0; i < s->n_topics; i++) {
		c->index = json_is_array(value) ? (int)i : -1;
		if (signature_secret_why(
			    &(struct signature_scheme){.id = SCHEME_SNS}, s->topics[i]))
			return fault(
				c, "write the ARN of a topic: arn:aws:sns:REGION:ACCOUNT:NAME");
	}
	return 0;
}

/* What may be written, for a message. */
struct words {
	char text[160];
	size_t used;
};

static void words_add(struct words *w, const char *between, const char *word)
{
	size_t n;

	n = w->used ? strlen(between) : 0;
	assert(w->used + n + strlen(word) < sizeof(w->text));
	memcpy(w->text + w->used, between, n);
	memcpy(w->text + w->used + n, word, strlen(word) + 1);
	w->used += n + strlen(word);
}

/* One of the words, NULL behind the last; its number. */
static int read_word(
	struct compile *c, const json_t *value, const char *const *words, int *ret_word)
{
	struct words known = {.used = 0};

	for (int i = 0; words[i]; i++) {
		if (json_is_string(value) &&
			span_is(span_of(json_string_value(value), json_string_length(value)),
				words[i])) {
			*ret_word = i;
			return 0;
		}
		words_add(&known, " or ", words[i]);
	}
	return fault(c, "write %s here, between quotes", known.text);
}

static int read_algorithm(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	static const char *const words[] = {"sha256", "sha1", "sha512", NULL};
	int word = 0;
	int r = read_word(c, value, words, &word);

	s->algorithm = (enum signature_algorithm)word;
	return r;
}

static int read_encoding(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	static const char *const words[] = {"base64", "hex", NULL};
	int word = 0;
	int r = read_word(c, value, words, &word);

	s->encoding = (enum signature_encoding)word;
	return r;
}

static int read_key(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	static const char *const words[] = {"text", "base64", "nfkd", NULL};
	static const char *const standard[] = {"text", "base64", NULL};
	int word = 0;
	int r = read_word(c, value, s->id == SCHEME_STANDARD ? standard : words, &word);

	s->key = (enum signature_key)word;
	return r;
}

static int read_prefix(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	return read_text(c, value, SIGNATURE_TEXT_MAX, true, &s->prefix);
}

/* `header.NAME` or, if IN_QUERY is not NULL, `query.NAME`: the name. */
static int read_place(struct compile *c, const json_t *value, bool *in_query, struct span *ret_name)
{
	static const struct span header = {"header.", 7}, query = {"query.", 6};
	struct span s = SPAN_EMPTY;
	int r = read_text(c, value, header.len + SIGNATURE_NAME_MAX, false, &s);

	if (r != 0)
		return r;
	if (in_query && span_starts(s, query) && s.len > query.len) {
		*in_query = true;
		*ret_name = span_of(s.ptr + query.len, s.len - query.len);
		return 0;
	}
	if (!span_starts(s, header))
		return fault(c, "write where it stands: header.NAME%s",
			in_query ? " or query.NAME" : "");
	*ret_name = span_of(s.ptr + header.len, s.len - header.len);
	return check_header(c, *ret_name);
}

static int read_time(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	return read_place(c, value, NULL, &s->time);
}

static int read_in(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	s->n_headers = 1;
	return read_place(c, value, &s->in_query, &s->headers[0]);
}

static int read_tolerance(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	struct span text = SPAN_EMPTY;
	int r = read_text(c, value, SIGNATURE_NAME_MAX, false, &text);

	if (r != 0)
		return r;
	if (duration_parse(text, &s->tolerance_ms) != 0 || s->tolerance_ms < MS_SECOND ||
		s->tolerance_ms > TOLERANCE_MAX_MS)
		return fault(c, "write a length of time from 1s to 7d: 5m");
	return 0;
}

/* What stands between braces. */
static int read_piece(struct compile *c, struct span name, struct signature_piece *ret_piece)
{
	static const struct span header = {"header.", 7};
	static const struct {
		const char *name;
		enum signature_piece_type type;
	} places[] = {{"body", PIECE_BODY}, {"item", PIECE_ITEM}, {"url", PIECE_URL}};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (span_is(name, places[i].name)) {
			*ret_piece = (struct signature_piece){places[i].type, name};
			return 0;
		}
	}
	if (!span_starts(name, header))
		return fault(c, "between braces can stand body, item, url or header.NAME; a brace "
				"itself is written {{");
	*ret_piece = (struct signature_piece){
		PIECE_HEADER, span_of(name.ptr + header.len, name.len - header.len)};
	return check_header(c, ret_piece->text);
}

static int add_piece(struct compile *c, struct signature_scheme *s, struct signature_piece piece)
{
	if (piece.type == PIECE_TEXT && piece.text.len == 0)
		return 0;
	if (s->n_pieces == SIGNATURE_PIECES_MAX)
		return fault(c, "at most %d pieces can be signed together", SIGNATURE_PIECES_MAX);
	s->pieces[s->n_pieces++] = piece;
	return 0;
}

static int read_signed(struct compile *c, const json_t *value, struct signature_scheme *s)
{
	struct span rest = SPAN_EMPTY;
	int r = read_text(c, value, SIGNATURE_TEXT_MAX, false, &rest);

	s->n_pieces = 0;
	while (r == 0 && rest.len > 0) {
		const char *brace = memchr(rest.ptr, '{', rest.len);
		size_t n = brace ? (size_t)(brace - rest.ptr) : rest.len;
		bool twice = brace && n + 1 < rest.len && brace[1] == '{';
		struct signature_piece piece = {PIECE_TEXT, span_of(rest.ptr, n + twice)};
		const char *end;

		r = add_piece(c, s, piece);
		n += brace ? 1 + (size_t)twice : 0;
		rest = span_of(rest.ptr + n, rest.len - n);
		if (r != 0 || !brace || twice)
			continue;
		end = rest.len ? memchr(rest.ptr, '}', rest.len) : NULL;
		if (!end)
			return fault(c, "a brace is not closed; a brace itself is written {{");
		n = (size_t)(end - rest.ptr);
		r = read_piece(c, span_of(rest.ptr, n), &piece);
		if (r == 0)
			r = add_piece(c, s, piece);
		rest = span_of(rest.ptr + n + 1, rest.len - n - 1);
	}
	return r;
}

static bool signs(
	const struct signature_scheme *s, enum signature_piece_type type, struct span name)
{
	for (size_t i = 0; i < s->n_pieces; i++)
		if (s->pieces[i].type == type && (!name.ptr || span_equal(s->pieces[i].text, name)))
			return true;
	return false;
}

/* What must hold between members. */
static int check_scheme(struct compile *c, struct signature_scheme *s, const json_t *value)
{
	c->index = -1;
	if (s->id != SCHEME_HMAC)
		return 0;
	c->member = "signed";
	if (!signs(s, PIECE_BODY, SPAN_EMPTY) && !signs(s, PIECE_ITEM, SPAN_EMPTY))
		return fault(c, "what is signed must have {body} or {item} in it, else anybody who "
				"saw one signature can send any body");
	c->member = "time";
	if (s->time.ptr && !signs(s, PIECE_HEADER, s->time))
		return fault(c,
			"this time is not signed, so it proves nothing; put "
			"{header.%.*s} into \"signed\" where the sender has it, or leave "
			"\"time\" out",
			(int)s->time.len, s->time.ptr);
	c->member = "tolerance";
	if (!s->time.ptr && json_object_get(value, "tolerance"))
		return fault(c, "a tolerance needs \"time\": \"header.NAME\"");
	return 0;
}

static int read_member(
	struct compile *c, const char *name, const json_t *value, struct signature_scheme *s)
{
	struct words known = {.used = 0};

	for (size_t i = 0; i < ARRAY_SIZE(specs[0].members) && specs[s->id].members[i]; i++) {
		const char *member = specs[s->id].members[i];

		for (size_t k = 0; strcmp(name, member) == 0 && k < ARRAY_SIZE(members); k++)
			if (strcmp(name, members[k].name) == 0)
				return members[k].read(c, value, s);
		words_add(&known, ", ", member);
	}
	return fault(c, "scheme %s has no such member; beside \"scheme\" it may have %s",
		signature_kinds[s->id].name, known.used ? known.text : "nothing");
}

static int scheme_of(struct compile *c, const json_t *value, enum signature_scheme_id *ret_id)
{
	const json_t *scheme = json_object_get(value, "scheme");

	c->member = scheme ? "scheme" : NULL;
	for (size_t i = 0; scheme && i < ARRAY_SIZE(specs); i++) {
		if (json_is_string(scheme) &&
			span_is(span_of(json_string_value(scheme), json_string_length(scheme)),
				signature_kinds[i].name)) {
			*ret_id = (enum signature_scheme_id)i;
			return 0;
		}
	}
	return fault(c, "write {\"scheme\": ...} with hmac, stripe, standard, mailgun, sendgrid, "
			"sns, twilio, basic, token or none");
}

static struct signature_scheme scheme_defaults(enum signature_scheme_id id)
{
	struct signature_scheme s = {.id = id, .tolerance_ms = specs[id].tolerance_ms};

	if (specs[id].header)
		s.headers[s.n_headers++] = span_str(specs[id].header);
	if (id == SCHEME_STANDARD)
		s.key = KEY_BASE64;
	if (id == SCHEME_HMAC)
		s.pieces[s.n_pieces++] = (struct signature_piece){PIECE_BODY, SPAN_LIT("body")};
	return s;
}

static int read_scheme(struct compile *c, json_t *value)
{
	struct signature_scheme *s = &c->plan->list[c->plan->n++];
	enum signature_scheme_id id = SCHEME_NONE;
	const char *name;
	json_t *member;
	int r;

	c->member = NULL;
	c->index = -1;
	if (!json_is_object(value))
		return fault(c, "write an object here: {\"scheme\": \"standard\"}");
	r = scheme_of(c, value, &id);
	if (r != 0)
		return r;
	*s = scheme_defaults(id);
	json_object_foreach(value, name, member)
	{
		c->member = name;
		c->index = -1;
		if (strcmp(name, "scheme") != 0)
			r = read_member(c, name, member, s);
		if (r != 0)
			return r;
	}
	c->member = NULL;
	if (specs[id].required && !json_object_get(value, specs[id].required))
		return fault(c, "scheme %s needs a member \"%s\"", signature_kinds[id].name,
			specs[id].required);
	if (s->id == SCHEME_HMAC && !s->time.ptr)
		s->tolerance_ms = TIME_NEVER;
	return check_scheme(c, s, value);
}

int signature_compile(
	json_t *verify, struct signature_plan **ret_plan, struct signature_fault *ret_fault)
{
	_cleanup_(signature_plan_freep) struct signature_plan *plan = calloc(1, sizeof(*plan));
	struct compile c = {.plan = plan, .fault = ret_fault, .index = -1};
	size_t n = json_is_array(verify) ? json_array_size(verify) : 1;
	int r = 0;

	if (!plan)
		return -ENOMEM;
	arena_init(&plan->arena);
	if (n == 0 || n > SIGNATURE_SCHEMES_MAX)
		return fault(&c, "write one scheme, or a list of 1 to %d", SIGNATURE_SCHEMES_MAX);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (json_is_array(verify))
			(void)snprintf(c.place, sizeof(c.place), "/%zu", i);
		r = read_scheme(&c, json_is_array(verify) ? json_array_get(verify, i) : verify);
	}
	if (r != 0)
		return r;
	*ret_plan = plan;
	plan = NULL;
	return 0;
}

static void tree_release(json_t **tree)
{
	json_decref(*tree);
}

int signature_compile_text(
	struct span verify, struct signature_plan **ret_plan, struct signature_fault *ret_fault)
{
	json_error_t error;
	_cleanup_(tree_release) json_t *tree = json_loadb(verify.len ? verify.ptr : "", verify.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (!tree && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!tree) {
		ret_fault->pointer[0] = '\0';
		(void)snprintf(ret_fault->text, sizeof(ret_fault->text), "this is not JSON: %s",
			error.text);
		return SIGNATURE_PLAN_BAD;
	}
	return signature_compile(tree, ret_plan, ret_fault);
}

struct signature_plan *signature_plan_free(struct signature_plan *p)
{
	if (p)
		arena_release(&p->arena);
	free(p);
	return NULL;
}

void signature_plan_freep(struct signature_plan **p)
{
	*p = signature_plan_free(*p);
}
