/* SPDX-License-Identifier: MIT */
/* The table of fields, and the two readings of a value that state machines need. */
#include "core/field.h"

#include "base/instant.h"

static const struct field_path fixed[FIELD_FIXED_COUNT] = {
#define X(ID, ROOT, PATH) [FIELD_##ID] = {{PATH, sizeof(PATH) - 1}, FIELD_ROOT_##ROOT, false},
	FIELDS(X)
#undef X
};

void field_table_init(struct field_table *t)
{
	memcpy(t->paths, fixed, sizeof(fixed));
	t->n = FIELD_FIXED_COUNT;
}

int field_table_add(struct field_table *t, enum field_root root, struct span path, size_t *ret_n)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->paths[i].root == root && span_equal(t->paths[i].path, path)) {
			*ret_n = i;
			return 0;
		}
	}
	if (t->n == FIELD_MAX || path.len == 0 || path.len > FIELD_PATH_MAX)
		return FIELD_TABLE_FULL;
	t->paths[t->n] = (struct field_path){path, root, false};
	*ret_n = t->n++;
	return 0;
}

void field_table_want_tree(struct field_table *t, size_t n)
{
	t->paths[n].tree = true;
}

static struct value value_member(const struct value *v, struct span name)
{
	const struct value_tree *inner = v->inner;
	uint64_t index;

	if (v->type == VALUE_ARRAY && span_to_u64(name, VALUE_ITEMS_MAX, &index) == 0 &&
		index < inner->n)
		return inner->items[index];
	if (v->type == VALUE_OBJECT)
		for (size_t i = inner->n; i > 0; i--)
			if (span_equal(inner->names[i - 1], name))
				return inner->items[i - 1];
	return (struct value){.type = VALUE_MISSING};
}

struct value value_below(const struct value *v, struct span path)
{
	struct value at = *v;

	while (path.len > 0) {
		const char *dot = memchr(path.ptr, '.', path.len);
		size_t len = dot ? (size_t)(dot - path.ptr) : path.len;

		at = value_member(&at, span_of(path.ptr, len));
		path = dot ? span_of(dot + 1, path.len - len - 1) : SPAN_EMPTY;
	}
	return at;
}

struct span value_id(const struct value *v, size_t max)
{
	struct span id = SPAN_EMPTY;

	if (v->type == VALUE_STRING)
		id = v->text;
	else if (v->type == VALUE_NUMBER)
		id = v->raw;
	return id.len <= max ? id : SPAN_EMPTY;
}

static const char *const money_words[] = {"price", "total", "subtotal", "amount", "value",
	"revenue", "cost", "fee", "tax", "shipping", "discount", "deposit", "estimate", "refund",
	"before"};

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Is WORD the last of the words that NAME is made of: price, list_price, listPrice? */
static bool ends_with_word(struct span name, const char *word)
{
	size_t len = strlen(word), at;

	if (name.len < len)
		return false;
	at = name.len - len;
	if (!span_equal_nocase(span_of(name.ptr + at, len), span_of(word, len)))
		return false;
	return at == 0 || name.ptr[at - 1] == '_' || name.ptr[at - 1] == '-' ||
	       (is_lower(name.ptr[at - 1]) && !is_lower(name.ptr[at]));
}

void value_mark_amount(struct value *v, struct span path)
{
	size_t name = path.len;
	bool money = false;

	if (v->type != VALUE_STRING || decimal_parse(v->text, &v->number) != 0)
		return;
	while (name > 0 && path.ptr[name - 1] != '.')
		name--;
	path = span_of(path.ptr + name, path.len - name);
	for (size_t i = 0; i < ARRAY_SIZE(money_words) && !money; i++)
		money = ends_with_word(path, money_words[i]);
	v->amount = money;
}

bool value_amount(const struct value *v, struct decimal *ret_d)
{
	if (v->type != VALUE_NUMBER && !(v->type == VALUE_STRING && v->amount))
		return false;
	*ret_d = v->number;
	return true;
}

/* Numbers below this are seconds: as milliseconds it is a day in 1973. */
#define SECONDS_BELOW INT64_C(100000000000)

bool value_instant(const struct value *v, int64_t *ret_at)
{
	int64_t n;

	if (v->type == VALUE_STRING)
		return instant_parse(v->text, ret_at) == 0;
	if (v->type != VALUE_NUMBER || decimal_to_int(v->number, &n) != 0)
		return false;
	if (n < 0 || n > SECONDS_BELOW * 1000)
		return false;
	*ret_at = n < SECONDS_BELOW ? n * MS_SECOND : n;
	return true;
}
