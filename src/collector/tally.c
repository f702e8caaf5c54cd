/* SPDX-License-Identifier: MIT */
#include "tally.h"

static const int statuses[] = {
#define X(STATUS) STATUS,
	TALLY_STATUSES(X)
#undef X
};

int tally_status(size_t n)
{
	assert(n < TALLY_STATUS_COUNT);
	return statuses[n];
}

void tally_answer(struct tally *t, int status)
{
	for (size_t i = 0; i < TALLY_STATUS_COUNT; i++) {
		if (statuses[i] != status)
			continue;
		t->answers[i]++;
		return;
	}
	assert(!"a status that is not counted");
}
