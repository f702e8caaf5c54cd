/* SPDX-License-Identifier: MIT */
/*
 * POST /hooks/NAME: what other systems tell of orders, payments, parcels and mails. Believed only
 * if it is signed as the hook's mapping says; kept before it is answered; and what is signed but
 * cannot be understood is put into quarantine and answered as if it could: many senders never come
 * back, or switch the hook off after a few refusals.
 */
#pragma once

#include "hooks.h"
#include "intake.h"

void hook_take(const struct hooks *hooks, struct intake *in, struct http_request *request,
	struct span name);

/* OPTIONS /hooks/NAME: a preflight, or the handshake of CloudEvents' web hooks (1.0.2). */
void hook_options(const struct hooks *hooks, struct intake *in, struct http_request *request,
	struct span name);
