/* SPDX-License-Identifier: MIT */
/*
 * Reads lines of standard input, each a body for /v1/batch, and prints for each a line: the code of
 * the whole body when it is refused, else the codes of its events. For tests in other languages.
 */
#include "base/buf.h"
#include "codec/envelope.h"

static void judge(struct span line, struct arena *arena)
{
	const struct envelope_request request = {
		line, ENVELOPE_KIND_BATCH, {32768, 2500, 16}, &IDENTITY_DEFAULT};
	struct envelope envelope;
	struct envelope_fault fault;
	int r = envelope_read(&request, arena, &envelope, &fault);

	if (r < 0)
		exit(2);
	if (r == ENVELOPE_REFUSED)
		printf("%s", envelope_code_name(fault.code));
	for (size_t i = 0; r == 0 && i < envelope.n_items; i++)
		printf("%s%s", i ? " " : "", envelope_code_name(envelope.items[i].fault.code));
	printf("\n");
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct arena arena;

		arena_init(&arena);
		judge(span_of(line, (size_t)n - 1), &arena);
		arena_release(&arena);
	}
	free(line);
	return 0;
}
