/* SPDX-License-Identifier: MIT */
/* The tables of numbers of a policy: how long things take in this shop, what customers are worth.
 */
#include "base/instant.h"
#include "policy_reader.h"

#include <math.h>

/* The two halves of `[0.9, "210d"]`. False after a problem. */
static bool read_pair(struct rule_reader *r, const struct file_place *p, const char *form,
	struct file_place half[2])
{
	struct file_place extra;
	struct file_walk walk;

	file_walk_init(&walk, p);
	if (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &half[0]) &&
		rule_walk_next(r, &walk, &half[1]) && !rule_walk_next(r, &walk, &extra))
		return true;
	rule_problem_add(r, p, "this is a pair such as %s", form);
	return false;
}

struct point_list {
	struct policy_point list[POLICY_POINTS_MAX];
	size_t n;
};

static void read_point(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const struct rule_duration_limits limits = {1, DURATION_MAX_MS, false};
	struct point_list *l = target;
	struct policy_point *point = &l->list[l->n];
	struct file_place half[2];

	if (!read_pair(r, p, "[0.9, \"210d\"]", half) ||
		!policy_read_share(r, &half[0], &point->share) ||
		!rule_read_duration(r, &half[1], &limits, &point->at_ms))
		return;
	if (l->n > 0 && (point->share <= point[-1].share || point->at_ms <= point[-1].at_ms)) {
		rule_problem_add(r, p, "both the share and the time must be above those before");
		return;
	}
	l->n++;
}

static void read_points(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct point_list l = {.n = 0};
	struct policy_model *m = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, POLICY_POINTS_MAX,
			    "[[0.5, \"60d\"], [0.9, \"210d\"]]", read_point},
		    &l))
		return;
	m->points = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	m->n_points = l.n;
}

static void read_samples(struct rule_reader *r, const struct file_place *p, void *target)
{
	uint32_t n;

	if (rule_read_count(r, p, 1, &n))
		((struct policy_model *)target)->samples = n;
}

static void read_part_key(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct policy_part *part = target;

	if (rule_read_text(r, p, POLICY_KEY_MAX, &part->of[part->n_of]))
		part->n_of++;
}

static void read_part_of(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_each(r, p,
		&(const struct policy_form){
			JSON_TYPE_ARRAY, POLICY_KEYS_MAX, "[\"DHL\"]", read_part_key},
		target);
}

static void read_part_samples(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_samples(r, p, &((struct policy_part *)target)->model);
}

static void read_part_points(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_points(r, p, &((struct policy_part *)target)->model);
}

static const struct rule_member part_members[] = {
	{"description", policy_read_description, false},
	{"of", read_part_of, true},
	{"samples", read_part_samples, true},
	{"points", read_part_points, true},
};
static const struct rule_members part_spec = {
	"a part of a model", part_members, ARRAY_SIZE(part_members)};

struct part_list {
	struct policy_part list[POLICY_PARTS_MAX];
	size_t n;
};

static bool same_part(const struct policy_part *a, const struct policy_part *b)
{
	bool same = a->n_of == b->n_of;

	for (size_t i = 0; i < a->n_of && same; i++)
		same = span_equal_nocase(a->of[i], b->of[i]);
	return same;
}

static void read_part(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct part_list *l = target;
	struct policy_part *part = &l->list[l->n];
	struct file_place found[RULE_MEMBERS_MAX];

	*part = (struct policy_part){.n_of = 0};
	if (!rule_members_find(r, p, &part_spec, found))
		return;
	rule_members_read(r, &part_spec, found, part);
	for (size_t i = 0; i < l->n; i++)
		if (same_part(&l->list[i], part))
			rule_problem_add(r, p, "part %zu is of the same; leave one of them out", i);
	l->n++;
}

static void read_parts(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct part_list l = {.n = 0};
	struct policy_model *m = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, POLICY_PARTS_MAX,
			    "[{\"of\": [\"DHL\"], \"samples\": 412, \"points\": [[0.9, \"4d\"]]}]",
			    read_part},
		    &l))
		return;
	m->parts = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	m->n_parts = l.n;
}

static const struct rule_member model_members[] = {
	{"description", policy_read_description, false},
	{"samples", read_samples, true},
	{"points", read_points, true},
	{"parts", read_parts, false},
};
static const struct rule_members model_spec = {"a model", model_members, ARRAY_SIZE(model_members)};

struct model_list {
	struct policy_model list[POLICY_MODELS_MAX];
	size_t n;
};

static void read_model(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct model_list *l = target;
	struct file_place found[RULE_MEMBERS_MAX];

	l->list[l->n] = (struct policy_model){.name = rule_copy(r, p->name)};
	if (!rule_members_find(r, p, &model_spec, found))
		return;
	rule_members_read(r, &model_spec, found, &l->list[l->n]);
	l->n++;
}

