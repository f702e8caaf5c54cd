/* SPDX-License-Identifier: MIT */
/*
 * Things and what is known of a customer, as bytes: each bound met exactly and passed by one, and
 * what each element costs.
 */
#include "codec/record.h"

#include "check.h"
#include "journey_chance.h"

/* 2026-11-21T12:00:00.000Z */
#define NOON INT64_C(1795262400000)

static struct journey *new_journey(void)
{
	struct journey *j;
	int r = journey_new(SPAN_LIT("cust_42"), &j);

	assert(r == 0);
	j->last_at = NOON;
	return j;
}

static size_t size_of(const struct journey *j)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	CHECK_INT(journey_encode(j, &b), 0);
	return b.len;
}

/* What is written comes back the same, and no bytes are left over. */
static void check_round(const struct journey *j)
{
	_cleanup_(journey_freep) struct journey *back = NULL;
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct span bytes;
	const char *differs;

	REQUIRE(journey_encode(j, &b) == 0);
	bytes = buf_span(&b);
	REQUIRE(journey_decode(&bytes, &back) == 0);
	CHECK_INT(bytes.len, 0);
	differs = journey_differs(j, back);
	if (differs)
		fprintf(stderr, "# differs: %s\n", differs);
	CHECK(!differs);
}

static void check_text_bound(const struct journey *j, struct text *t, size_t max)
{
	static char x[2048];
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	memset(x, 'x', sizeof(x));
	REQUIRE(text_set(t, span_of(x, max)) == 0);
	check_round(j);
	REQUIRE(text_set(t, span_of(x, max + 1)) == 0);
	CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
	REQUIRE(text_set(t, SPAN_LIT("x")) == 0);
	check_round(j);
}

static void test_texts(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	struct thing *t = journey_add_thing(j, THING_CASE, SPAN_LIT("x"));
	struct consent *c = journey_add_consent(j, SPAN_LIT("x"), JOB_CHANNEL_SMS);
	struct address *a = journey_add_address(j, JOB_CHANNEL_EMAIL, SPAN_LIT("x"));
	struct date *d = journey_add_date(j, SPAN_LIT("x"));
	struct customer_id *id = journey_add_id(j, SPAN_LIT("x"));
	struct profile *p = journey_add_profile(j);

	d->month = d->day = 1;
	check_text_bound(j, &t->id, THING_ID_MAX);
	check_text_bound(j, &t->about, ENTITY_MAX);
	check_text_bound(j, &t->word.text, THING_WORD_MAX);
	t->before = calloc(1, sizeof(*t->before));
	REQUIRE(t->before);
	t->before->kind = THING_CASE;
	check_text_bound(j, &t->before->about, ENTITY_MAX);
	check_text_bound(j, &t->before->word.text, THING_WORD_MAX);
	check_text_bound(j, &c->topic, CONSENT_TOPIC_MAX);
	check_text_bound(j, &c->source, CONSENT_SOURCE_MAX);
	check_text_bound(j, &c->side, CUSTOMER_MAX);
	check_text_bound(j, &id->under, CUSTOMER_MAX);
	check_text_bound(j, &a->which, ADDRESS_MAX);
	check_text_bound(j, &d->name, DATE_NAME_MAX);
	for (unsigned i = 0; i < PROFILE_TEXT_COUNT; i++)
		check_text_bound(j, &p->texts[i].text, profile_text_max(i));
}

/* A value that no decoder would take is not written. */
static void test_values(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct thing *t = journey_add_thing(j, THING_CASE, SPAN_LIT("x"));
	struct consent *c = journey_add_consent(j, SPAN_EMPTY, JOB_CHANNEL_COUNT);
	struct date *d = journey_add_date(j, SPAN_LIT("x"));

	d->month = 12;
	d->day = 31;
	d->year = 9999;
	t->number.value = (struct decimal){INT64_C(999999999999999999), 400};
	check_round(j);
	t->number.value.mantissa++;
	CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
	t->number.value = (struct decimal){-1, -401};
	CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
	t->number.value = (struct decimal){0, 0};
	d->month = 13;
	CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
	d->month = 12;
	c->channel = JOB_CHANNEL_COUNT + 1;
	CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
	c->channel = 0;
	check_round(j);
}

