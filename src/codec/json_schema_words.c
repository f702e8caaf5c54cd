/* SPDX-License-Identifier: MIT */
/*
 * What is said of a fault. Everything has a fixed room: a hostile value may be as large as an event
 * and its keys as well. Strings are told by their length alone; they may be anybody's address.
 */
#include <stdarg.h>

#include "json_schema_impl.h"

static size_t whole_characters(struct span s, size_t n)
{
	while (n > 0 && n < s.len && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* S without control characters and with its middle left out if it does not fit. */
static void fit(struct span s, char *out, size_t size)
{
	size_t half = (size - 4) / 2, head = s.len, tail, used = 0;

	tail = s.len;
	if (s.len >= size) {
		head = whole_characters(s, half);
		tail = s.len - half;
		while (tail < s.len && ((unsigned char)s.ptr[tail] & 0xc0) == 0x80)
			tail++;
	}
	for (size_t i = 0; i < s.len; i++) {
		if (i == head && s.len >= size) {
			memcpy(out + used, "…", 3);
			used += 3;
			i = tail;
			if (i == s.len)
				break;
		}
		out[used++] = schema_visible(s.ptr[i]);
	}
	out[used] = '\0';
}

const char *schema_show(struct span raw, char out[SCHEMA_WORDS_SIZE])
{
	fit(raw, out, SCHEMA_WORDS_SIZE);
	return out;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

const char *schema_describe(const struct json_node *node, char out[SCHEMA_WORDS_SIZE])
{
	size_t n;
	char number[32];

	switch (node->type) {
	case JSON_TYPE_STRING:
		n = schema_length(node->text);
		(void)snprintf(out, SCHEMA_WORDS_SIZE, "a string of %zu character%s", n, plural(n));
		break;
	case JSON_TYPE_NUMBER:
		fit(node->raw, number, sizeof(number));
		(void)snprintf(out, SCHEMA_WORDS_SIZE, "the number %s", number);
		break;
	case JSON_TYPE_ARRAY:
		(void)snprintf(
			out, SCHEMA_WORDS_SIZE, "an array of %u item%s", node->n, plural(node->n));
		break;
	case JSON_TYPE_OBJECT:
		(void)snprintf(out, SCHEMA_WORDS_SIZE, "an object of %u member%s", node->n,
			plural(node->n));
		break;
	case JSON_TYPE_NULL:
	case JSON_TYPE_TRUE:
	case JSON_TYPE_FALSE:
	case JSON_TYPE_ABSENT:
		fit(node->raw, out, SCHEMA_WORDS_SIZE);
		break;
	}
	return out;
}

/* The place of the rule: op, or the schema itself. */
static void rule_pointer(const struct schema_at *at, const struct schema_op *op, struct buf *out)
{
	const struct schema_doc *doc = at->run->s->docs[at->schema->doc];

	if (!doc->main)
		buf_add_str(out, doc->file);
	buf_add_char(out, '#');
	json_doc_pointer(&doc->doc, op ? op->value : at->schema->value, out);
}

bool schema_fault(const struct schema_at *at, const struct schema_op *op, uint32_t value,
	const char *format, ...)
{
	struct schema_run *run = at->run;
	struct buf *text = &run->work->text;
	struct json_schema_fault *fault;
	va_list args;

	if (!schema_goes_on(run))
		return false;
	fault = &run->faults->list[run->faults->n++];
	fault->offset = (size_t)(run->doc->nodes[value].raw.ptr - run->start);
	buf_reset(text);
	json_doc_pointer(run->doc, value, text);
	fit(buf_span(text), fault->instance, sizeof(fault->instance));
	buf_reset(text);
	rule_pointer(at, op, text);
	fit(buf_span(text), fault->schema, sizeof(fault->schema));
	if (buf_failed(text) < 0)
		run->error = -ENOMEM;
	va_start(args, format);
	(void)vsnprintf(fault->message, sizeof(fault->message), format, args);
	va_end(args);
	return false;
}

void schema_fault_plain(struct json_schema_faults *faults, size_t offset, const char *format, ...)
{
	struct json_schema_fault *fault;
	va_list args;

	if (!faults)
		return;
	fault = &faults->list[0];
	faults->n = 1;
	*fault = (struct json_schema_fault){.offset = offset};
	va_start(args, format);
	(void)vsnprintf(fault->message, sizeof(fault->message), format, args);
	va_end(args);
}
