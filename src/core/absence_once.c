/* SPDX-License-Identifier: MIT */
/*
 * Rules that say the same thing for different reasons (the promise is over, the promise will be
 * missed) share a group: of all jobs that they make for one key, one is enough for each value of
 * the fact that the group names, such as the promise. Of a key of several values the first counts:
 * what is said of a parcel is said of its order. Whichever comes due first says it; what comes due
 * later ends, unless the job was taken back, or given up before anybody sent it.
 */
#include "core/gate.h"

#include "absence_parts.h"
#include "fact_entity.h"

static int value_now(
	const struct turn *t, const struct rule *rule, const struct instance *i, struct buf *out)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);
	struct value v = {.type = VALUE_MISSING};

	if (rule->once_per != FACT_COUNT)
		v = fact_value(rule->once_per, &scope);
	absence_add_value(out, &v);
	return buf_failed(out);
}

/* Does the job stand that M of I is: was it neither taken back nor given up before it was sent? */
static bool stands(const struct turn *t, const struct rule *rule, const struct instance *i,
	const struct emission *m)
{
	unsigned char job[16];
	const struct send *s;

	/* A raised epoch says it once more. */
	if (m->deadline_at == INT64_MIN || m->step == STEP_UNSENT || m->epoch != i->epoch)
		return false;
	gates_job_id(t->journey, rule, i, m, job);
	s = journey_send(t->journey, job);
	return !s || s->state != SEND_RELEASED;
}

/* The N-th job of I that is known, the latest one last. What it points to stays I's. */
static struct emission nth(const struct instance *i, size_t n)
{
	return absence_emission(i, i->n_earlier - n);
}

static bool has_told(
	const struct turn *t, const struct rule *rule, const struct instance *i, struct span value)
{
	for (size_t n = 0; n <= i->n_earlier; n++) {
		struct emission m = nth(i, n);

		if (span_equal(text_span(m.told), value) && stands(t, rule, i, &m))
			return true;
	}
	return false;
}

/* In how many episodes I has told something, apart from EPISODE. */
static uint32_t times_told(
	const struct turn *t, const struct rule *rule, const struct instance *i, uint32_t episode)
{
	uint32_t last = 0, total = 0;

	for (size_t n = 0; n <= i->n_earlier; n++) {
		struct emission m = nth(i, n);

		if (m.episode == episode || m.episode == last || !stands(t, rule, i, &m))
			continue;
		last = m.episode;
		total++;
	}
	return total;
}

/* The rule of I if it is one of RULE's group and about what KEY names first. */
static const struct rule *sharer(
	const struct turn *t, const struct rule *rule, const struct instance *i, struct span key)
{
	const struct rule *other = rules_of(t->rules, i);

	if (!other || !span_equal(other->once, rule->once) ||
		!fact_keys_begin_alike(text_span(i->key), key))
		return NULL;
	return other;
}

int absence_once(const struct turn *t, const struct rule *rule, struct instance *i)
{
	_cleanup_(buf_release) struct buf value = BUF_INIT;
	const struct journey *j = t->journey;
	int r;

	/* The steps of one episode are one notice. */
	if (rule->once.len == 0 || absence_made(i))
		return 0;
	if (value_now(t, rule, i, &value) < 0)
		return -ENOMEM;
	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *one = &j->instances[n];
		const struct rule *other = sharer(t, rule, one, text_span(i->key));

		if (!other || !has_told(t, other, one, buf_span(&value)))
			continue;
		r = absence_supersede(t, i, other->id);
		return r < 0 ? r : ABSENCE_TOLD;
	}
	return 0;
}

int absence_tell(const struct turn *t, const struct rule *rule, struct instance *i)
{
	_cleanup_(buf_release) struct buf value = BUF_INIT;

	if (rule->once.len == 0)
		return 0;
	if (value_now(t, rule, i, &value) < 0)
		return -ENOMEM;
	return text_set(&i->told, buf_span(&value));
}

uint32_t absence_told(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	const struct journey *j = t->journey;
	uint32_t total = 1;

	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *one = &j->instances[n];
		const struct rule *other = sharer(t, rule, one, text_span(i->key));

		if (other)
			total += times_told(t, other, one, one == i ? i->episode : 0);
	}
	return total;
}