/* All lists full, and one element too many in each. */
static void test_full(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	size_t *const counts[] = {&j->n_things, &j->n_sends, &j->n_dates};
	char id[16];

	for (int i = 0; i < JOURNEY_THINGS_MAX + 1; i++) {
		struct send send = {.at = NOON - i};

		(void)snprintf(id, sizeof(id), "%03d", i);
		REQUIRE(journey_add_thing(j, THING_CASE, span_str(id)));
		REQUIRE(journey_add_send(j, &send));
		REQUIRE(journey_add_date(j, span_str(id)));
	}
	CHECK_INT(j->n_things, JOURNEY_THINGS_MAX);
	CHECK_INT(j->n_sends, JOURNEY_SENDS_MAX);
	CHECK_INT(j->n_dates, JOURNEY_DATES_MAX);
	check_round(j);
	j->things = realloc(j->things, (j->n_things + 1) * sizeof(*j->things));
	j->sends = realloc(j->sends, (j->n_sends + 1) * sizeof(*j->sends));
	j->dates = realloc(j->dates, (j->n_dates + 1) * sizeof(*j->dates));
	REQUIRE(j->things && j->sends && j->dates);
	memset(&j->things[j->n_things], 0, sizeof(*j->things));
	memset(&j->sends[j->n_sends], 0, sizeof(*j->sends));
	memset(&j->dates[j->n_dates], 0, sizeof(*j->dates));
	REQUIRE(text_set(&j->things[j->n_things].id, SPAN_LIT("zzz")) == 0);
	REQUIRE(text_set(&j->dates[j->n_dates].name, SPAN_LIT("zzz")) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		++*counts[i];
		CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
		--*counts[i];
	}
	text_release(&j->things[j->n_things].id);
	text_release(&j->dates[j->n_dates].name);
}

/* The same of what a customer has who was two. */
static void test_ids(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	size_t before = size_of(j);
	struct customer_id *id = journey_add_id(j, SPAN_LIT("email:anna@example.org"));
	struct customer_part *part;
	struct instance *i;

	id->first_at = NOON - MS_DAY;
	id->state = ID_LINKED;
	printf("# an identifier: %zu bytes\n", size_of(j) - before);
	check_text_bound(j, &id->key, CUSTOMER_MAX);
	id->state = (enum id_state)(ID_LINKED + 1);
	CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
	id->state = ID_CLAIMED;
	part = journey_add_part(j, SPAN_LIT("x"));
	part->n_chunks = UINT32_MAX;
	part->sealed_n = UINT64_MAX;
	check_text_bound(j, &part->key, CUSTOMER_MAX);
	i = journey_add_instance(j, SPAN_LIT("r"), SPAN_LIT("customer"));
	check_text_bound(j, &i->subject, CUSTOMER_MAX);
	check_text_bound(j, &i->last_subject, CUSTOMER_MAX);
	check_text_bound(j, &i->home, CUSTOMER_MAX);
	j->n_parts = JOURNEY_PARTS_MAX + 1;
	j->parts = realloc(j->parts, j->n_parts * sizeof(*j->parts));
	memset(&j->parts[1], 0, JOURNEY_PARTS_MAX * sizeof(*j->parts));
	CHECK_INT(journey_encode(j, &b), -EMSGSIZE);
	j->n_parts = 1;
	check_round(j);
}

/* Jobs of the instance's epoch cost nothing, as those of older records do that know no other; of an
 * epoch before it is said which, by how many (2 of 3, settled or not; 3 of 3). */
static void test_epochs(void)
{
	static const char one[] = "\x00\x00\x17\x01\x00\x04", two[] = "\x00\x00\x17\x01\x00\x05";
	_cleanup_(journey_freep) struct journey *j = new_journey();
	_cleanup_(buf_release) struct buf same = BUF_INIT, other = BUF_INIT;
	struct instance *i = journey_add_instance(j, SPAN_LIT("r"), SPAN_LIT("k"));

	REQUIRE(i);
	i->epoch = i->last_epoch = 3;
	i->last_deadline_at = i->last_anchor_at = i->last_arming_at = NOON;
	check_round(j);
	REQUIRE(journey_encode(j, &same) == 0);
	for (uint32_t settled = 0; settled < 2; settled++) {
		i->last_epoch = 1;
		i->last_settled = settled;
		check_round(j);
		buf_reset(&other);
		REQUIRE(journey_encode(j, &other) == 0);
		REQUIRE(other.len == same.len + 6);
		CHECK(memcmp(other.ptr + same.len, settled ? two : one, 6) == 0);
	}
}

/* What nobody writes is not read: nothing behind nothing, no such instance, an epoch of no job. */
static void test_epochs_bad(void)
{
	static const char *const bad[] = {"\x00\x00\x17\x01\x00\x00", "\x00\x00\x17\x01\x01\x02",
		"\x00\x00\x17\x02\x00\x02", "\x00\x00\x17\x00\x00\x02"};

	for (size_t n = 0; n <= ARRAY_SIZE(bad); n++) {
		_cleanup_(journey_freep) struct journey *j = new_journey(), *back = NULL;
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct instance *i = journey_add_instance(j, SPAN_LIT("r"), SPAN_LIT("k"));
		bool none = n == ARRAY_SIZE(bad);
		struct span bytes;

		REQUIRE(i);
		i->epoch = 3;
		i->last_epoch = none ? 0 : 3;
		i->last_deadline_at = i->last_anchor_at = i->last_arming_at =
			none ? INT64_MIN : NOON;
		REQUIRE(journey_encode(j, &b) == 0);
		buf_add(&b, none ? "\x00\x00\x17\x01\x00\x02" : bad[n], 6);
		b.ptr[0] = (char)(b.ptr[0] + 6); /* the length of all that follows */
		bytes = buf_span(&b);
		CHECK_INT(journey_decode(&bytes, &back), RECORD_CORRUPT);
	}
}

