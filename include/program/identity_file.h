/* SPDX-License-Identifier: MIT */
/* identity.json as programs load it; what it means is the codec's. */
#pragma once

#include "codec/identity_json.h"

/* Loads PATH. 0, -ENOMEM, or IDENTITY_BAD with *problems, also when the file cannot be read. */
int identity_file_load(
	const char *path, struct file_problems *problems, struct identity_settings **ret_settings);
