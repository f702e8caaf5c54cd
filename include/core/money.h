/* SPDX-License-Identifier: MIT */
/*
 * What a customer has spent. Sums of one currency are exact, and those of several are never added:
 * there is no rate here, and none would be right for all days. The main currency is the shop's, if
 * its policy names one, else that of the customer's latest purchase; orders that name none are of
 * the main one.
 */
#pragma once

#include "core/journey.h"
#include "core/policy.h"

#define CURRENCY_SIZE 3 /* letters, ISO 4217 */

/* What a message is about, in money. */
struct worth {
	int64_t hundredths;   /* 0: not known */
	struct span currency; /* the main one as above; empty: none was ever named */
	bool whole;	      /* all that the customer bought, for it is about no order or cart */
};

/* Empty: unknown. */
struct span money_main(const struct policy *p, const struct journey *j);

/* What O came to; false if that was not said. */
bool money_of_order(const struct order *o, struct decimal *ret_sum);

/*
 * The orders kept that were placed and neither cancelled nor paid back, of CURRENCY, and with it
 * those that name none where it is MAIN. False: the sum is too long for a decimal.
 */
bool money_spent(
	const struct journey *j, struct span currency, struct span main, struct decimal *ret_sum);
