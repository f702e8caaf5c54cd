/* SPDX-License-Identifier: MIT */
/*
 * The jobs that an instance has made. Late news may disprove one of them, the latest or one before
 * it, and takes it back while nobody has it yet. And what came in late may belong to a wait that
 * is over: what would not have moved its deadline begins no other one.
 *
 * Who is held out, and what is tried, goes the same way, or there would be nothing to compare with:
 * what would have been a job is one here, but for the job.
 */
#include "core/gate.h"
#include "core/news.h"

#include "absence_parts.h"
#include "taken.h"

/* What it points to stays I's. */
static struct emission latest(const struct instance *i)
{
	return (struct emission){
		.epoch = i->last_epoch,
		.episode = i->last_episode,
		.step = i->last_step,
		.arming_at = i->last_arming_at,
		.anchor_at = i->last_anchor_at,
		.deadline_at = i->last_deadline_at,
		.way = i->last_way,
		.number = i->last_number,
		.subject = i->last_subject,
		.home = i->home,
		.told = i->told,
		.settled = i->last_settled,
	};
}

/* Takes over what M points to. */
static void set_latest(struct instance *i, const struct emission *m)
{
	i->last_epoch = m->epoch;
	i->last_settled = m->settled;
	i->last_episode = m->episode;
	i->last_step = m->step;
	i->last_arming_at = m->arming_at;
	i->last_anchor_at = m->anchor_at;
	i->last_deadline_at = m->deadline_at;
	i->last_way = m->way;
	i->last_number = m->number;
	i->last_subject = m->subject;
	i->home = m->home;
	i->told = m->told;
}

/* The N-th, off the list and the caller's. */
static struct emission take_earlier(struct instance *i, size_t n)
{
	struct emission m = i->earlier[n];

	i->n_earlier--;
	memmove(i->earlier + n, i->earlier + n + 1, (i->n_earlier - n) * sizeof(*i->earlier));
	if (i->n_earlier == 0) {
		free(i->earlier);
		i->earlier = NULL;
	}
	return m;
}

/* The latest one is so no more; the oldest makes room. */
static int push_latest(struct instance *i)
{
	struct emission m = latest(i);
	struct emission *more;

	if (i->last_deadline_at == INT64_MIN) {
		emission_release(&m);
		return 0;
	}
	if (i->n_earlier == INSTANCE_EARLIER_MAX) {
		struct emission oldest = take_earlier(i, 0);

		emission_release(&oldest);
	}
	more = realloc(i->earlier, (i->n_earlier + 1) * sizeof(*i->earlier));
	if (!more)
		return -ENOMEM;
	i->earlier = more;
	i->earlier[i->n_earlier++] = m;
	return 0;
}

int absence_remember(struct instance *i, bool sends)
{
	struct emission now = {
		.epoch = i->epoch,
		.episode = i->episode,
		.number = i->number,
		.step = sends ? i->step : STEP_UNSENT,
		.arming_at = i->arming_at,
		.anchor_at = i->anchor_at,
		.deadline_at = i->deadline_at,
	};

	if (text_set(&now.subject, text_span(i->subject)) < 0)
		return -ENOMEM;
	if (push_latest(i) < 0) {
		emission_release(&now);
		return -ENOMEM;
	}
	set_latest(i, &now);
	i->fallback = fallback_free(i->fallback);
	return 0;
}

int absence_remember_again(struct instance *i, uint32_t way, uint32_t number)
{
	struct emission now = latest(i);

	now.way = way + 1;
	now.number = number == spent_by(&now) ? now.number : number;
	now.subject = now.home = now.told = (struct text){.ptr = NULL};
	if (text_set(&now.subject, text_span(i->last_subject)) < 0)
		return -ENOMEM;
	if (push_latest(i) < 0) {
		emission_release(&now);
		return -ENOMEM;
	}
	set_latest(i, &now);
	return 0;
}

struct emission absence_emission(const struct instance *i, size_t back)
{
	return back ? i->earlier[i->n_earlier - back] : latest(i);
}

int64_t absence_fired_until(const struct instance *i, uint32_t epoch)
{
	int64_t until = INT64_MIN;

	for (size_t n = 0; n <= i->n_earlier; n++) {
		struct emission m = absence_emission(i, n);

		if (m.epoch >= epoch)
			until = int64_max(until, m.deadline_at);
	}
	return until;
}

