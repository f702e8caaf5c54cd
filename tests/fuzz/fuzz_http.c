/* SPDX-License-Identifier: MIT */
/*
 * Requests: whatever the bytes and however they are cut, the same requests come out, with limits
 * as in production and with limits so small that inputs reach them. The input is what a client
 * sends, nothing else; where it is cut follows from its own bytes.
 */
#include "base/hash.h"
#include "http_drive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 32 * 1024, SINGLE_MAX = 1024 };

static size_t piece_random(void *arg, size_t left)
{
	uint64_t *state = arg;

	/* xorshift64 (Marsaglia, 2003) */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return 1 + *state % (*state & 0x100 ? 200 : 20) % left;
}

static void check_same(struct drive drive, struct span input, struct span want)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	drive_run(&drive, input, &out);
	assert(buf_failed(&out) == 0);
	assert(span_equal(buf_span(&out), want));
}

static void check_pieces(struct drive drive, struct span input)
{
	static const uint64_t key[2] = {0, 0};
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	uint64_t state = siphash24(key, input) | 1;

	drive.piece = piece_all;
	drive_run(&drive, input, &out);
	assert(buf_failed(&out) == 0);
	drive.piece = piece_random;
	drive.arg = &state;
	check_same(drive, input, buf_span(&out));
	check_same(drive, input, buf_span(&out));
	drive.piece = piece_single;
	if (input.len <= SINGLE_MAX)
		check_same(drive, input, buf_span(&out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drive drive = {.limits = http_limits_default, .body_max = 1024};
	struct span input = span_of((const char *)data, size);

	if (size > INPUT_MAX)
		return 0;
	drive.limits.host = "shop.example";
	check_pieces(drive, input);
	drive.limits = (struct http_limits){
		.head_size = 120,
		.fields = 3,
		.target_size = 30,
		.trailer_size = 20,
	};
	drive.body_max = 12;
	check_pieces(drive, input);
	return 0;
}
