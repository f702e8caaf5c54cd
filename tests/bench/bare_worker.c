/* SPDX-License-Identifier: MIT */
/*
 * The worker's reference: the same walk through the same streams with nothing in it. It reads 256
 * entries, scans each event strictly for the customer's key, loads the values of customers that it
 * does not hold yet, and writes a value of 500 bytes, a due time and the position back in one
 * transaction; two partitions are under way at any time. No duplicates are looked for, no journey
 * is kept, no rule runs, no lease is held.
 *
 * usage: bare_worker REDIS_SOCKET PARTITIONS EVENTS      (ends when it has applied so many)
 */
#include "bare.h"
#include "base/hash.h"
#include "codec/json_scan.h"
#include "store/keys.h"

#include <unistd.h>

#define BATCH	      256
#define SLOTS	      2
#define STATE_SIZE    500
#define CUSTOMER_SIZE 32
#define TABLE_SIZE    ((size_t)1 << 20) /* a power of two, twice the customers that it can hold */

struct state {
	char customer[CUSTOMER_SIZE];
	size_t len; /* 0: free */
	bool loaded;
	uint64_t batch; /* that touched it last */
	char bytes[STATE_SIZE];
};

enum phase { PHASE_READ, PHASE_LOAD, PHASE_COMMIT };

/* One partition under way. */
struct slot {
	enum phase phase;
	unsigned partition;
	size_t n_events, n_dirty;
	size_t replies; /* to come */
	struct state *dirty[BATCH];
	char last_id[64];
	size_t last_id_len;
};

struct worker {
	int redis;
	unsigned partitions, next;
	uint64_t batch, n_applied, n_wanted;
	struct state **table;
	char (*positions)[64];
	char prefixes[PARTITIONS_MAX][24]; /* `wm:{pN}:` */
	size_t prefix_len[PARTITIONS_MAX];
	struct slot slots[SLOTS];
	struct slot *asked[SLOTS]; /* in the order of the replies */
	struct bytes out, in;
};

static const uint64_t table_key[2] = {1, 2};

static struct state *state_of(struct worker *w, struct span customer)
{
	size_t i = siphash24(table_key, customer) & (TABLE_SIZE - 1);
	struct state *s;

	while ((s = w->table[i]) && !span_equal(span_of(s->customer, s->len), customer))
		i = (i + 1) & (TABLE_SIZE - 1);
	if (s)
		return s;
	s = w->table[i] = calloc(1, sizeof(*s));
	if (!s || customer.len > CUSTOMER_SIZE)
		bare_die("cannot hold a customer");
	memcpy(s->customer, customer.ptr, customer.len);
	s->len = customer.len;
	return s;
}

/* The text of member userId, after a strict scan of the whole. */
static struct span scan_event(struct span event)
{
	struct json_value key, value;
	struct span user = SPAN_EMPTY;
	struct json_cursor c;
	int r;

	json_cursor_init(&c, event);
	r = json_object_open(&c);
	while (r == 0 && (r = json_object_key(&c, &key)) == 0) {
		r = json_value(&c, &value);
		if (json_is(&key, SPAN_LIT("userId")))
			user = json_content(&value);
	}
	if (r != JSON_END || json_finish(&c) != 0 || c.text.code != JSON_SOUND || user.len == 0)
		bare_die("an event is not what it should be");
	return user;
}

static void arg_key(struct worker *w, const struct slot *s, const char *name, struct span id)
{
	char key[96];
	size_t len = w->prefix_len[s->partition];
	struct span rest = span_str(name);

	memcpy(key, w->prefixes[s->partition], len);
	memcpy(key + len, rest.ptr, rest.len);
	len += rest.len;
	if (id.len > 0) {
		key[len++] = ':';
		memcpy(key + len, id.ptr, id.len);
		len += id.len;
	}
	resp_arg(&w->out, span_of(key, len));
}

static void ask_read(struct worker *w, struct slot *s)
{
	s->phase = PHASE_READ;
	s->replies = 1;
	s->partition = w->next++ % w->partitions;
	resp_head(&w->out, 6);
	resp_arg(&w->out, SPAN_LIT("XREAD"));
	resp_arg(&w->out, SPAN_LIT("COUNT"));
	resp_arg_u64(&w->out, BATCH);
	resp_arg(&w->out, SPAN_LIT("STREAMS"));
	arg_key(w, s, "in", SPAN_EMPTY);
	resp_arg(&w->out, span_str(w->positions[s->partition]));
}

static void ask_commit(struct worker *w, struct slot *s)
{
	s->phase = PHASE_COMMIT;
	s->replies = 5;
	resp_head(&w->out, 1);
	resp_arg(&w->out, SPAN_LIT("MULTI"));
	resp_head(&w->out, 1 + 2 * s->n_dirty);
	resp_arg(&w->out, SPAN_LIT("MSET"));
	for (size_t i = 0; i < s->n_dirty; i++) {
		arg_key(w, s, "c", span_of(s->dirty[i]->customer, s->dirty[i]->len));
		resp_arg(&w->out, span_of(s->dirty[i]->bytes, STATE_SIZE));
	}
	resp_head(&w->out, 2 + 2 * s->n_dirty);
	resp_arg(&w->out, SPAN_LIT("ZADD"));
	arg_key(w, s, "due", SPAN_EMPTY);
	for (size_t i = 0; i < s->n_dirty; i++) {
		resp_arg_u64(&w->out, UINT64_C(1763755555555) + w->batch);
		resp_arg(&w->out, span_of(s->dirty[i]->customer, s->dirty[i]->len));
	}
	resp_head(&w->out, 4);
	resp_arg(&w->out, SPAN_LIT("HSET"));
	arg_key(w, s, "pos", SPAN_EMPTY);
	resp_arg(&w->out, SPAN_LIT("id"));
	resp_arg(&w->out, span_of(s->last_id, s->last_id_len));
	resp_head(&w->out, 1);
	resp_arg(&w->out, SPAN_LIT("EXEC"));
}

