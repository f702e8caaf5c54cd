/* SPDX-License-Identifier: MIT */
/*
 * From whom a customer was taken apart: part of the journey (core/journey.h).
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/text.h"

struct journey;

#define JOURNEY_APART_MAX 64

/* Somebody who was part of this customer, or this one of them, until staff took them apart. */
struct customer_apart {
	struct text key;
	int64_t at; /* virtual time */
};

const struct customer_apart *journey_apart(const struct journey *j, struct span key);
/* KEY and this customer are two since AT; of too many the oldest is forgotten. 0 or -ENOMEM. */
int journey_add_apart(struct journey *j, struct span key, int64_t at);
void journey_remove_apart(struct journey *j, struct span key);
