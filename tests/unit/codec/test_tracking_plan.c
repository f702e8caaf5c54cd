/* SPDX-License-Identifier: MIT */
/* Tracking plans: what they say, what they must not say, and their verdicts. */
#include "check.h"
#include "codec/tracking_plan.h"
#include "core/vocab.h"

static struct file_problems problems;

static const struct {
	const char *name, *text;
} files[] = {
	{"order.schema.json", "{\"properties\":{\"total\":{\"$ref\":\"money.schema.json\"}},"
			      "\"required\":[\"order_id\"]}"},
	{"money.schema.json", "{\"type\":\"number\",\"multipleOf\":0.01}"},
	{"ring.schema.json", "{\"$ref\":\"https://waymark.example/schemas/events/common.schema.json"
			     "#/$defs/known_product\",\"required\":[\"engraving\"]}"},
	{"mail.schema.json", "{\"properties\":{\"to\":{\"format\":\"email\"}}}"},
	{"broken.schema.json", "{\"typ\":1}"},
};

static struct tracking_plan *compile(const char *text)
{
	struct tracking_plan_file spans[ARRAY_SIZE(files)];
	const struct tracking_plan_source source = {
		"plan.json", span_str(text), spans, ARRAY_SIZE(files)};
	struct tracking_plan *plan = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		spans[i] = (struct tracking_plan_file){
			span_str(files[i].name), span_str(files[i].text)};
	r = tracking_plan_compile(&source, &problems, &plan);
	CHECK(r == 0 ? plan && problems.n == 0 : r == TRACKING_PLAN_BAD && problems.n > 0);
	return plan;
}

static const char plan_text[] =
	"{\"about\":\"ours\",\"default\":\"off\",\"events\":{"
	"\"Order Completed\":{\"mode\":\"refuse\",\"schema\":\"order.schema.json\"},"
	"\"Viewed Product\":{\"mode\":\"warn\"},"
	"\"Ring Engraved\":{\"mode\":\"warn\",\"schema\":\"ring.schema.json\"},"
	"\"Mail A\":{\"mode\":\"warn\",\"schema\":\"mail.schema.json\",\"formats\":true},"
	"\"Mail B\":{\"mode\":\"warn\",\"schema\":\"mail.schema.json\"},"
	"\"Cart Viewed\":{\"mode\":\"off\"}}}";

static const struct {
	const char *name, *properties;
	enum tracking_verdict want;
	const char *where, *rule;
} verdicts[] = {
	{"Order Completed", "{\"order_id\":1,\"total\":19.99}", TRACKING_VERDICT_NONE, "", ""},
	{"Order Completed", "{\"order_id\":1,\"total\":19.999}", TRACKING_VERDICT_REFUSE, "/total",
		"money.schema.json#/multipleOf"},
	{"Completed Order", "{\"total\":19.99}", TRACKING_VERDICT_REFUSE, "", "#/required"},
	{"Order Completed", "", TRACKING_VERDICT_REFUSE, "", "#/required"},
	{"Order Completed", "null", TRACKING_VERDICT_REFUSE, "", "#/required"},
	{"Order Completed", "{", TRACKING_VERDICT_REFUSE, "", ""},
	{"Order Completed", "{\"order_id\":1,\"total\":1e100000000}", TRACKING_VERDICT_REFUSE, "",
		""},
	{"Product Viewed", "{\"product_id\":\"R-1\"}", TRACKING_VERDICT_NONE, "", ""},
	{"Product Viewed", "{\"product_id\":\"R-1\",\"price\":\"much\"}", TRACKING_VERDICT_WARN,
		"/price", "common.schema.json#/$defs/money/pattern"},
	{"Viewed Product", "{}", TRACKING_VERDICT_WARN, "",
		"common.schema.json#/$defs/known_product/anyOf"},
	{"Ring Engraved", "{\"sku\":\"R-1\",\"engraving\":\"A & B\"}", TRACKING_VERDICT_NONE, "",
		""},
	{"Ring Engraved", "{\"sku\":\"R-1\"}", TRACKING_VERDICT_WARN, "", "#/required"},
	{"Mail A", "{\"to\":\"nobody\"}", TRACKING_VERDICT_WARN, "/to", "#/properties/to/format"},
	{"Mail B", "{\"to\":\"nobody\"}", TRACKING_VERDICT_NONE, "", ""},
	{"Cart Viewed", "[]", TRACKING_VERDICT_NONE, "", ""},
	{"Order Updated", "[]", TRACKING_VERDICT_NONE, "", ""},
	{"Anything", "[]", TRACKING_VERDICT_NONE, "", ""},
	{"", "[]", TRACKING_VERDICT_NONE, "", ""},
};

