/* SPDX-License-Identifier: MIT */
/*
 * How likely it is that a customer does not buy again: MBG/NBD (Batislam and others 2007), with the
 * shop's parameters. Who buys does so at a rate of their own, Gamma(r, alpha) in the shop, and
 * after each purchase may be gone for good, with a share of their own, Beta(a, b). Closed forms
 * only.
 *
 * X counts the days of purchase but the first. Instants are milliseconds since the first purchase:
 * the last one was at LAST, and NOW is not before it.
 */
#pragma once

#include "base/base.h"

struct purchase_model {
	double r, a, b;
	double alpha_ms;
	int64_t within_ms;
	double likelihood; /* above 0 and below 1; 0: there is no model */
};

/* That they will ever buy again at all. */
double purchase_alive(const struct purchase_model *m, uint32_t x, int64_t last, int64_t now);
/* That they will not within `within_ms` of now; it never falls as NOW grows. */
double purchase_none(const struct purchase_model *m, uint32_t x, int64_t last, int64_t now);
/* The first millisecond of silence behind LAST at which that reaches `likelihood`; TIME_NEVER: not
 * within two hundred years. */
int64_t purchase_silence(const struct purchase_model *m, uint32_t x, int64_t last);
