/* SPDX-License-Identifier: MIT */
/*
 * What the applier does about links: core/link_rules.h judges, here it is carried out. A key that
 * becomes a link is frozen: its record goes into the link's value, where an unmerge finds it, and
 * along with the message that merges it; nothing of it is due here any more.
 */
#include "apply_impl.h"

#include "codec/timeline.h"
#include "core/link_rules.h"

const struct identity *applier_identity(const struct applier *a)
{
	return a->options.identity ? a->options.identity : &IDENTITY_DEFAULT;
}

/* ---- links ------------------------------------------------------------------------------ */

void cached_unlink(struct cached *c)
{
	if (c->link)
		free(c->link_to);
	free(c->link);
	c->link = NULL;
	c->link_to = NULL;
}

int cached_set_link(struct cached *c, const struct link *link)
{
	struct link *copy = malloc(sizeof(*copy));
	char *to = span_dup(link->to);

	if (!copy || !to) {
		free(copy);
		free(to);
		return -ENOMEM;
	}
	*copy = *link;
	copy->to = span_of(to, link->to.len);
	copy->frozen = SPAN_EMPTY;
	c->link = copy;
	c->link_to = to;
	return 0;
}

int cached_load_link(struct applier *a, struct cached *c, struct span value)
{
	struct link link;
	int r = link_decode(value, &link);

	if (r != 0)
		return r < 0 ? r : APPLIER_CORRUPT;
	c->record = RECORD_INIT;
	r = cached_set_link(c, &link);
	if (r < 0 || !c->whole)
		return r;
	c->link->frozen = arena_copy(&a->arena, link.frozen);
	return c->link->frozen.ptr ? 0 : -ENOMEM;
}

int applier_remove_holds(struct applier *a, const struct cached *c)
{
	const struct journey *j = c->record.journey;

	for (size_t i = 0; i < j->n_instances; i++) {
		struct commit_hold *hold;

		if (j->instances[i].missing.len == 0)
			continue;
		hold = list_add(&a->holds);
		if (!hold)
			return -ENOMEM;
		*hold = (struct commit_hold){.customer = c->customer,
			.source = arena_copy(&a->arena, text_span(j->instances[i].missing)),
			.at = TIME_NEVER};
		if (!hold->source.ptr)
			return -ENOMEM;
	}
	return 0;
}

int cached_encode(struct applier *a, const struct cached *c, struct span *ret_bytes)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	int r;

	*ret_bytes = SPAN_EMPTY;
	if (c->record.journey->n_events == 0 && c->record.journey->n_apart == 0)
		return 0;
	r = record_encode(&c->record, &bytes);
	if (r < 0)
		return r;
	*ret_bytes = arena_copy(&a->arena, buf_span(&bytes));
	return ret_bytes->ptr ? 0 : -ENOMEM;
}

/* What C was goes to whoever it is a link to, since the log's entry at hand. */
static int send_along(struct applier *a, const struct cached *c, const struct message *said)
{
	const struct cargo cargo = {.record = c->link->frozen};
	struct message m = {.kind = MESSAGE_MERGE,
		.to = c->link->to,
		.of = c->customer,
		.linked_at = said->linked_at,
		.said_at = said->said_at};

	if (said->kind == MESSAGE_CLAIM || said->kind == MESSAGE_TAKEN) {
		m.by = said->by;
		m.reason = said->reason;
	}
	if (cargo.record.len == 0)
		return 0;
	message_pass_at(&m, c->customer, said->linked_at, a->place);
	return applier_say(a, &m, &cargo);
}

/* C becomes a link by what M says; whoever waited for it hears that. 0 or -ENOMEM. */
static int freeze(struct applier *a, struct cached *c, struct span to, const struct message *m)
{
	struct link link = {.to = to, .linked_at = m->linked_at, .said_at = m->said_at};
	struct waiting *waiting;
	struct span frozen = SPAN_EMPTY;
	size_t n;
	int r = applier_waiting(a, c, &waiting, &n);

	while (c->record.journey->n_named > 0)
		journey_remove_naming(c->record.journey, c->record.journey->n_named - 1);
	if (r == 0 && c->record.journey->n_events > 0)
		r = cached_encode(a, c, &frozen);
	if (r == 0)
		r = applier_remove_holds(a, c);
	if (r == 0)
		r = applier_leave_lines(a, c);
	if (r < 0)
		return r;
	if (a->options.partitions > 0)
		link.partition = partition_of(to, a->options.partitions);
	if (c->record.journey->due_at != TIME_NEVER)
		c->due_dirty = true;
	record_release(&c->record);
	c->record = RECORD_INIT;
	r = cached_set_link(c, &link);
	if (r < 0)
		return r;
	c->link->frozen = frozen;
	r = applier_send_waiting(a, c, waiting, n);
	if (r == 0)
		r = send_along(a, c, m);
	if (r == 0)
		r = applier_send_wants(a, c, waiting, n);
	return r < 0 ? r : applier_touch(a, c);
}

