/* SPDX-License-Identifier: MIT */
#include "page_shelf.h"

const char *const shelf_names[4] = {"Page Viewed", "Product Viewed", "Order Completed", "own name"};

void shelf_init(struct shelf *s)
{
	*s = (struct shelf){.record = RECORD_INIT};
	if (packer_new(&s->packer) < 0)
		abort();
}

void shelf_release(struct shelf *s)
{
	for (uint32_t i = 0; i < s->record.n_chunks; i++)
		buf_release(&s->chunks[i]);
	buf_release(&s->record.packed);
	buf_release(&s->record.tail);
	packer_free(s->packer);
}

void shelf_freep(struct shelf **s)
{
	shelf_release(*s);
	free(*s);
}

struct shelf *shelf_new(void)
{
	struct shelf *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	shelf_init(s);
	return s;
}

void shelf_seal(struct shelf *s)
{
	_cleanup_(buf_release) struct buf entries = BUF_INIT;
	struct record *r = &s->record;
	uint32_t n = r->packed_n + r->tail_n;

	if (n == 0)
		return;
	if (r->packed_n > 0 &&
		timeline_unpack(s->packer, buf_span(&r->packed), r->packed_n, &entries))
		abort();
	buf_add_span(&entries, buf_span(&r->tail));
	if (chunk_seal(s->packer, buf_span(&entries), n, r->reach_at, &s->chunks[r->n_chunks],
		    &r->reach_at))
		abort();
	r->n_chunks++;
	r->sealed_n += n;
	r->packed_n = r->tail_n = 0;
	buf_reset(&r->packed);
	buf_reset(&r->tail);
}

void shelf_settle(struct shelf *s)
{
	enum record_settled settled;

	if (record_settle(&s->record, s->packer, &s->chunks[s->record.n_chunks], &settled))
		abort();
}

void shelf_add(struct shelf *s, struct timeline_entry e)
{
	timeline_encode(&e, &s->record.tail);
	s->record.tail_n++;
	s->all[s->n++] = e;
}

struct timeline_entry shelf_draw(struct chance *c, const struct shelf *s, unsigned late)
{
	struct timeline_entry e = {.kind = chance_below(c, 5) ? ENTRY_EVENT : ENTRY_DECISION};
	const struct timeline_entry *last = s->n ? &s->all[s->n - 1] : NULL;

	e.id = last ? last->id : (struct log_id){(uint64_t)BASE, 0};
	if (last && chance_below(c, 4) == 0) {
		e.nth = last->nth + 1;
	} else if (chance_below(c, 3) == 0 && e.id.seq < UINT64_MAX - 1) {
		e.id.seq++;
	} else {
		e.id.ms += chance_below(c, 50);
		e.id.seq = chance_below(c, 8) ? 0 : UINT64_MAX - 5;
		if (last && log_id_compare(e.id, last->id) <= 0)
			e.id = (struct log_id){last->id.ms + 1, 0};
	}
	e.at = (int64_t)e.id.ms;
	if (late && chance_below(c, late) == 0)
		e.at -= (int64_t)chance_below(c, 5000);
	if (e.kind == ENTRY_DECISION) {
		e.decision.rule = SPAN_LIT("cart_abandoned");
		e.decision.key = SPAN_LIT("cart:C1");
		e.decision.at = e.at;
		return e;
	}
	e.channel = (enum channel)chance_below(c, 3);
	e.name = span_str(shelf_names[chance_below(c, ARRAY_SIZE(shelf_names))]);
	if (chance_below(c, 5) == 0)
		e.original = SPAN_LIT("Home");
	return e;
}

void shelf_grow(struct shelf *s, struct chance *c, size_t n, unsigned late)
{
	for (; n > 0 && s->n < ENTRIES; n--) {
		shelf_add(s, shelf_draw(c, s, late));
		shelf_settle(s);
		if (chance_below(c, 12) == 0)
			shelf_seal(s);
	}
}

bool shelf_wants(const struct timeline_query *q, const struct timeline_entry *e)
{
	bool event = e->kind == ENTRY_EVENT;

	if (e->at < q->from_at || e->at >= q->to_at)
		return false;
	if (q->kinds && !(q->kinds & 1u << e->kind))
		return false;
	if (q->channel && (!event || e->channel != q->channel))
		return false;
	if (q->event.len &&
		(!event || (!span_equal(e->name, q->event) && !span_equal(e->original, q->event))))
		return false;
	return true;
}