static void test_verdicts(void)
{
	_cleanup_(tracking_plan_freep) struct tracking_plan *plan = compile(plan_text);

	REQUIRE(plan);
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		struct json_schema_fault fault = {.message = ""};
		enum tracking_verdict verdict;

		CHECK_INT(tracking_plan_check(plan, span_str(verdicts[i].name),
				  span_str(verdicts[i].properties), &fault, &verdict),
			0);
		check_int(verdicts[i].name, 0, verdicts[i].properties, verdict, verdicts[i].want);
		CHECK_STR(span_str(fault.instance), verdicts[i].where);
		CHECK_STR(span_str(fault.schema), verdicts[i].rule);
		CHECK((fault.message[0] != '\0') == (verdict != TRACKING_VERDICT_NONE));
	}
}

static void test_default(void)
{
	_cleanup_(tracking_plan_freep) struct tracking_plan *plan = compile(
		"{\"default\":\"warn\",\"events\":{\"Order Completed\":{\"mode\":\"refuse\"},"
		"\"Cart Viewed\":{\"mode\":\"off\"}}}");
	enum tracking_mode mode;
	size_t cursor = 0, n = 0;
	struct span name;

	REQUIRE(plan);
	CHECK_INT(tracking_plan_mode(plan, SPAN_LIT("Order Completed")), TRACKING_REFUSE);
	CHECK_INT(tracking_plan_mode(plan, SPAN_LIT("Completed Order")), TRACKING_REFUSE);
	CHECK_INT(tracking_plan_mode(plan, SPAN_LIT("Cart Viewed")), TRACKING_OFF);
	CHECK_INT(tracking_plan_mode(plan, SPAN_LIT("Note Added")), TRACKING_WARN);
	CHECK_INT(tracking_plan_mode(plan, SPAN_LIT("Ring Engraved")), TRACKING_OFF);
	while (tracking_plan_next(plan, &cursor, &name, &mode)) {
		CHECK(mode == (span_is(name, "Order Completed") ? TRACKING_REFUSE : TRACKING_WARN));
		n++;
	}
	/* All of the vocabulary but EVENT_CUSTOM and the one that is off. */
	CHECK_INT(n, EVENT_KIND_COUNT - 2);
	CHECK_STR(span_str(tracking_mode_name(TRACKING_REFUSE)), "refuse");
}

static void test_empty(void)
{
	static const char *const texts[] = {"{}", "{\"events\":{}}", "{\"default\":\"off\"}"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(tracking_plan_freep) struct tracking_plan *plan = compile(texts[i]);
		struct json_schema_fault fault;
		enum tracking_verdict verdict = TRACKING_VERDICT_WARN;

		REQUIRE(plan);
		CHECK_INT(tracking_plan_check(plan, SPAN_LIT("Order Completed"), SPAN_LIT("[]"),
				  &fault, &verdict),
			0);
		CHECK_INT(verdict, TRACKING_VERDICT_NONE);
	}
}