void policy_read_models(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct model_list l = {.n = 0};
	struct policy *policy = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_OBJECT, POLICY_MODELS_MAX,
			    "{\"store_gap\": {\"samples\": 1200, \"points\": [[0.9, \"210d\"]]}}",
			    read_model},
		    &l))
		return;
	policy->models = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	policy->n_models = l.n;
}

/* ---- silence --------------------------------------------------------------------------- */

/* What ends no run of engagement makes no stage. */
static const struct rule_duration_limits lapse_limits = {LAPSE_MIN_MS, DURATION_MAX_MS, false};

static void read_lapsing(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &lapse_limits, &((struct lapse *)target)->lapsing_ms);
}

static void read_lapsed(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &lapse_limits, &((struct lapse *)target)->lapsed_ms);
}

/* What is at most a thousand, of a model whose numbers are all above 0. */
static void read_parameter(struct rule_reader *r, const struct file_place *p, double *ret)
{
	struct decimal d;

	if (!policy_read_money(r, p, &d))
		return;
	*ret = d.exponent < 0 ? (double)d.mantissa / pow(10, -d.exponent)
			      : (double)d.mantissa * pow(10, d.exponent);
	if (*ret <= 0 || *ret > 1000)
		rule_problem_add(r, p, "this must be above 0, and at most 1000");
}

#define PARAMETER(NAME, MEMBER)                                                                    \
	static void NAME(struct rule_reader *r, const struct file_place *p, void *target)          \
	{                                                                                          \
		read_parameter(r, p, &((struct purchase_model *)target)->MEMBER);                  \
	}
PARAMETER(read_r, r)
PARAMETER(read_alpha, alpha_ms)
PARAMETER(read_a, a)
PARAMETER(read_b, b)

static void read_within(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const struct rule_duration_limits limits = {MS_DAY, DURATION_MAX_MS, false};

	(void)rule_read_duration(r, p, &limits, &((struct purchase_model *)target)->within_ms);
}

static void read_likelihood(struct rule_reader *r, const struct file_place *p, void *target)
{
	uint32_t share;

	if (!policy_read_share(r, p, &share))
		return;
	if (share == 0 || share == SHARE_WHOLE)
		rule_problem_add(r, p, "this must be above 0 and below 1");
	((struct purchase_model *)target)->likelihood = (double)share / SHARE_WHOLE;
}

static const struct rule_member purchase_members[] = {
	{"description", policy_read_description, false},
	{"r", read_r, true},
	{"alpha", read_alpha, true},
	{"a", read_a, true},
	{"b", read_b, true},
	{"within", read_within, true},
	{"likelihood", read_likelihood, true},
};
static const struct rule_members purchase_spec = {
	"`at_risk`", purchase_members, ARRAY_SIZE(purchase_members)};

/* Its alpha is a number of weeks. */
static void read_at_risk(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct purchase_model *m = &((struct lapse *)target)->purchase;
	struct file_place found[RULE_MEMBERS_MAX];

	if (!rule_members_find(r, p, &purchase_spec, found))
		return;
	rule_members_read(r, &purchase_spec, found, m);
	m->alpha_ms *= 7 * MS_DAY;
}

static const struct rule_member lapse_members[] = {
	{"description", policy_read_description, false},
	{"lapsing", read_lapsing, false},
	{"lapsed", read_lapsed, false},
	{"at_risk", read_at_risk, false},
};
static const struct rule_members lapse_spec = {"`lapse`", lapse_members, ARRAY_SIZE(lapse_members)};

void policy_read_lapse(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct lapse *lapse = &((struct policy *)target)->lapse_given;
	struct file_place found[RULE_MEMBERS_MAX];

	if (!rule_members_find(r, p, &lapse_spec, found))
		return;
	rule_members_read(r, &lapse_spec, found, lapse);
	if (lapse->lapsing_ms > 0 && lapse->lapsed_ms > 0 && lapse->lapsing_ms >= lapse->lapsed_ms)
		rule_problem_add(r, p, "lapsing must come before lapsed");
}

/* ---- what customers are worth ------------------------------------------------------------ */

struct percentile_list {
	struct policy_percentile list[POLICY_POINTS_MAX];
	size_t n;
};

static void read_percentile(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct percentile_list *l = target;
	struct policy_percentile *one = &l->list[l->n];
	struct file_place half[2];

	if (!read_pair(r, p, "[0.9, 2000]", half) || !policy_read_share(r, &half[0], &one->share) ||
		!policy_read_money(r, &half[1], &one->value))
		return;
	if (l->n > 0 &&
		(one->share <= one[-1].share || decimal_compare(one->value, one[-1].value) <= 0)) {
		rule_problem_add(r, p, "both the share and the value must be above those before");
		return;
	}
	l->n++;
}

void policy_read_percentiles(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct percentile_list l = {.n = 0};
	struct policy *policy = target;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, POLICY_POINTS_MAX,
			    "[[0.5, 180], [0.9, 2000]]", read_percentile},
		    &l))
		return;
	policy->percentiles = rule_copy_array(r, l.list, l.n, sizeof(l.list[0]));
	policy->n_percentiles = l.n;
}
