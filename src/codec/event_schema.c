/* SPDX-License-Identifier: MIT */
#include "codec/event_schema.h"

#include "event_schema_data.h"

const struct event_schema *event_schemas(size_t *ret_n)
{
	*ret_n = event_schema_data_count;
	return event_schema_data;
}

const struct event_schema *event_schema_of(enum event_kind kind)
{
	struct span name = vocab_name(kind);

	for (size_t i = 0; name.len > 0 && i < event_schema_data_count; i++)
		if (span_equal(event_schema_data[i].title, name))
			return &event_schema_data[i];
	return NULL;
}

static struct json_schema_source source_of(const struct event_schema *schema)
{
	/* A name in the table is a literal, which ends with NUL. */
	return (struct json_schema_source){schema->file.ptr, schema->uri, schema->text};
}

size_t event_schemas_given(struct json_schema_source *given, size_t max)
{
	size_t n = event_schema_data_count < max ? event_schema_data_count : max;

	for (size_t i = 0; i < n; i++)
		given[i] = source_of(&event_schema_data[i]);
	return n;
}

int event_schema_compile(enum event_kind kind, bool formats, struct file_problems *problems,
	struct json_schema **ret_schema)
{
	struct json_schema_source given[EVENT_SCHEMAS_MAX];
	const struct json_schema_options options = {
		given, event_schemas_given(given, ARRAY_SIZE(given)), formats};
	const struct event_schema *schema = event_schema_of(kind);
	struct json_schema_source main;

	if (!schema)
		return -ENOENT;
	main = source_of(schema);
	return json_schema_compile(&main, &options, problems, ret_schema);
}
