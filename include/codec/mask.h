/* SPDX-License-Identifier: MIT */
/*
 * Personal text so that who knows the customer knows it again, and nobody else learns it: what
 *staff see of whom they have not said why they look at.
 *
 *	jane@example.com	j***@e***.com
 *	Jane Doe		J*** D***
 *	+49301234567		+49***67
 *	R-2024-0017		R***17
 *	email:jane@example.com	email:j***@e***.com
 *
 * Of text below four characters nothing is left but the stars. Text is UTF-8; what is not is only
 * stars.
 */
#pragma once

#include "base/buf.h"
#include "core/identity.h"

/* Each appends to OUT, whose failure is the caller's to ask for. */
void mask_email(struct span email, struct buf *out);
void mask_name(struct span name, struct buf *out);
/* A telephone number, an order's, a card's. */
void mask_code(struct span code, struct buf *out);
/* By the name of the kind: `email`, `name`, anything else. */
void mask_kind(struct span kind, struct span text, struct buf *out);
/* Of keys those of personal kinds, and of users those that look like an address. */
void mask_key(const struct identity *identity, struct span key, struct buf *out);
