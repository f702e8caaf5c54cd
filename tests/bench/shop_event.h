/* SPDX-License-Identifier: MIT */
/*
 * Events of an imagined jeweler, about 500 bytes each, the same for the same numbers: the n-th
 * thing that a customer does. Twenty of them are two visits with a cart and an order, so that rules
 * find carts to arm, orders to follow and purchases to cancel.
 */
#pragma once

#include "base/span.h"

#define SHOP_EVENT_MAX 1024

/* Writes the N-th event of CUSTOMER that happened at AT (ms) into OUT; its length. */
size_t shop_event(uint64_t customer, uint64_t n, int64_t at, char out[SHOP_EVENT_MAX]);

/* The customer's key, as the events' userId says it. */
struct span shop_customer(uint64_t customer, char out[16]);