static const struct {
	const char *text, *file, *pointer, *words;
} refused[] = {
	{"[]", "plan.json", "", "a plan is an object"},
	{"{", "plan.json", "", "is not JSON"},
	{"{\"default\":\"on\"}", "plan.json", "/default", "\"off\", \"warn\" or \"refuse\""},
	{"{\"default\":1}", "plan.json", "/default", "\"off\", \"warn\" or \"refuse\""},
	{"{\"evens\":{}}", "plan.json", "/evens", "not known"},
	{"{\"events\":[]}", "plan.json", "/events", "an object of events"},
	{"{\"events\":{\"A\":\"warn\"}}", "plan.json", "/events/A", "must be an object"},
	{"{\"events\":{\"Cart Viewed\":{}}}", "plan.json", "/events/Cart Viewed", "needs a mode"},
	{"{\"events\":{\"Cart Viewed\":{\"mode\":\"warn\",\"shema\":1}}}", "plan.json",
		"/events/Cart Viewed/shema", "not known"},
	{"{\"events\":{\"Cart Viewed\":{\"mode\":\"warn\",\"formats\":1}}}", "plan.json",
		"/events/Cart Viewed/formats", "true or false"},
	{"{\"events\":{\"A\":{\"mode\":\"warn\"}}}", "plan.json", "/events/A",
		"no canonical event"},
	{"{\"events\":{\"A\":{\"mode\":\"warn\",\"schema\":\"x.json\"}}}", "plan.json",
		"/events/A/schema", "beside plan.json"},
	{"{\"events\":{\"A\":{\"mode\":\"warn\",\"schema\":1}}}", "plan.json", "/events/A/schema",
		"beside plan.json"},
	{"{\"events\":{\"A\":{\"mode\":\"warn\",\"schema\":\"broken.schema.json\"}}}",
		"broken.schema.json", "/typ", "no keyword"},
	/* Off, but wrong all the same. */
	{"{\"events\":{\"A\":{\"mode\":\"off\",\"schema\":\"broken.schema.json\"}}}",
		"broken.schema.json", "/typ", "no keyword"},
	{"{\"events\":{\"Order Completed\":{\"mode\":\"warn\"},\"Completed "
	 "Order\":{\"mode\":\"warn\"}}}",
		"plan.json", "/events/Completed Order", "by another name"},
	{"{\"events\":{},\"events\":{}}", "plan.json", "", "twice"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_(tracking_plan_freep) struct tracking_plan *plan =
			compile(refused[i].text);

		if (plan)
			fprintf(stderr, "# accepted: %s\n", refused[i].text);
		REQUIRE(!plan);
		CHECK_STR(span_str(problems.list[0].file), refused[i].file);
		CHECK_STR(span_str(problems.list[0].pointer), refused[i].pointer);
		CHECK(strstr(problems.list[0].message, refused[i].words) != NULL);
	}
}

static void test_limits(void)
{
	static struct tracking_plan_file many[TRACKING_PLAN_FILES_MAX + 1];
	struct tracking_plan_source source = {
		"plan.json", SPAN_LIT("{}"), many, TRACKING_PLAN_FILES_MAX};
	_cleanup_(tracking_plan_freep) struct tracking_plan *plan = NULL;
	struct tracking_plan *none = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct tracking_plan_file){SPAN_LIT("a"), SPAN_LIT("{}")};
	CHECK_INT(tracking_plan_compile(&source, &problems, &plan), 0);
	source.n_schemas++;
	CHECK_INT(tracking_plan_compile(&source, &problems, &none), TRACKING_PLAN_BAD);
	CHECK(!none);
}

static void test_events_limit(void)
{
	for (size_t past = 0; past < 2; past++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		_cleanup_(tracking_plan_freep) struct tracking_plan *plan = NULL;

		buf_add_str(&text, "{\"events\":{");
		for (size_t i = 0; i < TRACKING_PLAN_EVENTS_MAX + past; i++)
			buf_printf(&text, "%s\"e%zu\":{\"mode\":\"off\"}", i ? "," : "", i);
		buf_add(&text, "}}", 3);
		plan = compile(text.ptr);
		CHECK(!plan == (past == 1));
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"verdicts", test_verdicts},
		{"the default", test_default},
		{"plans that say nothing", test_empty},
		{"what a plan must not say", test_refused},
		{"limit: files", test_limits},
		{"limit: events", test_events_limit},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
