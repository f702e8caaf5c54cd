/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes of a connection lie while they are read. A block grows with what has really come,
 * at most to twice that, and is given up with the requests in it: what a connection holds is what
 * its unfinished request has sent, and little more.
 */
#include "http_conn.h"

enum {
	ROOM_MIN = 2 * 1024,  /* a read is offered at least this much */
	ROOM_MAX = 64 * 1024, /* …and at most this, or as much as was sent already: announcing
				 a large body must not make us allocate it */
};

int conn_make_room(struct conn *c)
{
	struct block *old = c->block;
	size_t have = conn_unparsed(c);
	size_t expected = c->req ? http_parser_expected(&c->req->parser) : 0;
	size_t room = ROOM_MIN;
	struct block *block;

	if (expected > have) {
		size_t most = have > ROOM_MAX ? have : ROOM_MAX;

		room = expected - have < most ? expected - have : most;
	}
	if (old && old->refs == 1 && have == 0)
		old->len = c->start = 0;
	if (old && old->cap - old->len >= room)
		return 0;
	if (old && old->refs == 1 && old->cap - have >= room) {
		memmove(old->data, old->data + c->start, have);
		old->len = have;
		c->start = 0;
		return 0;
	}
	if (have > room && !expected)
		room = have;
	block = server_take_block(c->server, have + room);
	if (!block)
		return -ENOMEM;
	if (have > 0)
		memcpy(block->data, old->data + c->start, have);
	block->len = have;
	server_give_block(c->server, old);
	c->block = block;
	c->start = 0;
	return 0;
}

/* Room alone is no reason: what lies behind the end of a large body must be moved. */
size_t conn_read_max(const struct conn *c)
{
	size_t room = c->block->cap - c->block->len, have = conn_unparsed(c);
	size_t expected = c->req ? http_parser_expected(&c->req->parser) : 0;
	size_t most = expected > have + BLOCK_SHARED ? expected - have : BLOCK_SHARED;

	return room < most ? room : most;
}

/*
 * A large block goes with the request that it was made for: what came behind that moves out, or
 * the first byte of another request would hold all of it.
 */
int conn_leave_block(struct conn *c)
{
	struct block *old = c->block, *block;
	size_t have = conn_unparsed(c);

	if (c->start == 0 || old->cap <= BLOCK_SHARED)
		return 0;
	block = server_take_block(c->server, have);
	if (!block)
		return -ENOMEM;
	memcpy(block->data, old->data + c->start, have);
	block->len = have;
	server_give_block(c->server, old);
	c->block = block;
	c->start = 0;
	return 0;
}
