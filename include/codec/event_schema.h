/* SPDX-License-Identifier: MIT */
/*
 * The schemas of the canonical events (schemas/events), as they were when this binary was built.
 * They describe an event's properties; of identify and group events, its traits.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "codec/json_schema.h"
#include "core/vocab.h"

/* The $id of a file is this and its name. */
#define EVENT_SCHEMA_URI "https://waymark.example/schemas/events/"

struct event_schema {
	struct span file;  /* `order-completed.schema.json` */
	struct span uri;   /* its $id */
	struct span title; /* the canonical name; of shared definitions, no event's */
	struct span text;  /* the document */
};

/* All documents, shared definitions included, in the order of their file names. */
const struct event_schema *event_schemas(size_t *ret_n);
/* NULL: there is none. */
const struct event_schema *event_schema_of(enum event_kind kind);

/*
 * What json_schema_options.given needs, so that any schema may refer to these: writes as many as
 * there are, at most MAX, to GIVEN and returns how many.
 */
#define EVENT_SCHEMAS_MAX 160
size_t event_schemas_given(struct json_schema_source *given, size_t max);

/* Compiles one of them. As json_schema_compile; -ENOENT if KIND has none. */
int event_schema_compile(enum event_kind kind, bool formats, struct file_problems *problems,
	struct json_schema **ret_schema);
