/* SPDX-License-Identifier: MIT */
/*
 * Properties of events under a plan that judges all there are. Whatever the bytes: a verdict, with
 * words if it is bad, and within the steps; a value that is sound and passes passes again when it
 * is in another's place (as an item under `items`).
 */
#include "codec/event_schema.h"
#include "codec/tracking_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char extra[] =
	"{\"$defs\":{\"t\":{\"$dynamicAnchor\":\"t\",\"propertyNames\":{\"pattern\":\"^[\\\\w-]*$"
	"\"},"
	"\"additionalProperties\":{\"$dynamicRef\":\"#t\"},\"items\":{\"$dynamicRef\":\"#t\"}}},"
	"\"anyOf\":[{\"$ref\":\"#/$defs/t\"},{\"properties\":{\"a\":{\"multipleOf\":0.25},"
	"\"b\":{\"uniqueItems\":true,\"contains\":{\"const\":[1,{\"x\":\"y\"}]},\"minContains\":0}}"
	","
	"\"patternProperties\":{\"^c\":{\"format\":\"date-time\"},\"d$\":{\"format\":\"email\"},"
	"\"e\":{\"format\":\"uri\"},\"f\":{\"format\":\"ipv6\"},\"g\":{\"format\":\"duration\"},"
	"\"h\":{\"format\":\"hostname\"},\"i\":{\"format\":\"regex\"},\"j\":{\"format\":\"time\"}},"
	"\"dependentSchemas\":{\"a\":{\"properties\":{\"z\":true}}},"
	"\"unevaluatedProperties\":{\"type\":[\"integer\",\"string\"]}}],"
	"\"if\":{\"minProperties\":3},\"then\":{\"not\":{\"required\":[\"no\"]}},"
	"\"unevaluatedItems\":false}";

static struct tracking_plan *new_plan(void)
{
	static const struct tracking_plan_file files[] = {
		{{"x.json", 6}, {extra, sizeof(extra) - 1}}};
	static const char text[] = "{\"default\":\"warn\",\"events\":{\"X\":{\"mode\":\"refuse\","
				   "\"schema\":\"x.json\",\"formats\":true}}}";
	static struct file_problems problems;
	const struct tracking_plan_source source = {"plan.json", SPAN_LIT(text), files, 1};
	struct tracking_plan *plan = NULL;

	assert(tracking_plan_compile(&source, &problems, &plan) == 0);
	return plan;
}

static enum tracking_verdict check(struct tracking_plan *plan, struct span name, struct span value)
{
	struct json_schema_fault fault = {.message = ""};
	enum tracking_verdict verdict;

	assert(tracking_plan_check(plan, name, value, &fault, &verdict) == 0);
	assert((verdict == TRACKING_VERDICT_NONE) == (fault.message[0] == '\0'));
	assert(memchr(fault.message, '\0', sizeof(fault.message)));
	assert(memchr(fault.instance, '\0', sizeof(fault.instance)));
	assert(fault.offset <= value.len + 2);
	return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Kept for all inputs; still reachable at the end. */
	static struct tracking_plan *plan;
	const struct span value = span_of((const char *)data, size);
	enum tracking_verdict verdict;
	enum event_kind kind;

	if (!plan)
		plan = new_plan();
	kind = (enum event_kind)(1 + (size ? data[size / 2] : 0) % (EVENT_KIND_COUNT - 1));
	(void)check(plan, vocab_name(kind), value);
	(void)check(plan, vocab_name(EVENT_ORDER_COMPLETED), value);
	verdict = check(plan, SPAN_LIT("X"), value);
	/* The same twice: nothing is left behind from one value to the next. */
	assert(check(plan, SPAN_LIT("X"), value) == verdict);
	return 0;
}
