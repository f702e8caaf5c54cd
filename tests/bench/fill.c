/* SPDX-License-Identifier: MIT */
/*
 * Fills a data set's streams with events as if the collector had accepted them, customers in a
 * mixed order, each customer's events in theirs; or, as a reference for memory, puts the same raw
 * events into one list per customer. Prints how many bytes of events there were.
 *
 * usage: fill streams|lists REDIS_SOCKET PARTITIONS CUSTOMERS EVENTS_PER_CUSTOMER [mixed | PERCENT]
 *
 * mixed: as many customers of 1 event as of 2 and so on up to EVENTS_PER_CUSTOMER.
 * PERCENT: so many of the events in a hundred come by a name that is a link to the customer.
 */
#include "bare.h"
#include "codec/link.h"
#include "shop_event.h"
#include "store/keys.h"

#include <sys/time.h>
#include <unistd.h>

#define PIPELINE ((size_t)500)
/* A prime larger than any number of customers asked for: multiplying by it mixes their order. */
#define MIXER UINT64_C(1000003)

struct fill {
	int redis;
	bool lists, mixed;
	uint32_t partitions;
	uint64_t linked; /* events of a hundred that come by another name */
	int64_t now;	 /* ms since 1970 */
	struct bytes out;
	size_t asked;
	uint64_t n_events, n_bytes;
	size_t in_len;
	char in[65536];
};

static void write_out(struct fill *f)
{
	for (size_t sent = 0; sent < f->out.len;) {
		ssize_t n = write(f->redis, f->out.ptr + sent, f->out.len - sent);

		if (n <= 0)
			bare_die("cannot write to Redis");
		sent += (size_t)n;
	}
	f->out.len = 0;
}

static void read_replies(struct fill *f)
{
	write_out(f);
	while (f->asked > 0) {
		ssize_t n = read(f->redis, f->in + f->in_len, sizeof(f->in) - f->in_len);
		struct span rest;
		size_t len;

		if (n <= 0)
			bare_die("Redis hung up");
		rest = span_of(f->in, f->in_len + (size_t)n);
		while (rest.len > 0 && (len = resp_reply(rest)) > 0) {
			rest = span_of(rest.ptr + len, rest.len - len);
			f->asked--;
		}
		memmove(f->in, rest.ptr, rest.len);
		f->in_len = rest.len;
	}
}

/* The name that leads to CUSTOMER, as a key. */
static struct span other_name(uint64_t customer, char out[16])
{
	int n = snprintf(out, 16, "anon:a%08llu", (unsigned long long)customer % 100000000);

	return span_of(out, (size_t)n);
}

/* Of the members that name somebody only the visitor's number is left, with the other name; the
 * event stays as long as it was. */
static void rename_event(char *event, size_t len, struct span name)
{
	char *from = memmem(event, len, "\"userId\"", 8);
	char *to = memmem(event, len, ",\"timestamp\"", 12);
	int n;

	if (!from || !to)
		bare_die("an event without names");
	memset(from, ' ', (size_t)(to - from));
	n = snprintf(from, (size_t)(to - from), "\"anonymousId\":\"%.*s\"", (int)name.len - 5,
		name.ptr + 5);
	from[n] = ' ';
}

static void add_link(struct fill *f, uint64_t customer)
{
	char id[16], name[16];
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct span who = shop_customer(customer, id), other = other_name(customer, name);
	const struct link link = {.to = who,
		.partition = partition_of(who, f->partitions),
		.linked_at = f->now - MS_DAY,
		.said_at = f->now - MS_DAY};

	key_add_id(&key, partition_of(other, f->partitions), "c", other);
	link_encode(&link, &value);
	resp_head(&f->out, 3);
	resp_arg(&f->out, SPAN_LIT("SET"));
	resp_arg(&f->out, buf_span(&key));
	resp_arg(&f->out, buf_span(&value));
	buf_release(&key);
	buf_release(&value);
	if (++f->asked == PIPELINE)
		read_replies(f);
}

static void add(struct fill *f, uint64_t customer, uint64_t n, uint64_t of)
{
	char event[SHOP_EVENT_MAX], id[16], key[64], meta[64];
	bool linked = (customer * 31 + n * 7) % 100 < f->linked;
	struct span who = linked ? other_name(customer, id) : shop_customer(customer, id);
	/* The events of a customer are a minute apart, the last one is now. */
	size_t len = shop_event(customer, n, f->now - (int64_t)(of - 1 - n) * MS_MINUTE, event);
	uint32_t p = partition_of(who, f->partitions);
	int key_len = f->lists ? snprintf(key, sizeof(key), "wm:{p%u}:t:%s", p, id)
			       : snprintf(key, sizeof(key), "wm:{p%u}:in", p);
	int meta_len = snprintf(meta, sizeof(meta), "shop/web %lld -", (long long)f->now);

	if (linked)
		rename_event(event, len, who);
	f->n_events++;
	f->n_bytes += len;
	resp_head(&f->out, f->lists ? 3 : 7);
	resp_arg(&f->out, f->lists ? SPAN_LIT("RPUSH") : SPAN_LIT("XADD"));
	resp_arg(&f->out, span_of(key, (size_t)key_len));
	if (!f->lists) {
		resp_arg(&f->out, SPAN_LIT("*"));
		resp_arg(&f->out, SPAN_LIT("e"));
	}
	resp_arg(&f->out, span_of(event, len));
	if (!f->lists) {
		resp_arg(&f->out, SPAN_LIT("m"));
		resp_arg(&f->out, span_of(meta, (size_t)meta_len));
	}
	if (++f->asked == PIPELINE)
		read_replies(f);
}

int main(int argc, char **argv)
{
	static struct fill f;
	struct timeval now;
	uint64_t customers, each;

	f.mixed = argc == 7 && strcmp(argv[6], "mixed") == 0;
	if (argc != 6 && argc != 7)
		bare_die("usage: fill streams|lists REDIS_SOCKET PARTITIONS CUSTOMERS EACH "
			 "[mixed | PERCENT]");
	f.linked = argc == 7 && !f.mixed ? bare_number(argv[6]) : 0;
	f.lists = strcmp(argv[1], "lists") == 0;
	f.redis = bare_connect_unix(argv[2]);
	f.partitions = (uint32_t)bare_number(argv[3]);
	customers = bare_number(argv[4]);
	each = bare_number(argv[5]);
	(void)gettimeofday(&now, NULL);
	f.now = (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
	if (customers == 0 || customers >= MIXER || f.partitions == 0)
		bare_die("cannot fill so");
	for (uint64_t i = 0; i < customers && f.linked > 0; i++)
		add_link(&f, i);
	for (uint64_t n = 0; n < each; n++) {
		for (uint64_t i = 0; i < customers; i++) {
			uint64_t customer = (i + n * 7919) * MIXER % customers;
			uint64_t of = f.mixed ? 1 + customer % each : each;

			if (n < of)
				add(&f, customer, n, of);
		}
	}
	read_replies(&f);
	printf("{\"events\": %llu, \"bytes\": %llu}\n", (unsigned long long)f.n_events,
		(unsigned long long)f.n_bytes);
	return 0;
}
