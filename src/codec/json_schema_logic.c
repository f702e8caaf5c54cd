/* SPDX-License-Identifier: MIT */
/* The ops that put schemas together. All of them look at the value that their schema looks at. */
#include "json_schema_impl.h"

bool schema_check_ref(const struct schema_at *at, const struct schema_op *op)
{
	return schema_apply(at, op->schema, at->value, at->seen);
}

/* The dynamic anchor called like DYNAMIC in RESOURCE; SCHEMA_NONE: it has none. */
static uint32_t dynamic_in(
	const struct schema_at *at, uint32_t resource, const struct schema_dynamic *dynamic)
{
	for (uint32_t i = 0; i < dynamic_count(at->run->s); i++) {
		const struct schema_dynamic *other = dynamic_at(at->run->s, i);

		if (other->resource == resource && span_equal(other->name, dynamic->name))
			return other->schema;
	}
	return SCHEMA_NONE;
}

/*
 * Of all resources on the way here, the outermost that has such an anchor (core, section 8.2.3.2);
 * only if what the reference leads to is a dynamic anchor of that name itself.
 */
bool schema_check_dynamic_ref(const struct schema_at *at, const struct schema_op *op)
{
	const struct schema_dynamic *dynamic;
	uint32_t target = op->schema;

	if (op->more == SCHEMA_NONE)
		return schema_check_ref(at, op);
	dynamic = dynamic_at(at->run->s, op->more);
	for (const struct schema_scope *scope = at->scope; scope; scope = scope->up) {
		uint32_t found;

		if (!schema_spend(at->run, 1 + dynamic_count(at->run->s)))
			return false;
		found = dynamic_in(at, scope->resource, dynamic);
		if (found != SCHEMA_NONE)
			target = found;
	}
	return schema_apply(at, target, at->value, at->seen);
}

bool schema_check_all_of(const struct schema_at *at, const struct schema_op *op)
{
	bool good = true;

	for (uint32_t i = 0; i < op->n; i++) {
		if (schema_apply(at, ref_at(at->run->s, op->first + i), at->value, at->seen))
			continue;
		good = false;
		if (!schema_goes_on(at->run))
			return false;
	}
	return good;
}

/*
 * Does the value fit SCHEMA? Nobody is told of faults, and what was looked at counts only if it
 * fits.
 */
static bool fits(const struct schema_at *at, uint32_t schema)
{
	struct schema_seen seen, *own = NULL;
	bool good;

	if (at->seen) {
		if (!schema_seen_new(at->run, at->value, &seen))
			return false;
		own = &seen;
	}
	at->run->quiet++;
	good = schema_apply(at, schema, at->value, own);
	at->run->quiet--;
	if (good && own)
		schema_seen_join(at->seen, own);
	return good;
}

static size_t depth_of(const struct json_schema_fault *fault)
{
	size_t n = 0;

	for (const char *p = fault->instance; *p; p++)
		n += *p == '/';
	return n;
}

/*
 * No alternative fits: the one that goes wrong deepest inside the value is most likely the one that
 * was meant, and its fault the one to be mended. Asked once more only for its words, so neither the
 * steps nor how they end count.
 */
static bool none_fits(const struct schema_at *at, const struct schema_op *op)
{
	struct schema_run *run = at->run, before = *run;
	struct json_schema_faults *found = &run->work->nearest;
	struct json_schema_fault best = {.message = ""};
	char is[SCHEMA_WORDS_SIZE];

	if (run->asking || !schema_goes_on(run))
		return schema_fault(at, op, at->value, "is %s; fits none of the %u alternatives",
			schema_describe(value_of(at), is), op->n);
	run->asking = true;
	run->faults = found;
	for (uint32_t i = 0; i < op->n && !run->error; i++) {
		*found = (struct json_schema_faults){.want = 1};
		(void)schema_apply(at, ref_at(run->s, op->first + i), at->value, NULL);
		if (found->n > 0 &&
			(!best.message[0] || depth_of(&found->list[0]) > depth_of(&best)))
			best = found->list[0];
	}
	*run = before;
	if (strlen(best.instance) + strlen(best.message) < 120)
		return schema_fault(at, op, at->value,
			"fits none of the %u alternatives; nearest: %s%s%s", op->n, best.instance,
			best.instance[0] ? " " : "", best.message);
	return schema_fault(at, op, at->value, "fits none of the %u alternatives", op->n);
}

bool schema_check_any_of(const struct schema_at *at, const struct schema_op *op)
{
	bool any = false;

	/* Where somebody asks what was looked at, every alternative has its say. */
	for (uint32_t i = 0; i < op->n && (!any || at->seen) && !at->run->error; i++)
		any = fits(at, ref_at(at->run->s, op->first + i)) || any;
	if (any || at->run->error)
		return !at->run->error;
	return none_fits(at, op);
}

bool schema_check_one_of(const struct schema_at *at, const struct schema_op *op)
{
	uint32_t fitting = SCHEMA_NONE;

	for (uint32_t i = 0; i < op->n && !at->run->error; i++) {
		if (!fits(at, ref_at(at->run->s, op->first + i)))
			continue;
		if (fitting != SCHEMA_NONE)
			return schema_fault(at, op, at->value,
				"fits the alternatives %u and %u; exactly one may fit", fitting, i);
		fitting = i;
	}
	if (at->run->error || fitting != SCHEMA_NONE)
		return !at->run->error;
	return none_fits(at, op);
}

bool schema_check_not(const struct schema_at *at, const struct schema_op *op)
{
	bool good;

	at->run->quiet++;
	good = schema_apply(at, op->schema, at->value, NULL);
	at->run->quiet--;
	if (at->run->error)
		return false;
	return !good || schema_fault(at, op, at->value, "fits what it must not fit");
}

bool schema_check_if(const struct schema_at *at, const struct schema_op *op)
{
	uint32_t branch = fits(at, op->schema) ? op->first : op->more;

	if (at->run->error)
		return false;
	return branch == SCHEMA_NONE || schema_apply(at, branch, at->value, at->seen);
}
