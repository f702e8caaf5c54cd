/* SPDX-License-Identifier: MIT */
/* The identifiers that lead to a customer and the customers who have become part of them: lists
 * with bounds, and what makes room. */
#include "core/journey.h"

#include "../check.h"

static struct journey *new_journey(void)
{
	struct journey *j = NULL;
	int r = journey_new(SPAN_LIT("u1"), &j);

	assert(r == 0);
	return j;
}

static struct customer_id *add(
	struct journey *j, const char *kind, int n, enum id_state state, int64_t at)
{
	struct customer_id *id;
	char key[32];

	(void)snprintf(key, sizeof(key), "%s:%03d", kind, n);
	id = journey_add_id(j, span_str(key));
	if (id) {
		id->state = state;
		id->first_at = at;
	}
	return id;
}

static bool has(const struct journey *j, const char *key)
{
	return journey_id(j, span_str(key)) != NULL;
}

static void test_order(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();

	for (int i = 0; i < JOURNEY_IDS_MAX; i++)
		REQUIRE(add(j, i % 2 ? "email" : "anon", i * 37 % JOURNEY_IDS_MAX, ID_LINKED, i));
	CHECK_INT(j->n_ids, JOURNEY_IDS_MAX);
	for (size_t i = 1; i < j->n_ids; i++)
		CHECK(span_compare(text_span(j->ids[i - 1].key), text_span(j->ids[i].key)) < 0);
	CHECK(add(j, "anon", 0, ID_LINKED, 0) == journey_id(j, SPAN_LIT("anon:000")));
	CHECK_INT(j->n_ids, JOURNEY_IDS_MAX);
	journey_remove_id(j, 0);
	CHECK(!has(j, "anon:000"));
	CHECK_INT(j->n_ids, JOURNEY_IDS_MAX - 1);
}

/* What was refused goes first, but for a kind's last; then of the most numerous kind the oldest,
 * which is marked; what is claimed never. */
static void test_room(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	enum id_state state;

	for (int i = 0; i < 60; i++)
		add(j, "anon", i, ID_LINKED, 1000 - i);
	for (int i = 0; i < 50; i++)
		add(j, "order", i, ID_LINKED, i);
	for (int i = 0; i < JOURNEY_IDS_MAX - 112; i++)
		add(j, "card", i, ID_CLAIMED, -1);
	add(j, "email", 1, ID_REFUSED, 5);
	add(j, "email", 2, ID_REFUSED, 4);
	REQUIRE(j->n_ids == JOURNEY_IDS_MAX);
	REQUIRE(add(j, "phone", 1, ID_LINKED, 9));
	CHECK(!has(j, "email:002") && has(j, "email:001"));
	REQUIRE(add(j, "phone", 2, ID_LINKED, 9));
	CHECK(has(j, "email:001"));
	CHECK(!has(j, "anon:059") && has(j, "anon:058"));
	CHECK(journey_knows_id(j, SPAN_LIT("anon:059"), &state) && state == ID_LINKED);
	CHECK(!journey_knows_id(j, SPAN_LIT("email:002"), &state));
	CHECK_INT(journey_n_marks(j), 1);
	CHECK_INT(j->n_ids, JOURNEY_IDS_MAX);
	for (size_t i = 0; i < j->n_ids; i++)
		j->ids[i].state = ID_CLAIMED;
	errno = 0;
	CHECK(!add(j, "phone", 4, ID_CLAIMED, 9));
	CHECK_INT(errno, ENOSPC);
	CHECK_INT(j->n_ids, JOURNEY_IDS_MAX);
}

static void test_parts(void)
{
	_cleanup_(journey_freep) struct journey *j = new_journey();
	struct customer_part *part;
	char key[8];

	for (int i = 0; i < JOURNEY_PARTS_MAX; i++) {
		(void)snprintf(key, sizeof(key), "g%02d", i * 29 % JOURNEY_PARTS_MAX);
		part = journey_add_part(j, span_str(key));
		REQUIRE(part);
		part->reach_at = i == 7 ? 1 : 100 + i;
	}
	CHECK(journey_add_part(j, SPAN_LIT("g00")) == journey_part_of(j, SPAN_LIT("g00")));
	REQUIRE(journey_add_part(j, SPAN_LIT("h")));
	CHECK_INT(j->n_parts, JOURNEY_PARTS_MAX);
	CHECK(!journey_part_of(j, SPAN_LIT("g11"))); /* 7 × 29 mod 64 */
	REQUIRE(j->n_shed == 1);
	CHECK_STR(text_span(j->shed[0].key), "g11");
	CHECK(j->n_more == 1 && j->more_at == 1);
	journey_clear_shed(j);
	/* What ended first is not that of which something beside it ended late. */
	journey_part_of(j, SPAN_LIT("h"))->reach_at = 900;
	journey_part_of(j, SPAN_LIT("g00"))->more_at = 500; /* itself at 100 */
	REQUIRE(journey_add_part(j, SPAN_LIT("i")) && j->n_shed == 1);
	CHECK_STR(text_span(j->shed[0].key), "g29"); /* at 101 */
	CHECK(journey_part_of(j, SPAN_LIT("g00")) && j->n_more == 2 && j->more_at == 101);
	for (size_t i = 1; i < j->n_parts; i++)
		CHECK(span_compare(text_span(j->parts[i - 1].key), text_span(j->parts[i].key)) < 0);
	journey_remove_part(j, 0);
	CHECK(!journey_part_of(j, SPAN_LIT("g00")));
}

static const struct check_case cases[] = {
	{"identifiers in order of keys", test_order},
	{"room for identifiers", test_room},
	{"parts", test_parts},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
