/* SPDX-License-Identifier: MIT */
/*
 * Refusals in words. A sentence is kept with two marks, `$` for the member it speaks of and `#` for
 * what that member may be, so that what a sender reads always says the limit that was applied.
 */
#include "codec/envelope.h"

struct code_row {
	const char *name;
	const char *text;
};

static const struct code_row code_rows[] = {
#define X(ID, NAME, TEXT) [ENVELOPE_##ID] = {NAME, TEXT},
	ENVELOPE_CODES(X)
#undef X
};

static const char *const field_names[] = {
#define X(ID, NAME) [ENVELOPE_##ID] = (NAME),
	ENVELOPE_FIELDS(X)
#undef X
};

static const char *const field_types[ENVELOPE_FIELD_COUNT] = {
	[ENVELOPE_NAME] = "anything",
	[ENVELOPE_TYPE] = "a string",
	[ENVELOPE_EVENT] = "a string",
	[ENVELOPE_BATCH] = "an array",
	[ENVELOPE_USER_ID] = "a string or a whole number",
	[ENVELOPE_SENT_AT] = "a string or a number",
	[ENVELOPE_TRAITS] = "an object",
	[ENVELOPE_CONTEXT] = "an object",
	[ENVELOPE_WRITE_KEY] = "a string",
	[ENVELOPE_TIMESTAMP] = "a string or a number",
	[ENVELOPE_MESSAGE_ID] = "a string or a whole number",
	[ENVELOPE_PROPERTIES] = "an object",
	[ENVELOPE_PREVIOUS_ID] = "a string or a whole number",
	[ENVELOPE_ANONYMOUS_ID] = "a string or a whole number",
	[ENVELOPE_IDENTIFIERS] = "an object of strings and whole numbers",
	[ENVELOPE_ORIGINAL_TIMESTAMP] = "a string or a number",
};

const char *envelope_code_name(enum envelope_code code)
{
	return code_rows[code].name;
}

static const size_t field_bytes[ENVELOPE_FIELD_COUNT] = {
	[ENVELOPE_USER_ID] = ENVELOPE_ID_MAX,
	[ENVELOPE_MESSAGE_ID] = MESSAGE_ID_MAX,
	[ENVELOPE_ANONYMOUS_ID] = ENVELOPE_ID_MAX,
	[ENVELOPE_IDENTIFIERS] = ENVELOPE_ID_MAX,
	[ENVELOPE_PREVIOUS_ID] = ENVELOPE_ID_MAX,
};

const char *envelope_code_words(enum envelope_code code)
{
	static const char *const general[ENVELOPE_CODE_COUNT] = {
		[ENVELOPE_TOO_MANY] = "too many events in a batch",
		[ENVELOPE_ITEM_TOO_LARGE] = "the event has too many bytes",
		[ENVELOPE_TOO_DEEP] = "the event nests too deep",
		[ENVELOPE_DUPLICATE_FIELD] = "a member stands twice",
		[ENVELOPE_WRONG_TYPE] = "a member has the wrong type",
		[ENVELOPE_TOO_LONG] = "an identifier is too long",
		[ENVELOPE_BAD_TIMESTAMP] = "a time is not an ISO 8601 date and time",
	};

	return general[code] ? general[code] : code_rows[code].text;
}

static void add_length_limit(enum envelope_field field, struct buf *out)
{
	if (field == ENVELOPE_MESSAGE_ID) {
		buf_add_u64(out, ENVELOPE_MESSAGE_ID_MAX);
		buf_add_str(out, " characters and ");
	}
	buf_add_u64(out, field_bytes[field]);
	buf_add_str(out, " bytes");
}

/* What `#` stands for. */
static void add_limit(
	const struct envelope_fault *fault, const struct envelope_limits *limits, struct buf *out)
{
	if (fault->code == ENVELOPE_TOO_MANY)
		buf_add_u64(out, limits->items);
	else if (fault->code == ENVELOPE_ITEM_TOO_LARGE)
		buf_add_u64(out, limits->item_bytes);
	else if (fault->code == ENVELOPE_TOO_DEEP)
		buf_add_u64(out, limits->depth);
	else if (fault->code == ENVELOPE_TOO_LONG)
		add_length_limit(fault->field, out);
	else if (fault->member.len > 0)
		buf_add_str(out, field_types[ENVELOPE_USER_ID]);
	else
		buf_add_str(out, field_types[fault->field]);
}

static void add_name(const struct envelope_fault *fault, struct buf *out)
{
	buf_add_str(out, field_names[fault->field]);
	if (fault->member.len > 0) {
		buf_add_char(out, '.');
		buf_add_span(out, fault->member);
	}
}

void envelope_explain(
	const struct envelope_fault *fault, const struct envelope_limits *limits, struct buf *out)
{
	for (const char *p = code_rows[fault->code].text; *p; p++) {
		if (*p == '$')
			add_name(fault, out);
		else if (*p == '#')
			add_limit(fault, limits, out);
		else
			buf_add_char(out, *p);
	}
	if (fault->code == ENVELOPE_MALFORMED) {
		buf_add_str(out, ": ");
		buf_add_str(out, json_fault_text(fault->json));
	}
}
