/* SPDX-License-Identifier: MIT */
/*
 * A share of all gaps is the shortest one that at least so many of them do not exceed (nearest
 * rank), so that the table says what happened and nothing between. Where many gaps are the same,
 * the times are told apart by a second each: a policy wants them to rise.
 */
#include "backtest_gaps.h"
#include "counted.h"

#include <stdlib.h>

struct bought {
	char *customer;
	int64_t seen_at, part_at; /* latest as a customer, as part of another; INT64_MIN: never */
	uint32_t n;
	int32_t days[PROFILE_DAYS_MAX];
};

static const uint32_t shares[] = {
	500, 1000, 2000, 2500, 3000, 4000, 5000, 6000, 7000, 7500, 8000, 9000, 9500, 9900, 10000};

void gaps_init(struct gaps *g)
{
	static const uint64_t seed[2] = {5, 6};

	map_init(&g->days, seed);
	g->failed = false;
}

static void bought_free(struct bought *b)
{
	if (b)
		free(b->customer);
	free(b);
}

void gaps_release(struct gaps *g)
{
	size_t cursor = 0;
	struct bought *b;

	while ((b = map_next(&g->days, &cursor)))
		bought_free(b);
	map_release(&g->days);
}

static struct bought *bought_of(struct gaps *g, struct span customer)
{
	struct bought *b = map_get(&g->days, customer);

	if (b)
		return b;
	b = calloc(1, sizeof(*b));
	if (b)
		b->customer = malloc(customer.len + 1);
	if (!b || !b->customer) {
		bought_free(b);
		return NULL;
	}
	b->seen_at = b->part_at = INT64_MIN;
	memcpy(b->customer, customer.ptr, customer.len);
	if (map_put(&g->days, span_of(b->customer, customer.len), b) == 0)
		return b;
	bought_free(b);
	return NULL;
}

/* The partitions of a log are read one after the other: whose part somebody became may be known
 * before they are. */
static void see_part(struct gaps *g, struct span key, int64_t now)
{
	struct bought *b = bought_of(g, key);

	if (b)
		b->part_at = int64_max(b->part_at, now);
	g->failed = g->failed || !b;
}

void gaps_see(struct gaps *g, const struct journey *j, int64_t now)
{
	const struct profile *p = j->profile;
	struct bought *b;

	/* Parts are only those whose timelines were long. */
	for (size_t i = 0; i < j->n_ids; i++)
		if (j->ids[i].state == ID_LINKED)
			see_part(g, text_span(j->ids[i].key), now);
	for (size_t i = 0; i < j->n_parts; i++)
		see_part(g, text_span(j->parts[i].key), now);
	if (!p || p->n_days < 2)
		return;
	b = bought_of(g, text_span(j->customer));
	g->failed = g->failed || !b;
	if (!b)
		return;
	b->seen_at = int64_max(b->seen_at, now);
	b->n = p->n_days;
	memcpy(b->days, p->days, p->n_days * sizeof(*p->days));
}

static bool counts(const struct bought *b)
{
	return b->n > 1 && b->seen_at > b->part_at;
}

static int compare(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* All of them in order, to be freed; NULL: out of memory. */
static int32_t *all_gaps(const struct gaps *g, size_t *ret_n, size_t *ret_customers)
{
	size_t cursor = 0, n = 0;
	const struct bought *b;
	int32_t *list;

	*ret_customers = 0;
	while ((b = map_next(&g->days, &cursor))) {
		*ret_customers += counts(b);
		n += counts(b) ? b->n - 1 : 0;
	}
	list = malloc((n + 1) * sizeof(*list));
	*ret_n = n;
	n = cursor = 0;
	while (list && (b = map_next(&g->days, &cursor)))
		for (uint32_t i = 1; counts(b) && i < b->n; i++)
			list[n++] = b->days[i] - b->days[i - 1];
	if (list)
		qsort(list, n, sizeof(*list), compare);
	return list;
}

/* The times of the shares; how many there are. */
static size_t make_points(const int32_t *list, size_t n, struct policy_point *points)
{
	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(shares); i++) {
		size_t rank = (n * shares[i] + SHARE_WHOLE - 1) / SHARE_WHOLE;
		int64_t at = list[rank - 1] * MS_DAY;

		if (i > 0)
			at = int64_max(at, points[i - 1].at_ms + MS_SECOND);
		points[i] = (struct policy_point){shares[i], at};
	}
	return n > 0 ? ARRAY_SIZE(shares) : 0;
}

/* In days, which people compare more easily than weeks. */
static void print_length(int64_t ms)
{
	printf("%lldd", (long long)(ms / MS_DAY));
	if (ms % MS_DAY > 0)
		printf("%llds", (long long)(ms % MS_DAY / MS_SECOND));
}

static void print_points(const struct policy_point *points, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf("%s[%u.%02u, \"", i > 0 ? ", " : "", points[i].share / SHARE_WHOLE,
			points[i].share % SHARE_WHOLE / 100);
		print_length(points[i].at_ms);
		printf("\"]");
	}
}

static void print_meaning(const struct policy_model *m, size_t customers)
{
	struct policy p;

	policy_default(&p);
	p.models = m;
	p.n_models = m->n_points > 0;
	policy_settle_lapse(&p);
	printf("\n%llu gap%s of %llu customer%s who bought on two days or more.\n",
		COUNT(m->samples), COUNT(customers));
	if (m->samples < LAPSE_SAMPLES)
		printf("That is fewer than %d, which says nothing; the defaults hold.\n",
			LAPSE_SAMPLES);
	printf("With it a customer is lapsing after ");
	print_length(p.lapse.lapsing_ms);
	printf(", and lapsed after ");
	print_length(p.lapse.lapsed_ms);
	printf(".\n");
}

int gaps_print(const struct gaps *g, bool json)
{
	struct policy_point points[ARRAY_SIZE(shares)];
	struct policy_model model = {.name = SPAN_LIT(LAPSE_MODEL), .points = points};
	size_t n = 0, customers = 0;
	_cleanup_free_ int32_t *list = g->failed ? NULL : all_gaps(g, &n, &customers);

	if (!list)
		return -ENOMEM;
	model.samples = n;
	model.n_points = make_points(list, n, points);
	printf("{\"models\": {");
	if (n > 0) {
		printf("\"%s\": {\"samples\": %zu, \"points\": [", LAPSE_MODEL, n);
		print_points(points, model.n_points);
		printf("]}");
	}
	printf("}}\n");
	if (!json)
		print_meaning(&model, customers);
	return 0;
}
