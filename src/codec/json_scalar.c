/* SPDX-License-Identifier: MIT */
/* The one table of types, for the fields of an event and for its details. */
#include "json_scalar.h"

#include "base/decimal.h"

int json_scalar(const struct json_value *v, struct arena *arena, struct value *ret_value)
{
	static const enum value_type types[] = {
		[JSON_TYPE_ABSENT] = VALUE_MISSING,
		[JSON_TYPE_NULL] = VALUE_NULL,
		[JSON_TYPE_FALSE] = VALUE_FALSE,
		[JSON_TYPE_TRUE] = VALUE_TRUE,
		[JSON_TYPE_NUMBER] = VALUE_NUMBER,
		[JSON_TYPE_STRING] = VALUE_STRING,
		[JSON_TYPE_ARRAY] = VALUE_OTHER,
		[JSON_TYPE_OBJECT] = VALUE_OTHER,
	};
	struct value value = {.type = types[v->type]};

	if (v->type != JSON_TYPE_ABSENT)
		value.raw = v->raw;
	if (value.type == VALUE_NUMBER && decimal_parse(v->raw, &value.number) != 0)
		value.type = VALUE_OTHER;
	if (value.type == VALUE_STRING) {
		value.text = json_text(v, arena);
		if (!value.text.ptr)
			return -ENOMEM;
	}
	*ret_value = value;
	return 0;
}
