/* SPDX-License-Identifier: MIT */
#include "codec/preset_table.h"

#include "preset_data.h"

const struct preset_file *preset_files(size_t *ret_n)
{
	*ret_n = preset_data_count;
	return preset_data;
}

const struct preset_file *preset_find(struct span name)
{
	for (size_t i = 0; i < preset_data_count; i++)
		if (span_equal(preset_data[i].name, name))
			return &preset_data[i];
	return NULL;
}