/* ---- events ----------------------------------------------------------------------------- */

/* The event of a key that is a link is its target's. */
int applier_forward(struct applier *a, const struct work *w)
{
	const struct cargo cargo = {.event = w->entry.event, .meta = w->entry.meta};
	struct message m = {.kind = MESSAGE_FORWARD, .at = w->entry.id};

	if (w->kind == WORK_NEWS) {
		m.at = w->message->at;
		m.place = applier_place(w, w->cached->customer);
		if (m.place == 0)
			m.place = applier_places(w);
	}
	if (w->kind == WORK_MESSAGE)
		m = *w->message;
	m.to = w->cached->link->to;
	message_pass_at(&m, w->cached->customer, w->cached->link->linked_at, w->entry.id);
	a->commit.counters[COUNTER_FORWARDED]++;
	return applier_say(a, &m, &cargo);
}

/* What becomes of a job is told where the job lies, and its customer may live elsewhere since an
 * unmerge. */
static bool is_misplaced(const struct applier *a, const struct work *w)
{
	return w->kind == WORK_EVENT && a->options.partitions > 0 &&
	       partition_of(w->event.customer, a->options.partitions) != a->options.partition;
}

static int send_home(struct applier *a, const struct work *w)
{
	const struct cargo cargo = {.event = w->entry.event, .meta = w->entry.meta};
	struct message m = {.kind = MESSAGE_FORWARD, .to = w->event.customer, .at = w->entry.id};

	message_pass(&m, m.to, 0);
	a->commit.counters[COUNTER_FORWARDED]++;
	return applier_say(a, &m, &cargo);
}

int applier_run_timers(struct applier *a, const struct work *w, int64_t before)
{
	const struct input tick = {.kind = INPUT_TICK, .marks = &a->marks};
	const struct journey *j = w->cached->record.journey;
	int64_t at = INT64_MIN;
	int r = 0;

	while (r == 0 && j->due_at > at && j->due_at < before) {
		at = j->due_at;
		w->cached->due_dirty = true;
		r = applier_step(a, w, &tick, at);
		if (r == 0)
			r = applier_stepped(a, w, &tick);
	}
	return r;
}

int applier_event(struct applier *a, const struct work *w)
{
	const struct input input = {.kind = INPUT_EVENT, .marks = &a->marks, .event = &w->event};
	struct span stronger = SPAN_EMPTY;
	struct link_wants wants = {.n = 0};
	bool hears = true;
	int r;

	if (is_misplaced(a, w))
		return send_home(a, w);
	if (w->cached->link)
		return applier_forward(a, w);
	r = w->news ? applier_hears(a, w, &hears) : 0;
	if (r < 0 || !hears)
		return r;
	r = applier_run_timers(a, w, (int64_t)w->entry.id.ms);
	if (r < 0)
		return r;
	a->commit.counters[COUNTER_APPLIED] += !w->news;
	r = applier_step(a, w, &input, w->event.received_at);
	if (r == 0 && w->event.n_ids > 0)
		r = applier_find_claims(a, w, &wants, &stronger);
	if (r == 0)
		r = applier_stepped(a, w, &input);
	if (r == 0 && wants.n > 0)
		r = applier_want_all(a, w, &wants);
	if (r < 0 || stronger.len == 0 || a->options.no_links)
		return r;
	return applier_wish(a, w, stronger);
}

/* ---- messages --------------------------------------------------------------------------- */

static enum link_node node_of(const struct cached *c)
{
	if (c->link)
		return NODE_LINK;
	return c->record.journey->n_events > 0 ? NODE_CUSTOMER : NODE_NOBODY;
}

/* As whoever claims C for OF meets it. */
static enum link_node claimed_node(const struct cached *c, struct span of)
{
	enum link_node node = node_of(c);

