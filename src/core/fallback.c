/* SPDX-License-Identifier: MIT */
/*
 * Which ways say whether something arrived: providers of mail, text messages and push do. Of the
 * others (a message in the open session, a call, a letter, work for staff, another system) what was
 * sent is what arrived, and nothing is waited for.
 *
 * The wait counts from when the message was sent, by the event's own time, and its timer runs as
 * those of absence do (absence.c): so the same comes of it in whatever order the news comes in. A
 * report that comes in after the message went another way takes that job back, if nobody has it.
 * A hard bounce and a consumer's giving up say that it will not arrive: then the next way is due at
 * once.
 *
 * A report that names no job speaks of all that went its way before it. The message of the next
 * step ends the wait for that of the step before.
 */
#include "core/fallback.h"

#include "base/instant.h"
#include "core/detail.h"
#include "core/gate.h"
#include "core/news.h"

#include "absence_parts.h"
#include "fold.h"

#define REPORTING (1U << JOB_CHANNEL_EMAIL | 1U << JOB_CHANNEL_SMS | 1U << JOB_CHANNEL_PUSH)

static unsigned bit(enum job_channel way)
{
	return way < JOB_CHANNEL_COUNT ? 1U << way : 0;
}

struct fallback *fallback_free(struct fallback *f)
{
	if (f) {
		text_release(&f->by);
		text_release(&f->data);
		free(f);
	}
	return NULL;
}

struct fallback *fallback_copy(const struct fallback *f)
{
	struct fallback *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *f;
	copy->by = copy->data = (struct text){.ptr = NULL};
	if (text_set(&copy->by, text_span(f->by)) < 0 ||
		text_set(&copy->data, text_span(f->data)) < 0)
		return fallback_free(copy);
	return copy;
}

/* ---- a job is made --------------------------------------------------------------------- */

/* Is there a way for STEP that is not among TRIED? */
static bool has_other(const struct rule *rule, uint32_t step, unsigned tried)
{
	size_t n;
	const struct span *ways = rule_channels(rule, step, &n);

	for (size_t k = 0; k < n; k++)
		if (!(tried & bit(job_channel_of(ways[k]))))
			return true;
	return false;
}

int fallback_begin(const struct turn *t, const struct rule *rule, struct instance *i,
	struct span channel, int64_t due_at)
{
	enum job_channel way = job_channel_of(channel);
	bool task = i->step < rule->n_steps && rule->steps[i->step].task;
	struct fallback *f;

	if (rule->fallback_ms == 0 || task || !(bit(way) & REPORTING) ||
		!has_other(rule, i->step, bit(way)))
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->tried = bit(way);
	f->way = way;
	f->due_at = due_at;
	f->armed_at = i->armed_at;
	f->made_at = t->now;
	f->sent_at = f->fall_at = TIME_NEVER;
	i->fallback = f;
	if (text_set(&f->by, text_span(i->by)) < 0 || text_set(&f->data, text_span(i->data)) < 0)
		return -ENOMEM;
	return 0;
}

/* ---- what became of it ------------------------------------------------------------------ */

enum report { REPORT_NONE, REPORT_SENT, REPORT_ARRIVED, REPORT_LOST };

static enum report report_of(const struct event *e)
{
	switch ((unsigned)e->kind) {
	case EVENT_NOTIFICATION_SENT:
		return REPORT_SENT;
	case EVENT_NOTIFICATION_DELIVERED:
	case EVENT_NOTIFICATION_OPENED:
	case EVENT_NOTIFICATION_CLICKED:
	case EVENT_NOTIFICATION_CONVERTED:
	case EVENT_EMAIL_DELIVERED:
	case EVENT_EMAIL_OPENED:
	case EVENT_EMAIL_LINK_CLICKED:
	case EVENT_SMS_DELIVERED:
		return REPORT_ARRIVED;
	case EVENT_NOTIFICATION_BOUNCED:
	case EVENT_EMAIL_BOUNCED:
		return fold_is_hard(e) ? REPORT_LOST : REPORT_NONE;
	case EVENT_NOTIFICATION_FAILED:
	case EVENT_SMS_FAILED:
		return REPORT_LOST;
	default:
		return REPORT_NONE;
	}
}

/* The way of which E speaks; JOB_CHANNEL_COUNT: it does not say. */
static enum job_channel way_of(const struct event *e)
{
	switch ((unsigned)e->kind) {
	case EVENT_EMAIL_DELIVERED:
	case EVENT_EMAIL_OPENED:
	case EVENT_EMAIL_LINK_CLICKED:
	case EVENT_EMAIL_BOUNCED:
		return JOB_CHANNEL_EMAIL;
	case EVENT_SMS_DELIVERED:
	case EVENT_SMS_FAILED:
		return JOB_CHANNEL_SMS;
	default:
		return job_channel_of(value_words(event_field(e, FIELD_CHANNEL)));
	}
}

