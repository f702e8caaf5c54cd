/* SPDX-License-Identifier: MIT */
#include "store/entry_fields.h"

int entry_fields_take(const struct redis_value *pairs, struct arena *a,
	struct archive_field **ret_fields, size_t *ret_n)
{
	struct archive_field *fields = arena_calloc(a, pairs->n_items / 2 + 1, sizeof(*fields));

	if (!fields)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < pairs->n_items; i += 2)
		fields[i / 2] =
			(struct archive_field){pairs->items[i].text, pairs->items[i + 1].text};
	*ret_fields = fields;
	*ret_n = pairs->n_items / 2;
	return 0;
}

struct span entry_field(const struct archive_field *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(fields[i].name, name))
			return fields[i].value;
	return SPAN_EMPTY;
}

void entry_fields_put(const struct archive_field *fields, size_t n, struct log_entry *e)
{
	struct {
		const char *name;
		struct span *place;
	} const places[] = {{"e", &e->event}, {"m", &e->meta}, {"w", &e->mark_source},
		{"t", &e->mark_until}, {"r", &e->rules}, {"x", &e->message}, {"b", &e->record}};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(places); k++)
			if (span_is(fields[i].name, places[k].name))
				*places[k].place = fields[i].value;
}
