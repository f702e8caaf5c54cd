/* SPDX-License-Identifier: MIT */
/* Details of an event (core/detail.h), fetched from its properties or traits when its kind is one
 * whose fold wants them. */
#pragma once

#include "base/arena.h"
#include "core/detail.h"

struct detail_decoder;

/* 0 or -ENOMEM. */
int detail_decoder_new(struct detail_decoder **ret_decoder);
struct detail_decoder *detail_decoder_free(struct detail_decoder *d);

/* Sets e->details, if its kind wants them and it has properties; they lie in ARENA. 0 or -ENOMEM.
 */
int detail_decode(const struct detail_decoder *d, struct arena *arena, struct event *e);
