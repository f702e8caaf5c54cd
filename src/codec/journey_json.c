/* SPDX-License-Identifier: MIT */
/* A customer's journey as staff see it. */
#include "codec/timeline_json.h"
#include "core/gate.h"

#include "journey_json_known.h"

static const char *const cart_states[] = {
	[CART_OPEN] = "open",
	[CART_CHECKOUT] = "checkout",
	[CART_ORDERED] = "ordered",
	[CART_EMPTIED] = "emptied",
	[CART_EXPIRED] = "expired",
};

static const char *const instance_states[] = {
	[INSTANCE_IDLE] = "idle",
	[INSTANCE_ARMED] = "armed",
	[INSTANCE_COOLING] = "cooling",
	[INSTANCE_CLOSED] = "closed",
};

static const char *const traits[TRAIT_COUNT] = {
#define X(ID, NAME) [TRAIT_##ID] = (NAME),
	TRAITS(X)
#undef X
};

static const char *const milestones[MILESTONE_COUNT] = {
#define X(ID, NAME) [MILESTONE_##ID] = (NAME),
	MILESTONES(X)
#undef X
};

static void out_text_or_null(struct json_out *o, const char *key, struct text t)
{
	if (t.len)
		json_out_text(o, key, text_span(t));
	else
		json_out_null(o, key);
}

static void out_head(
	struct json_out *o, const struct record *r, const struct lapse *lapse, int64_t now)
{
	const struct journey *j = r->journey;
	struct stage_turn turn = journey_stage_turn(j, lapse, now);
	struct session session = journey_session(j, now);

	json_out_text(o, "customer", text_span(j->customer));
	out_text_or_null(o, "user_id", j->user_id);
	out_text_or_null(o, "anonymous_id", j->anonymous_id);
	json_out_text(o, "stage", stage_name(turn.stage));
	json_out_instant(o, "stage_since", turn.at);
	json_out_instant(o, "identified_at", journey_named_at(j));
	if (session.state == SESSION_NONE)
		json_out_null(o, "session");
	else
		json_out_text(o, "session", session_name(session.state));
	json_out_instant(o, "session_since", session.since);
	json_out_instant(o, "since", j->first_at);
	json_out_instant(o, "last_at", j->last_at);
	json_out_instant(o, "engaged_at", j->engaged_at);
	json_out_open(o, "totals", '{');
	json_out_number(o, "events", j->n_events);
	json_out_number(o, "orders", j->n_orders);
	json_out_number(o, "entries", r->sealed_n + r->packed_n + r->tail_n);
	json_out_close(o, '}');
	json_out_open(o, "traits", '{');
	for (unsigned i = 0; i < TRAIT_COUNT; i++)
		json_out_some(o, traits[i], text_span(j->traits[i]));
	json_out_close(o, '}');
}

static void out_cart(struct json_out *o, const struct cart *c, int64_t now)
{
	json_out_open(o, NULL, '{');
	json_out_text(o, "key", text_span(c->key));
	json_out_text(o, "state", span_str(cart_states[cart_state(c, now)]));
	json_out_instant(o, "first_at", c->first_at);
	json_out_instant(o, "last_at", c->last_at);
	json_out_instant(o, "added_at", c->added_at);
	json_out_instant(o, "checkout_at", c->checkout_at);
	json_out_basket(o, c->basket, int64_max(c->ordered_at, c->emptied_at));
	json_out_close(o, '}');
}

static void out_parcel(struct json_out *o, const struct order *order, size_t n)
{
	const struct parcel *p = &order->parcels[n];
	struct span id = text_span(p->id);

	json_out_open(o, NULL, '{');
	json_out_text(o, id.ptr[0] == 'f' ? "fulfillment_id" : "tracking_number",
		span_of(id.ptr + 2, id.len - 2));
	json_out_instant(o, "shipped_at", p->at[PARCEL_SHIPPED]);
	json_out_instant(o, "out_for_delivery_at", p->at[PARCEL_OUT_FOR_DELIVERY]);
	json_out_instant(o, "ready_at", p->at[PARCEL_READY]);
	json_out_instant(o, "delivered_at", parcel_delivered_at(order, n));
	json_out_close(o, '}');
}

static void out_order(
	struct json_out *o, const struct journey *j, const struct order *order, int64_t now)
{
	struct span side = order_side_name(order_side(order, journey_unpaid_at(j, order, false)));

	json_out_open(o, NULL, '{');
	json_out_text(o, "id", text_span(order->id));
	json_out_text(o, "status", milestone_name(order_rank(order)));
	json_out_open(o, "milestones", '{');
	for (unsigned i = 0; i < MILESTONE_COUNT; i++) {
		enum milestone m = milestone_of_rank(i);

		if (order_reached_at(order, m) != TIME_NEVER)
			json_out_instant(o, milestones[m], order_reached_at(order, m));
	}
	json_out_close(o, '}');
	if (side.len > 0)
		json_out_text(o, "side", side);
	else
		json_out_null(o, "side");
	json_out_open(o, "parcels", '[');
	for (size_t i = 0; i < order->n_parcels; i++)
		out_parcel(o, order, i);
	json_out_close(o, ']');
	json_out_instant(o, "promised_at", order->promised_at);
	json_out_bool(o, "overdue", order_is_late(order, now));
	if (order->total.len)
		json_out_raw(o, "total", text_span(order->total));
	else
		json_out_null(o, "total");
	out_text_or_null(o, "currency", order->currency);
	json_out_basket(o, order->basket, INT64_MIN);
	json_out_close(o, '}');
}

