/* SPDX-License-Identifier: MIT */
#include "codec/envelope_ids.h"

#include "codec/identifiers.h"
#include "codec/json_path.h"

bool envelope_has_ids(const struct envelope_item *item, unsigned rights)
{
	if (rights == 0)
		return false;
	return (item->named & (item->named - 1)) != 0 || item->previous_id.len > 0 ||
	       (item->type == EVENT_IDENTIFY && item->traits.len > 0 && rights & LINK_TRUSTED);
}

static void add(struct identifiers_given *given, enum identifier what, struct span text)
{
	if (text.len > 0 && text.len <= IDENTIFIER_MAX)
		given->more[given->n_more++] = (struct identifier_more){what, text};
}

/* A number is an id as it is written. 0 or -ENOMEM. */
static int text_of(const struct json_value *v, struct arena *arena, struct span *ret_text)
{
	struct decimal number;

	*ret_text = SPAN_EMPTY;
	if (v->type == JSON_TYPE_NUMBER && decimal_parse(v->raw, &number) == 0)
		*ret_text = v->raw;
	if (v->type != JSON_TYPE_STRING)
		return 0;
	*ret_text = json_text(v, arena);
	return ret_text->ptr ? 0 : -ENOMEM;
}

static int add_traits(struct span traits, struct arena *arena, struct identifiers_given *given)
{
	static const struct json_path paths[] = {{{"email", 5}, 0}, {{"phone", 5}, 1}};
	static const enum identifier kinds[] = {IDENTIFIER_EMAIL, IDENTIFIER_PHONE};
	_cleanup_(json_paths_freep) struct json_paths *p = NULL;
	struct json_value values[ARRAY_SIZE(paths)];
	struct json_cursor c;
	int r = json_paths_new(paths, ARRAY_SIZE(paths), &p);

	json_cursor_init(&c, traits);
	if (r != 0 || json_peek(&c) != JSON_TYPE_OBJECT || json_paths_read(p, &c, values) != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < ARRAY_SIZE(paths) && r == 0; i++) {
		struct span text;

		r = text_of(&values[i], arena, &text);
		if (r == 0)
			add(given, kinds[i], text);
	}
	return r;
}

int envelope_ids(const struct identity *identity, const struct envelope_item *item, bool traits,
	struct arena *arena, const struct event_id **ret_ids, size_t *ret_n)
{
	struct identifiers_given given = {.n_more = 0};
	struct event e = {.customer = item->customer, .link_rights = LINK_TRUSTED};
	struct span kind;
	const char *at;
	int r = 0;

	*ret_n = 0;
	/* It was accepted, so all of it can be read. */
	if (item->identifiers.len > 0)
		r = identifiers_read(identity, item->identifiers, arena, &given.ids, &at, &kind);
	given.ids.text[identity->at[IDENTIFIER_USER]] = item->user_id;
	given.ids.text[identity->at[IDENTIFIER_ANONYMOUS]] = item->anonymous_id;
	add(&given, IDENTIFIER_ANONYMOUS, item->previous_id);
	add(&given, IDENTIFIER_USER, item->previous_id);
	if (r == 0 && traits)
		r = add_traits(item->traits, arena, &given);
	if (r == 0)
		r = identifiers_others(identity, &given, arena, &e);
	if (r == 0 && e.link_rights != 0) {
		*ret_ids = e.ids;
		*ret_n = e.n_ids;
	}
	return r < 0 ? r : 0;
}
