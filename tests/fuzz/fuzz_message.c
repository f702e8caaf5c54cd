/* SPDX-License-Identifier: MIT */
/* Bytes to heads of messages: what is read is written and read again as the same. */
#include "codec/message_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_release) struct arena a;
	_cleanup_(buf_release) struct buf first = BUF_INIT, second = BUF_INIT;
	struct message m, again;
	int r;

	arena_init(&a);
	if (message_parse(span_of((const char *)data, size), &a, &m) != 0)
		return 0;
	message_json(&m, &first);
	r = message_parse(buf_span(&first), &a, &again);
	assert(r == 0);
	message_json(&again, &second);
	assert(span_equal(buf_span(&first), buf_span(&second)));
	return 0;
}