	return node == NODE_CUSTOMER && journey_apart(c->record.journey, of) ? NODE_APART : node;
}

struct answer {
	enum message_kind kind;
	struct span reason;
};

static int reply(struct applier *a, const struct cached *c, const struct message *claim,
	const struct answer *answer)
{
	enum message_kind kind = answer->kind;
	struct message m = {.kind = kind,
		.to = claim->of,
		.of = c->customer,
		.rights = claim->rights,
		.linked_at = claim->linked_at,
		.said_at = claim->said_at,
		.reason = answer->reason,
		.via = kind == MESSAGE_LINKED ? SPAN_EMPTY : claim->via};
	const struct link *link = c->link;

	if (kind == MESSAGE_TAKEN && link && span_equal(claim->other, c->customer)) {
		/* Nobody but the key itself wished it: whose it is hears that its event names
		 * somebody stronger. */
		m.to = link->to;
		m.of = m.other = claim->of;
		m.name = c->customer;
		return applier_say(a, &m, NULL);
	}
	if (kind == MESSAGE_TAKEN && link) {
		/* Two claims make one of those who claim, whichever came here first: it is so since
		 * the later of them. */
		m.other = link->to;
		m.name = claim->other;
		m.linked_at = int64_max(claim->linked_at, link->linked_at);
		m.said_at = int64_max(claim->said_at, link->said_at);
		m.by = claim->by;
		m.reason = claim->reason;
	}
	return applier_say(a, &m, NULL);
}

int applier_judge(struct applier *a, struct cached *c, const struct message *m)
{
	struct span to = c->link ? c->link->to : SPAN_EMPTY;
	struct answer answer = {MESSAGE_LINKED, SPAN_EMPTY};
	int r = 0;

	switch (link_claimed(applier_identity(a), m, claimed_node(c, m->of), to, &answer.reason)) {
	case LINK_KNOWN:
		break;
	case LINK_MAKE:
		r = freeze(a, c, m->of, m);
		break;
	case LINK_MERGE:
	case LINK_YIELD:
		return freeze(a, c, m->of, m);
	case LINK_TAKEN:
		answer.kind = MESSAGE_TAKEN;
		break;
	case LINK_REFUSE:
	case LINK_CLAIM:
		answer.kind = MESSAGE_REFUSED;
		break;
	}
	return r < 0 ? r : reply(a, c, m, &answer);
}

/* For the set of all that ever led to C. */
static int note_id(struct applier *a, const struct cached *c, struct span key)
{
	struct commit_id *id = list_add(&a->ids);

	if (!id)
		return -ENOMEM;
	*id = (struct commit_id){c->customer, key};
	return 0;
}

static int64_t virtual_now(const struct work *w)
{
	return int64_max((int64_t)w->entry.id.ms, w->cached->record.journey->received_at);
}

static int hear_linked(struct applier *a, const struct work *w)
{
	int r = link_linked(w->cached->record.journey, w->message, virtual_now(w), &a->effects);

	return r < 0 ? r : note_id(a, w->cached, w->message->of);
}

static int hear_taken(struct applier *a, const struct work *w, bool *ret_yields)
{
	const struct message *m = w->message;
	struct journey *j = w->cached->record.journey;
	struct span reason = SPAN_EMPTY;
	struct message claim = {.kind = MESSAGE_CLAIM,
		.to = m->other,
		.of = w->cached->customer,
		.rights = m->rights,
		.linked_at = m->linked_at,
		.said_at = m->said_at,
		.by = m->by,
		.reason = m->reason,
		.other = m->name,
		.via = m->via.len > 0 ? m->via : m->of};
	enum id_state state;
	int r;

	if (span_equal(m->of, w->cached->customer))
		return 0; /* who wished to be theirs is */
	/* By whoever is part of this customer already. */
	if (journey_knows_id(j, m->other, &state) && state == ID_LINKED)
		return hear_linked(a, w);
	if (!(m->rights & LINK_EXPLICIT) && journey_apart(j, m->other))
		return link_refused(j, m, SPAN_LIT("unmerged"), virtual_now(w), &a->effects);
	switch (link_taken(applier_identity(a), m, w->cached->customer, &reason)) {
	case LINK_KNOWN:
		return hear_linked(a, w);
	case LINK_CLAIM:
		r = link_reclaim(j, m);
		return r < 0 ? r : applier_say(a, &claim, NULL);
	case LINK_YIELD:
		*ret_yields = true;
		return 0;
	case LINK_REFUSE:
	case LINK_MAKE:
	case LINK_MERGE:
	case LINK_TAKEN:
		break;
	}
	return link_refused(j, m, reason, virtual_now(w), &a->effects);
}

