/* SPDX-License-Identifier: MIT */
/* The table itself, preset_table.inc, is made by the build from deploy/hooks. */
#include "codec/preset_table.h"

#include "preset_table.inc"

const struct preset_file *preset_files(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(presets);
	return presets;
}

const struct preset_file *preset_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(presets); i++)
		if (span_equal(presets[i].name, name))
			return &presets[i];
	return NULL;
}
