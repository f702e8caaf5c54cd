/* SPDX-License-Identifier: MIT */
/*
 * Settings of identity: whatever the bytes, either there are problems that say something, or
 * settings by which every kind can be asked for, and which come out the same a second time.
 */
#include "codec/identity_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_settings(const struct identity *id)
{
	assert(id->n_kinds >= IDENTIFIER_COUNT && id->n_kinds <= IDENTITY_KINDS_MAX);
	for (size_t i = 0; i < id->n_kinds; i++) {
		struct span name = id->kinds[i].name;

		assert(name.len > 0 && name.len <= IDENTITY_NAME_MAX);
		assert(identity_kind_named(id, name) == i);
		(void)identity_is_blocked(id, i, SPAN_LIT("0000"));
	}
	for (size_t i = 0; i < IDENTIFIER_COUNT; i++)
		assert(id->at[i] < id->n_kinds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file_problems problems;
	const struct rule_source source = {"identity.json", span_of((const char *)data, size)};
	_cleanup_(identity_settings_freep) struct identity_settings *s = NULL;
	_cleanup_(identity_settings_freep) struct identity_settings *again = NULL;
	int r = identity_json_compile(&source, &problems, &s);

	if (r == IDENTITY_BAD) {
		assert(!s && problems.n > 0 && problems.list[0].message[0]);
		return 0;
	}
	assert(r == 0);
	check_settings(&s->identity);
	assert(identity_json_compile(&source, &problems, &again) == 0);
	assert(again->identity.n_kinds == s->identity.n_kinds);
	return 0;
}