/* LINKED, TAKEN, REFUSED: what the customer remembers of it. */
static int on_word(struct applier *a, const struct work *w)
{
	const struct input heard = {.kind = INPUT_TICK};
	const struct message *m = w->message;
	bool yields = false;
	int r;

	if (node_of(w->cached) == NODE_NOBODY)
		return 0; /* whoever asked is gone */
	effects_reset(&a->effects);
	if (m->kind == MESSAGE_LINKED)
		r = hear_linked(a, w);
	else if (m->kind == MESSAGE_TAKEN)
		r = hear_taken(a, w, &yields);
	else
		r = link_refused(
			w->cached->record.journey, m, m->reason, virtual_now(w), &a->effects);
	if (r == 0)
		r = applier_touch(a, w->cached);
	if (r == 0)
		r = applier_stepped(a, w, &heard);
	if (r < 0 || !yields || a->options.no_links)
		return r;
	return applier_wish(a, w, m->other);
}

/* ---- merging ---------------------------------------------------------------------------- */

/* What the customer was before, for whoever may have to undo it. */
static int note_snapshot(struct applier *a, const struct work *w)
{
	struct commit_snapshot *snapshot = list_add(&a->snapshots);

	if (!snapshot)
		return -ENOMEM;
	snapshot->customer = w->cached->customer;
	snapshot->of = w->message->of;
	return cached_encode(a, w->cached, &snapshot->bytes);
}

/* What ENTRY decided is still about KEY, though it stands among another's. */
static void add_theirs(
	struct record *record, struct span entry, struct timeline_entry *e, struct span key)
{
	if (e->kind == ENTRY_DECISION && e->decision.subject.len == 0) {
		e->decision.subject = key;
		timeline_encode(e, &record->tail);
	} else {
		buf_add_span(&record->tail, entry);
	}
	record->tail_n++;
}

/* Entries that OTHER had not sealed yet go on in C's tail; of those sealed it is noted where they
 * are. 0 or -ENOMEM. */
static int join_timelines(
	struct applier *a, struct cached *c, const struct record *other, struct span key)
{
	_cleanup_(buf_release) struct buf raw = BUF_INIT;
	struct customer_part *part;
	struct span rest;
	int r = 0;

	if (other->packed_n > 0)
		r = timeline_unpack(a->packer, buf_span(&other->packed), other->packed_n, &raw);
	buf_add_span(&raw, buf_span(&other->tail));
	if (r != 0 || buf_failed(&raw) < 0)
		return r > 0 ? -EINVAL : -ENOMEM;
	for (rest = buf_span(&raw); rest.len > 0 && r == 0;) {
		struct span entry = rest;
		struct timeline_entry e;

		if (timeline_decode(&rest, &e) != 0)
			return -EINVAL;
		entry.len -= rest.len;
		add_theirs(&c->record, entry, &e, key);
		r = buf_failed(&c->record.tail) < 0 ? -ENOMEM : applier_settle(a, c);
	}
	if (r < 0 || (other->n_chunks == 0 && other->journey->n_more == 0))
		return r;
	part = journey_add_part(c->record.journey, key);
	if (!part)
		return -ENOMEM;
	part->n_chunks = other->n_chunks;
	part->sealed_n = other->sealed_n;
	part->reach_at = other->reach_at;
	part->from_at = other->journey->first_at;
	part->n_more = other->journey->n_more;
	part->more_at = other->journey->more_at;
	return 0;
}

/* What the record has no room for is kept beside it. 0 or -ENOMEM. */
static int shed_parts(struct applier *a, struct cached *c)
{
	struct journey *j = c->record.journey;

	for (size_t i = 0; i < j->n_shed; i++) {
		struct commit_part *part = list_add(&a->parts);

		buf_reset(&a->scratch);
		if (!part || customer_part_encode(&j->shed[i], &a->scratch) < 0)
			return -ENOMEM;
		part->customer = c->customer;
		part->before = j->n_more - j->n_shed + i;
		part->bytes = arena_copy(&a->arena, buf_span(&a->scratch));
		if (!part->bytes.ptr)
			return -ENOMEM;
	}
	journey_clear_shed(j);
	return 0;
}