static bool is_id(struct span text, const unsigned char id[16])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t n = 0; n < 16; n++)
		if (text.ptr[2 * n] != digits[id[n] >> 4] ||
			text.ptr[2 * n + 1] != digits[id[n] & 15])
			return false;
	return true;
}

/* What a report says, and of which of the ways of I's latest message. */
struct news {
	enum report report;
	enum job_channel way;
	int64_t at;
	struct span job; /* empty: it names none */
};

static bool is_same_message(const struct instance *i, const struct emission *m)
{
	return m->deadline_at != INT64_MIN && m->epoch == i->last_epoch &&
	       m->episode == i->last_episode && m->step == i->last_step;
}

/* How many jobs of I's latest message there are: by as many ways it went. */
static size_t n_ways(const struct instance *i)
{
	size_t n = 1;

	while (n <= i->n_earlier && is_same_message(i, &i->earlier[i->n_earlier - n]))
		n++;
	return n;
}

/* Which of them went by WAY, counted from the latest back: of the first its channel alone says. */
static size_t back_of(const struct instance *i, enum job_channel way)
{
	size_t n = n_ways(i);

	if (i->fallback->way == way)
		return 0;
	for (size_t back = 1; back + 1 < n; back++)
		if (absence_emission(i, back).way == (uint32_t)way + 1)
			return back;
	return n - 1;
}

/* The job of which N speaks, counted from the latest back; false: none of I's latest message. */
static bool find_job(const struct turn *t, const struct rule *rule, const struct instance *i,
	const struct news *n, size_t *ret_back)
{
	const struct fallback *f = i->fallback;

	if (n->job.len == 0) {
		*ret_back = back_of(i, n->way);
		return n->report != REPORT_SENT && (f->tried & bit(n->way)) &&
		       n->at >= (*ret_back == 0 ? f->made_at : f->due_at);
	}
	for (size_t back = 0; back < n_ways(i); back++) {
		struct emission m = absence_emission(i, back);
		unsigned char id[16];

		gates_job_id(t->journey, rule, i, &m, id);
		if (!is_id(n->job, id))
			continue;
		*ret_back = back;
		return true;
	}
	return false;
}

static void set_timer(const struct turn *t, const struct rule *rule, struct fallback *f, int64_t at)
{
	f->fall_at = int64_min(f->fall_at, absence_timer(t, rule, at));
}

/* N speaks of the present way of I's message. */
static void take(
	const struct turn *t, const struct rule *rule, struct fallback *f, const struct news *n)
{
	if (n->report == REPORT_LOST) {
		f->lost = true;
		if (f->gate == 0)
			set_timer(t, rule, f, n->at);
		return;
	}
	/* At the lease it may have been led elsewhere. */
	if (n->way < JOB_CHANNEL_COUNT) {
		f->way = n->way;
		f->tried |= bit(n->way);
	}
	f->sent_at = int64_min(f->sent_at, n->at);
	if (!(bit((enum job_channel)f->way) & REPORTING))
		f->over = true;
	else if (f->gate == 0)
		set_timer(t, rule, f, f->sent_at + rule->fallback_ms);
}

static void finish(struct fallback *f)
{
	f->over = true;
	f->fall_at = TIME_NEVER;
	f->gate = f->reason = 0;
	text_release(&f->data);
}

static int report(
	const struct turn *t, const struct rule *rule, struct instance *i, const struct news *n)
{
	struct fallback *f = i->fallback;
	size_t back;

	if (!find_job(t, rule, i, n, &back))
		return 0;
	i->touched_at = t->now;
	if (n->report == REPORT_ARRIVED) {
		finish(f);
		return absence_unsend(t, rule, i, back, n->at <= f->made_at);
	}
	if (back == 0 && !f->over)
		take(t, rule, f, n);
	if (f->over)
		finish(f);
	return 0;
}

int fallback_event(const struct turn *t)
{
	struct journey *j = t->journey;
	struct news n = {.report = report_of(t->event)};
	int r = 0;

	if (n.report == REPORT_NONE)
		return 0;
	n.way = way_of(t->event);
	n.at = t->event->occurred_at;
	n.job = value_words(event_detail(t->event, DETAIL_JOB_ID));
	if (n.job.len != 0 && n.job.len != 32)
		return 0;
	for (size_t k = 0; k < j->n_instances && r == 0; k++) {
		struct instance *i = &j->instances[k];
		const struct rule *rule = i->fallback ? rules_of(t->rules, i) : NULL;

		if (rule)
			r = report(t, rule, i, &n);
	}
	return r;
}

/* ---- it goes another way ----------------------------------------------------------------- */

/* As it was when its latest job was made. What it points to stays I's. */
static struct instance as_it_was(const struct turn *t, const struct instance *i)
{
	struct instance then = *i;