/* A part by itself: as it was, and nothing less. */
static void test_part_beside(void)
{
	char name[CUSTOMER_MAX + 1];
	struct customer_part part = {.key = {.ptr = name, .len = CUSTOMER_MAX},
		.n_chunks = UINT32_MAX,
		.sealed_n = UINT64_MAX,
		.reach_at = NOON,
		.from_at = INT64_MIN,
		.n_more = UINT64_MAX,
		.more_at = INT64_MAX - 1};
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct customer_part back;
	struct span key;

	memset(name, 'x', sizeof(name));
	REQUIRE(customer_part_encode(&part, &b) == 0);
	REQUIRE(customer_part_decode(buf_span(&b), &back, &key) == 0);
	CHECK(span_equal(key, span_of(name, CUSTOMER_MAX)));
	CHECK(back.n_chunks == part.n_chunks && back.sealed_n == part.sealed_n);
	CHECK(back.reach_at == NOON && back.from_at == INT64_MIN);
	CHECK(back.n_more == UINT64_MAX && back.more_at == part.more_at);
	for (size_t n = 0; n < b.len; n++)
		CHECK(customer_part_decode(span_of(b.ptr, n), &back, &key) != 0);
	part.key.len = CUSTOMER_MAX + 1;
	buf_reset(&b);
	REQUIRE(customer_part_encode(&part, &b) == 0);
	CHECK_INT(customer_part_decode(buf_span(&b), &back, &key), RECORD_CORRUPT);
}

/* What is not in its order is refused by the reader: lookups would not find it. */
static void test_order(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	_cleanup_(journey_freep) struct journey *back = NULL;
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct span bytes;

	REQUIRE(journey_add_thing(j, THING_CASE, SPAN_LIT("a")));
	REQUIRE(journey_add_thing(j, THING_CASE, SPAN_LIT("b")));
	j->things[0].id.ptr[0] = 'c';
	REQUIRE(journey_encode(j, &b) == 0);
	bytes = buf_span(&b);
	CHECK_INT(journey_decode(&bytes, &back), RECORD_CORRUPT);
}

/* Bytes of one more of each, as it usually is. */
static void test_cost(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	size_t before = size_of(j), now;
	struct profile *p;
	struct thing *t;
	struct send send = {.rule = UINT64_MAX, .at = NOON - MS_DAY, .class = 1};

	for (int i = 0; i < 2; i++) {
		t = journey_add_thing(
			j, THING_CASE, i ? SPAN_LIT("case-4712") : SPAN_LIT("case-4711"));
		t->at[CASE_FIRST_OPENED] = t->at[CASE_OPENED] = t->touched_at = NOON - MS_DAY;
		now = size_of(j);
		printf("# a thing: %zu bytes\n", now - before);
		before = now;
	}
	CHECK(sizeof(struct thing) <= 200);
	REQUIRE(journey_add_consent(j, SPAN_LIT("news"), JOB_CHANNEL_EMAIL));
	now = size_of(j);
	printf("# a consent: %zu bytes\n", now - before);
	before = now;
	REQUIRE(journey_add_send(j, &send));
	now = size_of(j);
	printf("# a send: %zu bytes\n", now - before);
	before = now;
	REQUIRE(journey_add_date(j, SPAN_LIT("birthday")));
	now = size_of(j);
	printf("# a date: %zu bytes\n", now - before);
	before = now;
	p = journey_add_profile(j);
	p->times[PROFILE_FIRST_ORDER_AT] = p->times[PROFILE_LAST_ORDER_AT] = NOON;
	now = size_of(j);
	printf("# a profile with a purchase: %zu bytes\n", now - before);
	printf("# in memory: thing %zu, consent %zu, address %zu, date %zu, send %zu, profile %zu, "
	       "basket %zu + %zu a line\n",
		sizeof(struct thing), sizeof(struct consent), sizeof(struct address),
		sizeof(struct date), sizeof(struct send), sizeof(struct profile),
		sizeof(struct basket), sizeof(struct line));
}

static const struct check_case cases[] = {
	{"texts", test_texts},
	{"values", test_values},
	{"full lists", test_full},
	{"identifiers and parts", test_ids},
	{"of which epoch a job is", test_epochs},
	{"epochs that nobody writes", test_epochs_bad},
	{"a part beside the record", test_part_beside},
	{"the order of lists", test_order},
	{"what it costs", test_cost},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
