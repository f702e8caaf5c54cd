/* SPDX-License-Identifier: MIT */
#include "query_stage.h"

#include "check.h"
#include "codec/link.h"
#include "store/keys.h"

/* ---- what stands in Redis ----------------------------------------------------------------- */

static void put(struct redis_stage *s, const struct span *args, size_t n)
{
	const struct redis_value *reply = NULL;

	CHECK(redis_call(s->redis, args, n, &s->arena, &reply) == 0);
	CHECK(reply && reply->type != REDIS_ERROR);
}

void put_value(struct redis_stage *s, const char *command, const char *name, struct span customer,
	struct span value)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	struct span args[3];

	key_add_id(&key, partition_of(customer, PARTITIONS), name, customer);
	args[0] = span_str(command);
	args[1] = buf_span(&key);
	args[2] = value;
	put(s, args, ARRAY_SIZE(args));
}

void put_link(struct redis_stage *s, const char *from, const char *to, struct span frozen)
{
	const struct link link = {.to = span_str(to),
		.partition = partition_of(span_str(to), PARTITIONS),
		.linked_at = 1795262400000,
		.said_at = 1795262400000,
		.frozen = frozen};
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	link_encode(&link, &bytes);
	put_value(s, "SET", "c", span_str(from), buf_span(&bytes));
}

void put_term(struct redis_stage *s, const char *term, const char *customer)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT, member = BUF_INIT;

	key_add(&key, partition_of(span_str(customer), PARTITIONS), "find");
	buf_add_str(&member, term);
	buf_add_char(&member, '\0');
	buf_add_str(&member, customer);
	put(s, (struct span[]){SPAN_LIT("ZADD"), buf_span(&key), SPAN_LIT("0"), buf_span(&member)},
		4);
}

void put_record(struct redis_stage *s, const struct record *r)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	CHECK(record_encode(r, &bytes) == 0);
	put_value(s, "SET", "c", text_span(r->journey->customer), buf_span(&bytes));
}

void settle(struct redis_stage *s, struct packer *p, struct record *r)
{
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	enum record_settled settled;

	CHECK(record_settle(r, p, &chunk, &settled) == 0);
	if (settled == RECORD_SEALED)
		put_value(s, "RPUSH", "t", text_span(r->journey->customer), buf_span(&chunk));
}

/* CUSTOMER with N events, of which each seventh is late if ALL is not NULL and gets them as well.
 */
void put_customer(struct redis_stage *s, const char *customer, size_t n, struct timeline_entry *all)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_(record_release) struct record r;

	REQUIRE(packer_new(&p) == 0 && record_init(&r, span_str(customer)) == 0);
	for (size_t i = 0; i < n; i++) {
		struct timeline_entry e = {.kind = ENTRY_EVENT,
			.id = {1795262400000 + i, 0},
			.at = 1795262400000 + (int64_t)(all && i % 7 == 3 ? i / 2 : i),
			.channel = i % 2 ? CHANNEL_WEB : CHANNEL_STORE,
			.name = SPAN_LIT("Product Viewed"),
			.source = SPAN_LIT("shop")};

		timeline_encode(&e, &r.tail);
		r.tail_n++;
		if (all)
			all[i] = e;
		settle(s, p, &r);
	}
	put_record(s, &r);
}

/* ---- asking ------------------------------------------------------------------------------ */

static void on_answer(void *user, int r, const struct query_answer *answer)
{
	struct heard *h = user;

	h->times++;
	h->r = r;
	h->to_free = query_source_free(h->to_free);
	CHECK((r == 0) == (answer != NULL));
	if (!answer)
		return;
	CHECK(answer->customer.len <= CUSTOMER_MAX);
	memcpy(h->customer, answer->customer.ptr, answer->customer.len);
	h->customer[answer->customer.len] = '\0';
	CHECK(answer->matched.len <= CUSTOMER_MAX);
	memcpy(h->matched, answer->matched.ptr, answer->matched.len);
	h->matched[answer->matched.len] = '\0';
	h->now = answer->now;
	if (answer->record)
		h->n_chunks = answer->record->n_chunks;
	if (answer->next)
		memcpy(h->next, answer->next, strlen(answer->next) + 1);
	h->n = answer->n_entries;
	for (size_t i = 0; i < h->n; i++)
		h->entries[i] = answer->entries[i];
}

static bool is_wanted(void *user)
{
	const struct heard *h = user;

	return !h->unwanted;
}

struct query_ask ask_of(struct heard *h, struct span id)
{
	return (struct query_ask){id, on_answer, h, is_wanted, true};
}

/* The outcome, wherever it was said. */
int finish(struct redis_stage *s, struct query_source *source, struct heard *h, int r)
{
	CHECK(query_wait(source, s->loop) == 0);
	CHECK_INT(h->times, r == 0);
	return r ? r : h->r;
}

int customer(struct redis_stage *s, struct query_source *source, struct span id, struct heard *h)
{
	struct query_ask ask = ask_of(h, id);

	*h = (struct heard){.unwanted = h->unwanted};
	return finish(s, source, h, query_customer(source, &ask));
}

int page(struct redis_stage *s, struct query_source *source, const char *id,
	const struct timeline_query *query, struct heard *h)
{
	struct query_ask ask = ask_of(h, span_str(id));
	char cursor[TIMELINE_CURSOR_SIZE];

	memcpy(cursor, h->next, sizeof(cursor));
	*h = (struct heard){.unwanted = h->unwanted};
	return finish(s, source, h, query_timeline(source, &ask, query, span_str(cursor)));
}

struct query_source *source_of(struct redis_stage *s)
{
	struct query_source *source = NULL;

	CHECK(query_source_new(s->redis, &source) == 0);
	query_source_set_partitions(source, PARTITIONS);
	return source;
}