static void out_due(struct json_out *o, const struct instance *i)
{
	json_out_open(o, NULL, '{');
	json_out_text(o, "rule", text_span(i->rule));
	json_out_text(o, "key", text_span(i->key));
	json_out_number(o, "episode", i->episode);
	json_out_number(o, "step", i->step);
	json_out_instant(o, "anchor_at", i->anchor_at);
	json_out_instant(o, "deadline", i->deadline_at);
	json_out_instant(o, "fire_at", i->fire_at);
	if (i->missing.len > 0) {
		json_out_open(o, "held", '{');
		json_out_text(o, "source", text_span(i->missing));
		json_out_instant(o, "since", i->held_at);
		json_out_close(o, '}');
	} else {
		json_out_null(o, "held");
	}
	json_out_close(o, '}');
}

/* Of two pointers to instances, the one that is due sooner; then in order of the list. */
static int compare_due(const void *a, const void *b)
{
	const struct instance *x = *(const struct instance *const *)a;
	const struct instance *y = *(const struct instance *const *)b;

	if (x->fire_at != y->fire_at)
		return x->fire_at < y->fire_at ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int out_dues(struct json_out *o, const struct journey *j)
{
	_cleanup_free_ const struct instance **due = NULL;
	size_t n = 0;

	due = calloc(j->n_instances + 1, sizeof(struct instance *));
	if (!due)
		return -ENOMEM;
	for (size_t i = 0; i < j->n_instances; i++)
		if (j->instances[i].state == INSTANCE_ARMED)
			due[n++] = &j->instances[i];
	qsort(due, n, sizeof(struct instance *), compare_due);
	json_out_open(o, "due", '[');
	for (size_t i = 0; i < n; i++)
		out_due(o, due[i]);
	json_out_close(o, ']');
	return 0;
}

/* That the latest message may go another way. */
static void out_fallback(struct json_out *o, const struct fallback *f)
{
	if (!f || f->over)
		return;
	json_out_open(o, "fallback", '{');
	json_out_text(o, "channel", job_channel_name((enum job_channel)f->way));
	json_out_instant(o, "sent_at", f->sent_at);
	json_out_instant(o, "at", f->fall_at);
	if (f->gate) {
		json_out_text(o, "gate", gate_name((enum gate)f->gate));
		json_out_text(o, "reason", gate_reason_name((enum gate_reason)f->reason));
	}
	json_out_close(o, '}');
}

static void out_instance(struct json_out *o, const struct instance *i)
{
	/* While an episode has made no job it has the end of the pause before. */
	bool fresh = i->state == INSTANCE_ARMED && i->emitted == 0;

	json_out_open(o, NULL, '{');
	json_out_text(o, "rule", text_span(i->rule));
	json_out_text(o, "key", text_span(i->key));
	json_out_text(o, "state",
		i->missing.len > 0 ? SPAN_LIT("held") : span_str(instance_states[i->state]));
	json_out_text(o, "outcome", outcome_name(i->outcome));
	json_out_number(o, "epoch", i->epoch);
	json_out_number(o, "episode", i->episode);
	json_out_number(o, "emitted", i->emitted);
	json_out_instant(o, "anchor_at", i->anchor_at);
	json_out_instant(o, "cancelled_at", i->cancelled_at);
	json_out_instant(o, "until_at", fresh ? INT64_MIN : i->until_at);
	out_text_or_null(o, "by", i->by);
	out_fallback(o, i->fallback);
	json_out_close(o, '}');
}

int journey_json(const struct record *r, const struct lapse *lapse, int64_t now, struct buf *out)
{
	const struct journey *j = r->journey;
	struct json_out o = {.buf = out};

	json_out_open(&o, NULL, '{');
	out_head(&o, r, lapse, now);
	json_out_open(&o, "carts", '[');
	for (size_t i = 0; i < j->n_carts; i++)
		if (cart_is_open(&j->carts[i]))
			out_cart(&o, &j->carts[i], now);
	json_out_close(&o, ']');
	json_out_open(&o, "orders", '[');
	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (order_is_open(&j->orders[i]))
			out_order(&o, j, &j->orders[i], now);
	json_out_close(&o, ']');
	json_out_known(&o, j, now);
	if (out_dues(&o, j) < 0)
		return -ENOMEM;
	json_out_open(&o, "instances", '[');
	for (size_t i = 0; i < j->n_instances; i++)
		out_instance(&o, &j->instances[i]);
	json_out_close(&o, ']');
	json_out_close(&o, '}');
	return buf_failed(out);
}
