/* SPDX-License-Identifier: MIT */
/*
 * Microseconds an event for what a tracking plan costs: an Order Completed of three products under
 * the canonical schema, the same with one fault, a Product Viewed, and an event that the plan
 * leaves alone; and milliseconds for compiling a plan that judges all canonical events. Each of 512
 * events is different, so that branches are not learned by heart. The best of several rounds is
 * printed: the others measure the machine's other business.
 */
#include "base/base.h"
#include "base/buf.h"
#include "codec/tracking_plan.h"

#define EVENTS 512
#define ROUNDS 40

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct tracking_plan *plan_new(double *ret_us)
{
	static struct file_problems problems;
	const struct tracking_plan_source source = {
		"plan.json", SPAN_LIT("{\"default\":\"warn\"}"), NULL, 0};
	struct tracking_plan *plan = NULL;
	double before = now();

	assert(tracking_plan_compile(&source, &problems, &plan) == 0);
	*ret_us = now() - before;
	return plan;
}

static void add_order(struct buf *b, unsigned i, const char *total)
{
	unsigned x = i * 2654435761U;

	buf_printf(b,
		"{\"order_id\":\"O-%u\",\"checkout_id\":\"C-%u\",\"affiliation\":\"Shop\","
		"\"subtotal\":\"%u.00\",\"total\":%s,\"revenue\":%u,\"tax\":%u.%02u,"
		"\"shipping\":4.90,\"currency\":\"EUR\",\"promised_at\":\"2026-12-%02uT12:00:00Z\","
		"\"products\":[",
		x, i, x % 5000, total, x % 5000, x % 800, x % 100, i % 28 + 1);
	for (unsigned k = 0; k < 3; k++)
		buf_printf(b,
			"%s{\"product_id\":\"p%u\",\"sku\":\"R-%u-54\",\"name\":\"Ring "
			"%u\",\"brand\":"
			"\"Aurora\",\"category\":\"rings/"
			"wedding\",\"variant\":\"54\",\"price\":%u.%02u,"
			"\"quantity\":%u,\"url\":\"https://shop.example/ring/%u\"}",
			k ? "," : "", x % 997 + k, x % 991, i, x % 2000, (x + k) % 100, k + 1, i);
	buf_add_str(b,
		"],\"shipping_address\":{\"name\":\"Ada\",\"line1\":\"Weg 1\",\"city\":\"Berlin\","
		"\"postal_code\":\"10115\",\"country\":\"DE\"}}");
}

static void good_order(struct buf *b, unsigned i)
{
	add_order(b, i, "1535.10");
}

static void bad_order(struct buf *b, unsigned i)
{
	add_order(b, i, "\"1535,10\"");
}

static void view(struct buf *b, unsigned i)
{
	buf_printf(b,
		"{\"product_id\":\"p%u\",\"name\":\"Ring %u\",\"price\":%u.%02u,\"quantity\":1,"
		"\"currency\":\"EUR\",\"url\":\"https://shop.example/ring/%u\"}",
		i * 2654435761U % 997, i, i % 5000, i % 100, i);
}

static const struct {
	const char *what;
	struct span event;
	void (*add)(struct buf *b, unsigned i);
	enum tracking_verdict want;
} loads[] = {
	{"order completed", {"Order Completed", 15}, good_order, TRACKING_VERDICT_NONE},
	{"the same with a fault", {"Order Completed", 15}, bad_order, TRACKING_VERDICT_WARN},
	{"product viewed", {"Product Viewed", 14}, view, TRACKING_VERDICT_NONE},
	{"not in the plan", {"Ring Engraved", 13}, good_order, TRACKING_VERDICT_NONE},
};

static double best_round(struct tracking_plan *plan, size_t load, const struct buf *events)
{
	double best = 1e12;

	for (int round = 0; round < ROUNDS; round++) {
		double before = now(), took;

		for (unsigned i = 0; i < EVENTS; i++) {
			struct json_schema_fault fault;
			enum tracking_verdict verdict;

			assert(tracking_plan_check(plan, loads[load].event, buf_span(&events[i]),
				       &fault, &verdict) == 0);
			assert(verdict == loads[load].want);
		}
		took = (now() - before) / EVENTS;
		best = took < best ? took : best;
	}
	return best;
}

int main(void)
{
	static struct buf events[EVENTS];
	double compile_us;
	struct tracking_plan *plan = plan_new(&compile_us);

	for (size_t load = 0; load < ARRAY_SIZE(loads); load++) {
		size_t bytes = 0;

		for (unsigned i = 0; i < EVENTS; i++) {
			buf_reset(&events[i]);
			loads[load].add(&events[i], i);
			bytes += events[i].len;
		}
		printf("%-22s %5zu bytes %7.3f us\n", loads[load].what, bytes / EVENTS,
			best_round(plan, load, events));
	}
	printf("%-22s             %7.3f ms\n", "a plan of all events", compile_us / 1000);
	for (unsigned i = 0; i < EVENTS; i++)
		buf_release(&events[i]);
	(void)tracking_plan_free(plan);
	return 0;
}
