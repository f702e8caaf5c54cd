/* SPDX-License-Identifier: MIT */
/*
 * POST /hooks/NAME: what other systems tell of orders, payments, parcels and mails. Believed only
 * if it is signed as the hook's mapping says; kept before it is answered; and what is signed but
 * cannot be understood is put into quarantine and answered as if it could: many senders never come
 * back, or switch the hook off after a few refusals.
 */
#pragma once

#include "collector/hooks.h"
#include "intake.h"
#include "replays.h"
#include "sns.h"

struct hook_door {
	struct intake *in;
	const struct log *log;
	struct hooks *hooks; /* NULL before the first are set */
	struct sns *sns;
	struct replays *replays; /* NULL until a hook needs them */
};

/* SNS_RELAY and SNS_CA as sns.h has them; all is borrowed. 0 or -errno (release as after
 * success). */
struct hook_door_options {
	const struct log *log;
	const char *sns_relay, *sns_ca;
};
int hook_door_init(struct hook_door *d, struct intake *in, const struct hook_door_options *options);
/* Answers those that wait. */
void hook_door_release(struct hook_door *d);
/* Takes HOOKS over, in the place of those before. */
void hook_door_set(struct hook_door *d, struct hooks *hooks);

void hook_take(struct hook_door *d, struct http_request *request, struct span name);

/* GET /hooks/NAME: Mailchimp looks whether somebody is there before it takes the address. */
void hook_probe(const struct hook_door *d, struct http_request *request, struct span name);

/* OPTIONS /hooks/NAME: a preflight, or the handshake of CloudEvents' web hooks (1.0.2). */
void hook_options(const struct hook_door *d, struct http_request *request, struct span name);
