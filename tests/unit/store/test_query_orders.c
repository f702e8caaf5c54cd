/* SPDX-License-Identifier: MIT */
/* A customer by the number of an order that came as no identifier. */
#include "codec/find_terms.h"
#include "query_stage.h"

/* How often the server did COMMAND since it began to count. */
static unsigned long calls_of(struct redis_stage *s, const char *command)
{
	const char *stats = stage_say(s, "INFO commandstats");
	char name[48];
	const char *at;

	(void)snprintf(name, sizeof(name), "cmdstat_%s:calls=", command);
	at = strstr(stats, name);
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static void in_one_round_trip(void)
{
	static struct heard h;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 40, NULL);
	put_customer(&s, "u2", 1, NULL);
	put_term(&s, "o:4711", "u1");
	put_term(&s, "o:47110", "u2");
	put_term(&s, "n:4711", "u2");
	(void)stage_say(&s, "CONFIG RESETSTAT");
	CHECK_INT(customer(&s, q, SPAN_LIT("order:4711"), &h), 0);
	CHECK_STR(span_str(h.customer), "u1");
	CHECK_STR(span_str(h.matched), "order:4711");
	CHECK_INT(h.n_chunks, 2);
	CHECK_INT(calls_of(&s, "eval"), 1);
	CHECK_INT(calls_of(&s, "zrangebylex"), 4);
	/* Who is there by a stronger name costs nothing of it. */
	(void)stage_say(&s, "CONFIG RESETSTAT");
	CHECK_INT(customer(&s, q, SPAN_LIT("u1"), &h), 0);
	CHECK_INT(calls_of(&s, "zrangebylex"), 0);
}

static void as_people_type_it(void)
{
	static struct heard h;
	static const char *const typed[] = {
		"order:R-17", "r-17", "R-17", " r-17 ", "#R-17", "order:#r-17", "order: R-17\t"};
	static const char *const others[] = {"email:R-17", "R-1", "R-177", "order:", "#", " "};

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 1, NULL);
	put_term(&s, "o:r-17", "u1");
	for (size_t i = 0; i < ARRAY_SIZE(typed); i++) {
		CHECK_INT(customer(&s, q, span_str(typed[i]), &h), 0);
		CHECK_STR(span_str(h.customer), "u1");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		CHECK_INT(customer(&s, q, span_str(others[i]), &h), QUERY_NO_CUSTOMER);
}

/* Nobody is shown by an order that was not asked for: what is done to somebody asks so. */
static void only_if_asked(void)
{
	static struct heard h;
	struct query_ask ask = ask_of(&h, SPAN_LIT("order:4711"));

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 1, NULL);
	put_term(&s, "o:4711", "u1");
	ask.orders = false;
	CHECK_INT(finish(&s, q, &h, query_customer(q, &ask)), QUERY_NO_CUSTOMER);
}

static void strength(void)
{
	static struct heard h;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 1, NULL);
	put_customer(&s, "u2", 1, NULL);
	put_customer(&s, "u3", 1, NULL);
	put_term(&s, "o:4711", "u1");
	put_link(&s, "device:4711", "u2", SPAN_EMPTY);
	CHECK_INT(customer(&s, q, SPAN_LIT("4711"), &h), 0);
	CHECK_STR(span_str(h.customer), "u1");
	/* The number as an identifier is a name, and a card is a stronger one. */
	put_link(&s, "order:4711", "u3", SPAN_EMPTY);
	put_term(&s, "o:4711", "order:4711");
	CHECK_INT(customer(&s, q, SPAN_LIT("4711"), &h), 0);
	CHECK_STR(span_str(h.customer), "u3");
	CHECK_STR(span_str(h.matched), "order:4711");
	put_link(&s, "card:4711", "u2", SPAN_EMPTY);
	CHECK_INT(customer(&s, q, SPAN_LIT("4711"), &h), 0);
	CHECK_STR(span_str(h.customer), "u2");
	CHECK_INT(customer(&s, q, SPAN_LIT("order:4711"), &h), 0);
	CHECK_STR(span_str(h.customer), "u3");
}

static void several(void)
{
	static struct heard h;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 1, NULL);
	put_customer(&s, "u2", 1, NULL);
	put_term(&s, "o:4711", "u1");
	put_term(&s, "o:4711", "u2");
	CHECK_INT(customer(&s, q, SPAN_LIT("order:4711"), &h), QUERY_SEVERAL);
	CHECK_INT(customer(&s, q, SPAN_LIT("4711"), &h), QUERY_SEVERAL);
	/* Two names of one customer are one. */
	put_customer(&s, "u3", 1, NULL);
	put_link(&s, "order:R-1", "email:c@d", SPAN_EMPTY);
	put_link(&s, "email:c@d", "u3", SPAN_EMPTY);
	put_term(&s, "o:r-1", "order:R-1");
	put_term(&s, "o:r-1", "u3");
	CHECK_INT(customer(&s, q, SPAN_LIT("r-1"), &h), 0);
	CHECK_STR(span_str(h.customer), "u3");
	/* A term is found whose key is gone only if the index is wrong. */
	put_term(&s, "o:77", "u9");
	CHECK_INT(customer(&s, q, SPAN_LIT("77"), &h), QUERY_NO_CUSTOMER);
}

/* Nine keys of one partition are too many to be followed, whoever they lead to. */
static void bounded(void)
{
	static struct heard h;
	unsigned n = 0, i = 0;
	char number[FIND_TERM_MAX + 3], from[32];

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 1, NULL);
	for (; n < 9; i++) {
		(void)snprintf(from, sizeof(from), "anon:%u", i);
		if (partition_of(span_str(from), PARTITIONS) != 0)
			continue;
		if (n == 8) {
			CHECK_INT(customer(&s, q, SPAN_LIT("order:5"), &h), 0);
			CHECK_STR(span_str(h.customer), "u1");
		}
		put_link(&s, from, "u1", SPAN_EMPTY);
		put_term(&s, "o:5", from);
		n++;
	}
	CHECK_INT(customer(&s, q, SPAN_LIT("order:5"), &h), QUERY_SEVERAL);
	/* What the index has the beginning of only is not looked for. */
	memset(number, '7', sizeof(number));
	memcpy(number, "o:", 2);
	number[sizeof(number) - 1] = '\0';
	put_term(&s, number, "u1");
	CHECK_INT(customer(&s, q, span_of(number + 2, FIND_TERM_MAX), &h), 0);
	CHECK_STR(span_str(h.customer), "u1");
	memset(number, '7', 2);
	CHECK_INT(customer(&s, q, span_of(number, FIND_TERM_MAX + 1), &h), QUERY_NO_CUSTOMER);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"in one round trip", in_one_round_trip},
		{"as people type it", as_people_type_it},
		{"only if asked", only_if_asked},
		{"stronger and weaker names", strength},
		{"several of one number", several},
		{"bounded", bounded},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