static bool is_part_of(
	const struct rule *rule, const struct emission *m, int64_t a, int64_t deadline_at)
{
	if (m->deadline_at == INT64_MIN)
		return false;
	/* The first one counts: what came behind it did not move anything. */
	if (rule->anchor_first && a <= m->deadline_at)
		return true;
	return a <= m->anchor_at || deadline_at <= m->deadline_at;
}

bool absence_fired(
	const struct rule *rule, const struct instance *i, int64_t a, int64_t deadline_at)
{
	struct emission last = latest(i);
	bool fired = is_part_of(rule, &last, a, deadline_at);

	for (size_t n = 0; n < i->n_earlier && !fired; n++)
		fired = is_part_of(rule, &i->earlier[n], a, deadline_at);
	return fired;
}

/* ---- late news --------------------------------------------------------------------------- */

uint32_t absence_out_last(const struct instance *i)
{
	return absence_made(i) || i->episode == 0 ? i->episode : i->episode - 1;
}

/* Is M of that episode? As long as an epoch has made no job the last one of those before it is;
 * a yearly rule's goes on through all epochs. */
static bool is_last_out(const struct rule *rule, const struct instance *i, const struct emission *m)
{
	if (m->epoch == i->epoch || rule->calendar)
		return m->episode == absence_out_last(i);
	return !m->settled && absence_out_last(i) == 0;
}

bool absence_disproves(const struct rule *rule, const struct instance *i, const struct emission *m,
	int64_t b, bool terminal)
{
	if (m->deadline_at == INT64_MIN)
		return false;
	if (b > m->deadline_at && !is_last_out(rule, i, m))
		return false;
	return terminal || b >= m->arming_at - rule->slack_ms;
}

/* The text of RULE under which M was made: steps of another one may stand elsewhere, and the job is
 * named after its step. Nothing says so but that such a job is known; where none is, it is RULE. */
static const struct rule *made_under(const struct turn *t, const struct rule *rule,
	const struct instance *i, const struct emission *m)
{
	unsigned char job[16];

	if (!rule)
		return NULL;
	gates_job_id(t->journey, rule, i, m, job);
	if (journey_send(t->journey, job))
		return rule;
	for (size_t k = t->rules->n_retired; k-- > 0;) {
		const struct rule *earlier = &t->rules->retired[k];

		if (!span_equal(earlier->id, rule->id) || m->step >= earlier->n_steps)
			continue;
		gates_job_id(t->journey, earlier, i, m, job);
		if (journey_send(t->journey, job))
			return earlier;
	}
	return rule;
}

static int take_back(const struct turn *t, const struct rule *now, const struct instance *i,
	const struct emission *m, int64_t b)
{
	const struct rule *rule = made_under(t, now, i, m);
	struct instance then = *i; /* as it fired; what it points to stays I's */
	unsigned char job[16];
	struct decision *d;

	/* Nobody has it, or will. */
	if (m->step == STEP_UNSENT)
		return 0;
	then.epoch = m->epoch;
	then.episode = m->episode;
	then.number = spent_by(m);
	then.anchor_at = m->anchor_at;
	then.deadline_at = m->deadline_at;
	then.subject = m->subject;
	d = absence_decide(t, rule, &then, m->step, OUTCOME_RETRACTED);
	if (!d || absence_name_way(t, d, m->way) < 0)
		return -ENOMEM;
	d->home = absence_keep(t, text_span(m->home));
	if (m->home.len && !d->home.ptr)
		return -ENOMEM;
	d->late = b <= m->deadline_at;
	gates_job_id(t->journey, rule, i, m, job);
	gates_release(t->journey, job);
	if (rule && rule->wait.in_line && gates_is_unsent(t->journey, job, d->late))
		news_told(t->journey, text_span(i->key), TIME_NEVER);
	return absence_count(t, COUNTER_RETRACTED);
}

/* The latest, and the one before it is the latest. */
static int take_latest(const struct turn *t, const struct rule *rule, struct instance *i, int64_t b)
{
	struct emission last = latest(i);
	struct emission before = {
		.episode = last.episode,
		.step = last.step,
		.arming_at = INT64_MIN,
		.anchor_at = INT64_MIN,
		.deadline_at = INT64_MIN,
	};
	int r = take_back(t, rule, i, &last, b);

	emission_release(&last);
	if (i->n_earlier)
		before = take_earlier(i, i->n_earlier - 1);
	set_latest(i, &before);
	return r;
}

