/* SPDX-License-Identifier: MIT */
/*
 * The doors of other trackers, for SDKs that a shop has built in already: PostHog's and Snowplow's.
 * Their events are translated by presets like a hook's; the key in the body is a write key of ours.
 */
#pragma once

#include "codec/mapping.h"
#include "intake.h"
#include "io/log.h"

enum foreign { FOREIGN_POSTHOG, FOREIGN_SNOWPLOW, FOREIGN_COUNT };

struct foreign_doors {
	struct mapping *mappings[FOREIGN_COUNT];
	struct json_paths *keys[FOREIGN_COUNT]; /* where the write key may stand */
};

/* Compiles the presets that the binary carries. 0, -ENOMEM, or 1 with the reason logged. */
int foreign_init(struct foreign_doors *doors, const struct log *log);
void foreign_release(struct foreign_doors *doors);

void foreign_take(const struct foreign_doors *doors, enum foreign which, struct intake *in,
	struct http_request *request);
