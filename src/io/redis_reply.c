/* SPDX-License-Identifier: MIT */
/*
 * hiredis's reader knows the protocol; it asks us for objects, and ours lie in an arena that is
 * reset before each reply. Children lie side by side in the array of their parent, which is why
 * a value needs no pointer to it and a tree no walk to be freed.
 */
#include "io/redis_reply.h"

#include <hiredis/read.h>

/* Bytes of reader memory kept between replies; what a larger reply took is given back. */
#define READER_KEEP ((size_t)1 << 20)

struct redis_reader {
	redisReader *parser;
	redisReplyObjectFunctions makers;
	struct arena values;
	size_t max_bytes;
	bool too_large;
	bool no_memory;
};

static void *reader_alloc(struct redis_reader *reader, size_t count, size_t size)
{
	size_t left = reader->max_bytes - reader->values.used;
	void *p;

	if (reader->values.used > reader->max_bytes || count > left / size) {
		reader->too_large = true;
		return NULL;
	}
	p = arena_alloc(&reader->values, count * size);
	if (!p)
		reader->no_memory = true;
	return p;
}

/* The place of the value that TASK has read: in its parent's items, or a new root. */
static struct redis_value *reader_place(const redisReadTask *task, enum redis_type type)
{
	struct redis_value *v;

	if (task->parent) {
		const struct redis_value *parent = task->parent->obj;

		v = &parent->items[task->idx];
	} else {
		v = reader_alloc(task->privdata, 1, sizeof(*v));
	}
	if (v)
		*v = (struct redis_value){.type = type};
	return v;
}

static void *on_string(const redisReadTask *task, char *text, size_t len)
{
	struct redis_reader *reader = task->privdata;
	enum redis_type type = task->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_STRING;
	struct redis_value *v = reader_place(task, type);
	char *copy = v ? reader_alloc(reader, len + 1, 1) : NULL;

	if (!copy)
		return NULL;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	v->text = span_of(copy, len);
	return v;
}

static void *on_array(const redisReadTask *task, int elements)
{
	struct redis_reader *reader = task->privdata;
	struct redis_value *v;

	if (elements < 0) {
		reader->too_large = true;
		return NULL;
	}
	v = reader_place(task, REDIS_ARRAY);
	if (!v || elements == 0)
		return v;
	v->items = reader_alloc(reader, (size_t)elements, sizeof(*v->items));
	if (!v->items)
		return NULL;
	v->n_items = (size_t)elements;
	return v;
}

static void *on_integer(const redisReadTask *task, long long n)
{
	struct redis_value *v = reader_place(task, REDIS_INTEGER);

	if (v)
		v->integer = n;
	return v;
}

static void *on_nil(const redisReadTask *task)
{
	return reader_place(task, REDIS_NIL);
}

/* The arena forgets all of a reply at once. */
static void on_free(void *object)
{
	(void)object;
}

int redis_reader_new(size_t max_bytes, struct redis_reader **ret_reader)
{
	_cleanup_(redis_reader_freep) struct redis_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return -ENOMEM;
	arena_init(&reader->values);
	reader->max_bytes = max_bytes;
	reader->makers =
		(redisReplyObjectFunctions){on_string, on_array, on_integer, on_nil, on_free};
	reader->parser = redisReaderCreateWithFunctions(&reader->makers);
	if (!reader->parser)
		return -ENOMEM;
	reader->parser->privdata = reader;
	reader->parser->maxbuf = READER_KEEP;
	*ret_reader = reader;
	reader = NULL;
	return 0;
}

struct redis_reader *redis_reader_free(struct redis_reader *reader)
{
	if (!reader)
		return NULL;
	if (reader->parser)
		redisReaderFree(reader->parser);
	arena_release(&reader->values);
	free(reader);
	return NULL;
}

void redis_reader_freep(struct redis_reader **reader)
{
	*reader = redis_reader_free(*reader);
}

static int reader_failure(const struct redis_reader *reader)
{
	if (reader->too_large)
		return REDIS_READER_INVALID;
	if (reader->no_memory || reader->parser->err == REDIS_ERR_OOM)
		return -ENOMEM;
	return REDIS_READER_INVALID;
}

int redis_reader_feed(struct redis_reader *reader, struct span bytes)
{
	if (bytes.len == 0)
		return 0;
	if (redisReaderFeed(reader->parser, bytes.ptr, bytes.len) != REDIS_OK)
		return reader_failure(reader);
	return 0;
}

int redis_reader_next(struct redis_reader *reader, const struct redis_value **ret_value)
{
	redisReader *parser = reader->parser;
	void *reply = NULL;

	/* Between replies, and only then, is nothing in the arena still needed. */
	if (parser->ridx < 0)
		arena_reset(&reader->values);
	if (redisReaderGetReply(parser, &reply) != REDIS_OK)
		return reader_failure(reader);
	if (reply) {
		*ret_value = reply;
		return 0;
	}
	if (parser->len - parser->pos > reader->max_bytes) {
		reader->too_large = true;
		return REDIS_READER_INVALID;
	}
	return REDIS_READER_MORE;
}

const char *redis_reader_reason(const struct redis_reader *reader)
{
	if (reader->too_large)
		return "reply too large";
	return reader->parser->err ? reader->parser->errstr : "no error";
}

const struct redis_value *redis_value_copy(struct arena *a, const struct redis_value *v)
{
	struct redis_value *root = arena_alloc(a, sizeof(*root));

	/* The reader's limit of eight levels bounds the depth of the recursion below. */
	if (!root)
		return NULL;
	*root = *v;
	if (v->text.ptr) {
		root->text = arena_copy(a, v->text);
		if (!root->text.ptr)
			return NULL;
	}
	if (v->n_items == 0)
		return root;
	root->items = arena_calloc(a, v->n_items, sizeof(*v->items));
	if (!root->items)
		return NULL;
	for (size_t i = 0; i < v->n_items; i++) {
		const struct redis_value *item = redis_value_copy(a, &v->items[i]);

		if (!item)
			return NULL;
		root->items[i] = *item;
	}
	return root;
}

bool redis_value_is_error(const struct redis_value *v, const char *code)
{
	struct span word = span_str(code);

	return v->type == REDIS_ERROR && span_starts(v->text, word) &&
	       (v->text.len == word.len || v->text.ptr[word.len] == ' ');
}

bool redis_value_is(const struct redis_value *v, const char *s)
{
	return v->type == REDIS_STRING && span_is(v->text, s);
}