int absence_unsend(
	const struct turn *t, const struct rule *rule, struct instance *i, size_t n, bool late)
{
	for (; n > 0; n--)
		if (take_latest(t, rule, i, late ? INT64_MIN : INT64_MAX) < 0)
			return -ENOMEM;
	return 0;
}

int absence_retract(const struct turn *t, const struct rule *rule, struct instance *i, int64_t b)
{
	struct emission last = latest(i);
	int r = taken_add(i, &last, b);

	if (r == 0)
		r = take_latest(t, rule, i, b);
	i->fallback = fallback_free(i->fallback);
	if (i->state != INSTANCE_ARMED) {
		i->outcome = OUTCOME_RETRACTED;
		text_release(&i->data);
	}
	return r;
}

int absence_take_back(
	const struct turn *t, const struct rule *rule, struct instance *i, size_t back, int64_t b)
{
	struct emission m;
	int r;

	if (back == 0)
		return absence_retract(t, rule, i, b);
	m = take_earlier(i, i->n_earlier - back);
	r = take_back(t, rule, i, &m, b);
	if (r == 0)
		r = taken_add(i, &m, b);
	emission_release(&m);
	return r;
}

int absence_disprove(
	const struct turn *t, const struct rule *rule, struct instance *i, int64_t b, bool terminal)
{
	int r = 0;

	taken_drop(rule, i, b, terminal);
	/* The oldest first. */
	for (size_t back = i->n_earlier + 1; back-- > 0 && r == 0;) {
		struct emission m = absence_emission(i, back);

		if (absence_disproves(rule, i, &m, b, terminal))
			r = absence_take_back(t, rule, i, back, b);
	}
	return r;
}

static bool is_settled(const struct instance *i, uint32_t epoch, uint32_t episode)
{
	return epoch == i->epoch ? episode != absence_out_last(i) : absence_out_last(i) > 0;
}

void absence_past_settle(struct instance *i)
{
	for (size_t n = 0; n < i->n_earlier; n++) {
		struct emission *m = &i->earlier[n];

		m->settled = m->settled || is_settled(i, m->epoch, m->episode);
	}
	if (i->last_deadline_at != INT64_MIN)
		i->last_settled = i->last_settled || is_settled(i, i->last_epoch, i->last_episode);
	i->fallback = fallback_free(i->fallback);
}

/* ---- two customers who are one ----------------------------------------------------------- */

/* In its place among the earlier ones; where there are too many the oldest goes. Takes over what M
 * points to. */
static int add_earlier(struct instance *i, struct emission *m)
{
	struct emission *more;
	size_t place = i->n_earlier;

	more = realloc(i->earlier, (i->n_earlier + 1) * sizeof(*i->earlier));
	if (!more)
		return -ENOMEM;
	i->earlier = more;
	for (; place > 0 && i->earlier[place - 1].deadline_at > m->deadline_at; place--)
		i->earlier[place] = i->earlier[place - 1];
	i->earlier[place] = *m;
	*m = (struct emission){.episode = 0};
	if (++i->n_earlier > INSTANCE_EARLIER_MAX) {
		struct emission oldest = take_earlier(i, 0);

		emission_release(&oldest);
	}
	return 0;
}

int absence_past_join(struct instance *into, struct instance *from)
{
	struct emission none = {.arming_at = INT64_MIN,
		.anchor_at = INT64_MIN,
		.deadline_at = INT64_MIN,
		.step = into->last_step,
		.episode = into->last_episode};
	struct emission other = latest(from);
	int r = 0;

	set_latest(from, &none);
	if (other.deadline_at > into->last_deadline_at) {
		struct emission mine = latest(into);
		struct fallback *fallback = into->fallback;

		into->fallback = from->fallback;
		from->fallback = fallback;
		set_latest(into, &other);
		other = mine;
	}
	if (other.deadline_at != INT64_MIN)
		r = add_earlier(into, &other);
	emission_release(&other);
	while (r == 0 && from->n_earlier > 0) {
		other = take_earlier(from, from->n_earlier - 1);
		r = add_earlier(into, &other);
		emission_release(&other);
	}
	return r;
}
