/* SPDX-License-Identifier: MIT */
/*
 * Somebody was erased, and what is kept of another customer names them (codec/scrub.h):
 * store/eraser.h has found that out, and the owner, who alone writes here, takes it out. Timers,
 * timeline and counts stay. Chunks are no part of the record; the eraser sees to them.
 */
#include "apply_impl.h"

static int knows(void *user, struct span key, bool *ret_known)
{
	struct applier *a = user;

	return gone_knows(&a->gone, key, ret_known, NULL);
}

static int scrub_frozen(struct applier *a, struct cached *c)
{
	int r;

	buf_reset(&a->scratch);
	r = scrub_value(a->scrubber, a->packer, c->link->frozen, &a->scratch);
	if (r != 0)
		return r;
	c->link->frozen = arena_copy(&a->arena, buf_span(&a->scratch));
	return c->link->frozen.ptr ? 0 : -ENOMEM;
}

static int scrub_customer(struct applier *a, struct cached *c)
{
	_cleanup_(record_release) struct record before = RECORD_INIT;
	struct span bytes;
	int r = cached_encode(a, c, &bytes);

	if (r < 0)
		return r;
	/* Of nobody whom no one took apart it can only be who was named beside them. */
	if (bytes.len == 0)
		return c->record.journey->n_named > 0
			       ? scrub_record(a->scrubber, a->packer, &c->record)
			       : SCRUB_CLEAN;
	r = record_decode(bytes, &before);
	if (r != 0)
		return r < 0 ? r : -EINVAL; /* we have just written it */
	r = scrub_record(a->scrubber, a->packer, &c->record);
	return r == 0 ? applier_follow(a, c, before.journey, c->record.journey) : r;
}

int applier_scrub(struct applier *a, const struct work *w)
{
	struct cached *c = w->cached;
	int r = 0;

	if (c->link && applier_is_stand_in(c->customer)) {
		r = applier_scrub_stand_in(a, w);
		return r < 0 ? r : applier_drop(a, w);
	}
	if (!a->scrubber)
		r = scrubber_new(applier_identity(a), knows, a, &a->scrubber);
	if (r == 0)
		r = c->link ? scrub_frozen(a, c) : scrub_customer(a, c);
	if (r == 0)
		r = applier_touch(a, c);
	return r < 0 ? r : applier_drop(a, w);
}
