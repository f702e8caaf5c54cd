/* SPDX-License-Identifier: MIT */
/* Prints jobs by chance, one a line, for tests in other languages. */
#include "codec/job_json.h"

#include "journey_chance.h"

/* Only job ids and rule ids have a shape; all other text is the sender's. */
static struct span some_text(struct chance *c, size_t max)
{
	struct span s = chance_text(c, max);

	return s.len ? s : SPAN_LIT("x");
}

static int64_t moment(struct chance *c)
{
	return INT64_C(1795262400000) + (int64_t)chance_below(c, 100000000);
}

int main(int argc, char **argv)
{
	struct chance c = {argc > 1 ? strtoull(argv[1], NULL, 10) : 1};

	for (int i = 0; i < 500; i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct rule rule = {
			.class = (enum rule_class)chance_below(&c, 3),
			.expire_ms = chance_below(&c, 2) ? TIME_NEVER : MS_DAY,
			.wait = {.kind = chance_below(&c, 2) ? WAIT_SPAN : WAIT_FIELD,
				.local = (enum wait_local)chance_below(&c, 3)},
			.steps = {{.id = {"m1", 2}}},
			.n_steps = 1,
			.channels = {{"email", 5}, {"sms", 3}},
			.n_channels = chance_below(&c, 3),
			.likelihood = {(int64_t)chance_below(&c, 1000), -3},
			.impact = {(int64_t)chance_below(&c, 100), -2},
		};
		struct decision d = {
			.rule = SPAN_LIT("a_rule"),
			.epoch = (uint32_t)chance_u64(&c),
			.key = some_text(&c, RULE_KEY_MAX),
			.episode = 1 + (uint32_t)chance_below(&c, 5),
			.step = SPAN_LIT("m1"),
			.armed_at = moment(&c),
			.anchor_at = moment(&c),
			.deadline_at = moment(&c),
			.fire_at = moment(&c),
			.by = chance_text(&c, 40),
			.data = chance_below(&c, 2) ? SPAN_LIT("\"a\":1.50,\"b\":[null,\n\"x\"]")
						    : SPAN_EMPTY,
			.rule_now = &rule,
		};
		struct span customer = some_text(&c, CUSTOMER_MAX);
		char id[JOB_ID_SIZE];

		if (job_id(&d, customer, id) < 0 || job_json(&d, customer, id, &b) < 0)
			return 1;
		printf("%.*s\n", (int)b.len, b.ptr);
	}
	return 0;
}