/* One entry: [ID, [e, event, m, meta]]. */
static void apply(struct worker *w, struct slot *s, struct span *reply)
{
	struct span id, event;
	struct state *state;

	(void)resp_take_array(reply);
	id = resp_take_string(reply);
	if (resp_take_array(reply) != 4)
		bare_die("an entry is not what it should be");
	(void)resp_take_string(reply);
	event = resp_take_string(reply);
	(void)resp_take_string(reply);
	(void)resp_take_string(reply);
	memcpy(s->last_id, id.ptr, id.len);
	s->last_id_len = id.len;
	state = state_of(w, scan_event(event));
	if (state->batch != w->batch)
		s->dirty[s->n_dirty++] = state;
	state->batch = w->batch;
	memcpy(state->bytes, event.ptr, event.len < STATE_SIZE ? event.len : STATE_SIZE);
}

static void on_entries(struct worker *w, struct slot *s, struct span reply)
{
	size_t n_missing = 0;

	s->n_events = s->n_dirty = 0;
	w->batch++;
	if (resp_take_array(&reply) > 0) {
		(void)resp_take_array(&reply);
		(void)resp_take_string(&reply);
		s->n_events = resp_take_array(&reply);
		for (size_t i = 0; i < s->n_events; i++)
			apply(w, s, &reply);
	}
	if (s->n_events == 0) {
		ask_read(w, s);
		return;
	}
	memcpy(w->positions[s->partition], s->last_id, s->last_id_len);
	w->positions[s->partition][s->last_id_len] = '\0';
	for (size_t i = 0; i < s->n_dirty; i++)
		n_missing += !s->dirty[i]->loaded;
	if (n_missing == 0) {
		ask_commit(w, s);
		return;
	}
	s->phase = PHASE_LOAD;
	s->replies = 1;
	resp_head(&w->out, 1 + n_missing);
	resp_arg(&w->out, SPAN_LIT("MGET"));
	for (size_t i = 0; i < s->n_dirty; i++)
		if (!s->dirty[i]->loaded)
			arg_key(w, s, "c", span_of(s->dirty[i]->customer, s->dirty[i]->len));
}

static void on_reply(struct worker *w, struct slot *s, struct span reply)
{
	if (--s->replies > 0)
		return;
	/* The others' turn first: their question was asked before the one that follows. */
	for (size_t i = 1; i < SLOTS; i++)
		w->asked[i - 1] = w->asked[i];
	w->asked[SLOTS - 1] = s;
	switch (s->phase) {
	case PHASE_READ:
		on_entries(w, s, reply);
		return;
	case PHASE_LOAD:
		for (size_t i = 0; i < s->n_dirty; i++)
			s->dirty[i]->loaded = true;
		ask_commit(w, s);
		return;
	case PHASE_COMMIT:
		w->n_applied += s->n_events;
		ask_read(w, s);
	}
}

static void turn(struct worker *w)
{
	struct span rest;
	size_t len;
	ssize_t n;

	for (; w->out.sent < w->out.len; w->out.sent += (size_t)n) {
		n = write(w->redis, w->out.ptr + w->out.sent, w->out.len - w->out.sent);
		if (n <= 0)
			bare_die("cannot write to Redis");
	}
	w->out.len = w->out.sent = 0;
	(void)bytes_room(&w->in, 1 << 20);
	n = read(w->redis, w->in.ptr + w->in.len, w->in.cap - w->in.len);
	if (n <= 0)
		bare_die("Redis hung up");
	w->in.len += (size_t)n;
	rest = span_of(w->in.ptr, w->in.len);
	while (rest.len > 0 && (len = resp_reply(rest)) > 0) {
		on_reply(w, w->asked[0], span_of(rest.ptr, len));
		rest = span_of(rest.ptr + len, rest.len - len);
	}
	memmove(w->in.ptr, rest.ptr, rest.len);
	w->in.len = rest.len;
}

int main(int argc, char **argv)
{
	static struct worker w;
	int64_t wall, cpu;

	if (argc != 4)
		bare_die("usage: bare_worker REDIS_SOCKET PARTITIONS EVENTS");
	w.redis = bare_connect_unix(argv[1]);
	w.partitions = (unsigned)bare_number(argv[2]);
	w.n_wanted = bare_number(argv[3]);
	w.table = calloc(TABLE_SIZE, sizeof(struct state *));
	w.positions = calloc(w.partitions, sizeof(*w.positions));
	if (!w.table || !w.positions || w.partitions == 0 || w.partitions > PARTITIONS_MAX)
		bare_die("cannot start");
	for (unsigned p = 0; p < w.partitions; p++) {
		w.positions[p][0] = '0';
		w.prefix_len[p] =
			(size_t)snprintf(w.prefixes[p], sizeof(w.prefixes[p]), "wm:{p%u}:", p);
	}
	wall = bare_wall_ns();
	cpu = bare_cpu_ns();
	for (size_t i = 0; i < SLOTS; i++) {
		w.asked[i] = &w.slots[i];
		ask_read(&w, &w.slots[i]);
	}
	while (w.n_applied < w.n_wanted)
		turn(&w);
	printf("{\"events\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
		(unsigned long long)w.n_applied, (double)(bare_wall_ns() - wall) / 1e9,
		(double)(bare_cpu_ns() - cpu) / 1e9);
	return 0;
}
