/* SPDX-License-Identifier: MIT */
#include "core/identity.h"
#include "identifier_text.h"

int email_normal(unsigned rules, struct span text, struct arena *arena, struct span *ret_text)
{
	size_t i = 0;
	char *small;

	(void)rules;
	while (i < text.len && !(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z'))
		i++;
	if (i == text.len) {
		*ret_text = text;
		return 0;
	}
	small = arena_alloc(arena, text.len);
	if (!small)
		return -ENOMEM;
	for (i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		small[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	*ret_text = span_of(small, text.len);
	return 0;
}