static int merge(struct applier *a, const struct work *w, const struct record *other)
{
	const struct message *m = w->message;
	const struct input input = {.kind = INPUT_MERGE,
		.marks = &a->marks,
		.other = other->journey,
		.terms = {.said_at = m->said_at,
			.under = message_under(m),
			.linked_at = m->linked_at}};
	int r = note_snapshot(a, w);

	if (r == 0)
		r = applier_step(a, w, &input, (int64_t)w->entry.id.ms);
	if (r == 0 && !a->options.transient)
		r = join_timelines(a, w->cached, other, m->of);
	if (r == 0)
		r = shed_parts(a, w->cached);
	if (r == 0)
		r = link_merged(w->cached->record.journey, m, virtual_now(w), &a->effects);
	if (r == 0)
		r = note_id(a, w->cached, m->of);
	if (r == 0)
		r = applier_stepped(a, w, &input);
	return r < 0 || a->options.no_links ? r : applier_heard_part(a, w);
}

static int on_merge(struct applier *a, const struct work *w)
{
	_cleanup_(record_release) struct record other = RECORD_INIT;
	int r = record_decode(w->entry.record, &other);

	if (r > 0)
		return applier_quarantine(a, &w->entry, "bad_message",
			"the record of a customer who became part of another cannot be read");
	return r < 0 ? r : merge(a, w, &other);
}

/* What is for a key that is a link goes on to where that leads. */
static int pass_on(struct applier *a, const struct work *w)
{
	const struct cargo cargo = {.record = w->entry.record};
	struct message m = *w->message;

	m.to = w->cached->link->to;
	/* What was said to this key concerns the other only since the two are one. */
	if (m.kind != MESSAGE_ASK)
		m.linked_at = int64_max(m.linked_at, w->cached->link->linked_at);
	if (m.kind == MESSAGE_TAKEN && m.name.len == 0)
		m.name = w->cached->customer;
	/* Since when it is part of this key does not change by that (message_under()). */
	if (m.kind != MESSAGE_LINKED && m.kind != MESSAGE_MERGE && m.kind != MESSAGE_ASK)
		m.said_at = int64_max(m.said_at, w->cached->link->said_at);
	message_pass_at(&m, w->cached->customer, w->cached->link->linked_at, w->entry.id);
	return applier_say(a, &m, &cargo);
}

int applier_node(struct applier *a, const struct work *w)
{
	const struct message *m = w->message;
	struct span stray = w->cached->link ? SPAN_EMPTY : link_stray(w->cached->record.journey, m);
	bool gone;
	int r;

	if (m->kind == MESSAGE_ERASE)
		return applier_erase(a, w);
	if (m->kind == MESSAGE_SCRUB)
		return applier_scrub(a, w);
	r = applier_is_gone(a, w, &gone);
	if (r < 0 || gone)
		return r < 0 ? r : applier_turn_away(a, w);
	if (stray.len > 0)
		return applier_send_back(a, w, stray);
	if (m->kind == MESSAGE_FORWARD)
		return applier_event(a, w);
	if (m->kind == MESSAGE_ASK)
		return w->cached->link && !span_equal(m->via, m->to) ? pass_on(a, w)
								     : applier_asked(a, w);
	r = w->cached->link ? 0 : applier_run_timers(a, w, (int64_t)w->entry.id.ms);
	if (r < 0)
		return r;
	if (m->kind == MESSAGE_CLAIM)
		return applier_claim(a, w);
	if (m->kind == MESSAGE_NAMED)
		return applier_named(a, w);
	if (m->kind == MESSAGE_ANSWER)
		return applier_answered(a, w);
	if (m->kind == MESSAGE_UNMERGE || m->kind == MESSAGE_RESTORE)
		return applier_unmerge(a, w);
	if (w->cached->link)
		return m->kind == MESSAGE_DECIDE ? 0 : pass_on(a, w);
	if (m->kind == MESSAGE_WANT || m->kind == MESSAGE_DECIDE)
		return m->kind == MESSAGE_WANT ? applier_wanted(a, w) : applier_decided(a, w);
	return m->kind == MESSAGE_MERGE ? on_merge(a, w) : on_word(a, w);
}
