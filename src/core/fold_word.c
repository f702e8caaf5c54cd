/* SPDX-License-Identifier: MIT */
/* How values of events are read, and which of two words counts. */
#include "fold.h"

const struct value *event_detail(const struct event *e, enum detail n)
{
	static const struct value missing = {.type = VALUE_MISSING};
	unsigned at = e->details ? e->details->at[n] : 0;

	return at ? &e->details->values[at - 1] : &missing;
}

/* At most MAX bytes of S, and no half character at the end. */
static struct span cut(struct span s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.ptr[max] & 0xc0) == 0x80)
		max--;
	return span_of(s.ptr, max);
}

int said_set(struct said *s, struct span text, size_t max, int64_t at)
{
	int r;

	text = cut(text, max);
	if (at < s->at || (at == s->at && span_compare(text, text_span(s->text)) <= 0))
		return 0;
	/* The same word once more is the usual one. */
	r = span_equal(text, text_span(s->text)) ? 0 : text_set(&s->text, text);
	if (r == 0)
		s->at = at;
	return r;
}

void amount_set(struct amount *a, struct decimal value, int64_t at, bool lower)
{
	int c = decimal_compare(value, a->value);

	if (at < a->at || (at == a->at && (lower ? c >= 0 : c <= 0)))
		return;
	*a = (struct amount){value, at};
}

bool value_decimal(const struct value *v, struct decimal *ret_d)
{
	if (v->type == VALUE_NUMBER) {
		*ret_d = v->number;
		return true;
	}
	return v->type == VALUE_STRING && decimal_parse(v->text, ret_d) == 0;
}

struct span value_words(const struct value *v)
{
	return v->type == VALUE_STRING ? v->text : SPAN_EMPTY;
}

bool word_in(struct span s, const char *const *list)
{
	char bare[32];
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == ' ' || c == '_' || c == '-')
			continue;
		if (n == sizeof(bare))
			return false;
		bare[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	for (; *list; list++)
		if (span_is(span_of(bare, n), *list))
			return true;
	return false;
}
