/* SPDX-License-Identifier: MIT */
/*
 * identity.json: what names a customer, how strongly, and what names nobody (core/identity.h). The
 * format is described for people in schemas/identity.schema.json, an example is
 * deploy/identity.json. What a file does not name keeps its default. A bad file fails at load, and
 * each problem names the file, the JSON pointer, what is wrong and what to write instead.
 */
#pragma once

#include "codec/rule_json.h"
#include "core/identity.h"

#define IDENTITY_FILE_MAX RULE_FILE_MAX

enum { IDENTITY_BAD = 1 };

/* The settings with all that they point to. */
struct identity_settings {
	struct identity identity;
	struct rules *memory; /* what the texts lie in */
};

/* Compiles SOURCE. 0, -ENOMEM, or IDENTITY_BAD with *problems. */
int identity_json_compile(const struct rule_source *source, struct file_problems *problems,
	struct identity_settings **ret_settings);
struct identity_settings *identity_settings_free(struct identity_settings *s);
void identity_settings_freep(struct identity_settings **s);
