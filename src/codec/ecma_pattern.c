/* SPDX-License-Identifier: MIT */
/*
 * PCRE2, house-trained. The interpreter, not its compiler to machine code: that one needs memory
 * which is writable and executable, and a service should not have it.
 */
#include "ecma_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_LIMIT 20000 /* calls of the inner matching function: a millisecond or so */
#define DEPTH_LIMIT 2000  /* backtracking points that are nested */
#define HEAP_LIMIT  1024  /* KiB */

struct ecma_pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data; /* scratch; no thread shares a pattern */
};

static int compile(struct span text, pcre2_code **ret_code, struct ecma_fault *ret_fault)
{
	uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
			   PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE;
	PCRE2_UCHAR words[80] = "";
	PCRE2_SIZE offset;
	int error;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options, &error, &offset, NULL);

	if (code) {
		*ret_code = code;
		return 0;
	}
	if (error == PCRE2_ERROR_HEAP_FAILED)
		return -ENOMEM;
	(void)pcre2_get_error_message(error, words, sizeof(words));
	ret_fault->offset = 0;
	(void)snprintf(ret_fault->message, sizeof(ret_fault->message), "%s", (char *)words);
	return ECMA_PATTERN_BAD;
}

int ecma_pattern_new(
	struct span source, struct ecma_pattern **ret_pattern, struct ecma_fault *ret_fault)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(ecma_pattern_freep) struct ecma_pattern *p = calloc(1, sizeof(*p));
	int r = p ? ecma_translate(source, &text, ret_fault) : -ENOMEM;

	if (r == 0)
		r = compile(span_of(text.ptr ? text.ptr : "", text.len), &p->code, ret_fault);
	if (r)
		return r;
	p->limits = pcre2_match_context_create(NULL);
	p->data = pcre2_match_data_create(1, NULL);
	if (!p->limits || !p->data)
		return -ENOMEM;
	(void)pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(p->limits, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(p->limits, HEAP_LIMIT);
	*ret_pattern = p;
	p = NULL;
	return 0;
}

struct ecma_pattern *ecma_pattern_free(struct ecma_pattern *p)
{
	if (!p)
		return NULL;
	pcre2_match_data_free(p->data);
	pcre2_match_context_free(p->limits);
	pcre2_code_free(p->code);
	free(p);
	return NULL;
}

void ecma_pattern_freep(struct ecma_pattern **p)
{
	*p = ecma_pattern_free(*p);
}

int ecma_pattern_match(const struct ecma_pattern *p, struct span text)
{
	int r = pcre2_match(p->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0,
		PCRE2_NO_UTF_CHECK, p->data, p->limits);

	if (r >= 0)
		return 0;
	if (r == PCRE2_ERROR_NOMATCH)
		return ECMA_PATTERN_NO_MATCH;
	return r == PCRE2_ERROR_NOMEMORY ? -ENOMEM : ECMA_PATTERN_TOO_MUCH;
}