	then.epoch = i->last_epoch;
	then.episode = i->last_episode;
	then.number = spent_way(i);
	then.step = i->last_step;
	then.subject = i->last_subject;
	then.anchor_at = i->last_anchor_at;
	then.arming_at = i->last_arming_at;
	then.deadline_at = i->last_deadline_at;
	then.armed_at = i->fallback->armed_at;
	then.fire_at = t->now;
	then.by = i->fallback->by;
	then.data = i->fallback->data;
	return then;
}

static struct decision *decide(const struct turn *t, const struct rule *rule,
	const struct instance *then, enum outcome outcome, const struct gate_verdict *v)
{
	uint32_t way = (uint32_t)job_channel_of(v->channel) + 1;
	struct decision *d = absence_decide(t, rule, then, then->step, outcome);

	if (!d || absence_name_way(t, d, way) < 0)
		return NULL;
	d->gate = v->reason ? v->gate : 0;
	d->reason = v->reason;
	d->words = absence_keep(t, v->by.len ? v->by : span_str(v->words));
	d->tried = then->fallback->tried;
	return d;
}

static int emit(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct instance *then, const struct gate_verdict *v)
{
	enum job_channel way = job_channel_of(v->channel);
	struct decision *d = decide(t, rule, then, OUTCOME_FIRED, v);
	struct fallback *f = i->fallback;

	if (!d)
		return -ENOMEM;
	d->channel = absence_keep(t, v->channel);
	d->due_at = f->due_at;
	if (absence_payload(t, rule, then, d) < 0)
		return -ENOMEM;
	d->likelihood = v->likelihood;
	d->impact = v->impact;
	d->priority = v->priority;
	/* What is behind the latest job is given up with it. */
	i->fallback = NULL;
	if (absence_remember_again(i, way, then->number) < 0) {
		fallback_free(f);
		return -ENOMEM;
	}
	i->fallback = f;
	f->tried |= bit(way);
	f->way = way;
	f->lost = false;
	f->made_at = t->now;
	f->sent_at = f->fall_at = TIME_NEVER;
	f->gate = f->reason = 0;
	return absence_count(t, COUNTER_FIRED);
}

static int defer(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct instance *then, const struct gate_verdict *v)
{
	struct decision *d = decide(t, rule, then, OUTCOME_DEFERRED, v);

	if (!d)
		return -ENOMEM;
	d->until = i->fallback->fall_at = int64_max(v->until, t->now + 1);
	i->fallback->gate = v->gate;
	i->fallback->reason = v->reason;
	return absence_count(t, COUNTER_DEFERRED);
}

static int give_up(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct instance *then, const struct gate_verdict *v)
{
	enum outcome outcome = absence_outcome_of(v);

	if (!decide(t, rule, then, outcome, v))
		return -ENOMEM;
	finish(i->fallback);
	return absence_count(t, absence_counter_of(outcome));
}

static int judge(const struct turn *t, const struct rule *rule, struct instance *i)
{
	const struct instance then = as_it_was(t, i);
	struct gate_ask ask = {
		.rules = t->rules,
		.rule = rule,
		.journey = t->journey,
		.instance = &then,
		.step = then.step,
		.now = t->now,
		.due_at = i->fallback->due_at,
		.incident = incident_lasts(t->marks),
		.tried = i->fallback->tried,
		.lost = i->fallback->lost,
	};
	const struct rule *superior = rules_superior(t->rules, t->journey, rule);
	struct gate_verdict v = {.answer = GATE_CANCEL,
		.gate = GATE_ARBITRATION,
		.reason = REASON_SUPERSEDED,
		.by = superior ? superior->id : SPAN_EMPTY};

	if (!superior)
		gates_judge(&ask, &v);
	switch (v.answer) {
	case GATE_ALLOW:
	case GATE_REROUTE:
		if (rule->gates.on && gates_reserve(t->journey, &ask, &v) < 0)
			return -ENOMEM;
		return emit(t, rule, i, &then, &v);
	case GATE_DEFER:
		return defer(t, rule, i, &then, &v);
	case GATE_CANCEL:
		break;
	}
	return give_up(t, rule, i, &then, &v);
}

int fallback_fall(const struct turn *t, struct instance *i)
{
	const struct rule *in_force = rules_find(t->rules, text_span(i->rule));
	const struct rule *rule = rules_of(t->rules, i);

	i->fallback->fall_at = TIME_NEVER;
	i->touched_at = t->now;
	/* It went as far as it can, or the rule has changed. */
	if (!rule || in_force->mode != RULE_LIVE || rule->fallback_ms == 0 ||
		i->last_step >= rule->n_steps ||
		!has_other(rule, i->last_step, i->fallback->tried)) {
		finish(i->fallback);
		return 0;
	}
	return judge(t, rule, i);
}
