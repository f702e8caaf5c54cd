/* SPDX-License-Identifier: MIT */
#include "door_tally.h"

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

bool tally_knows(int status)
{
	for (size_t i = 0; i < TALLY_STATUS_COUNT; i++)
		if (statuses[i] == status)
			return true;
	return false;
}

void tally_answer(struct tally *t, int status)
{
	size_t i = 0;

	while (i < TALLY_STATUS_COUNT && statuses[i] != status)
		i++;
	assert(i < TALLY_STATUS_COUNT);
	t->answers[i]++;
}
