/* SPDX-License-Identifier: MIT */
/*
 * Operators by table: the name, the members that belong to it, and who reads it. Adding one means a
 * row here and a row in mapping_eval.c.
 */
#include "mapping_reader.h"

#include "codec/envelope.h"

#define WITH_MAX 3

/* The value of the operator and of the members that belong to it, in the order of the row; NULL:
 * not there. */
struct parts {
	const struct file_place *own;
	const struct file_place *with[WITH_MAX];
};

struct operator_row {
	const char *name;
	enum mapping_op op;
	unsigned required; /* bit i: with[i] must be there */
	const char *with[WITH_MAX];
	void (*read)(
		struct mapping_reader *r, const struct parts *parts, struct mapping_node *node);
};

static uint16_t expr_or_none(struct mapping_reader *r, const struct file_place *p)
{
	return p ? mapping_read_expr(r, p) : 0;
}

static void read_one(struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	node->a = mapping_read_expr(r, parts->own);
}

/* A list of expressions or conditions, at least one. */
static void read_list(struct mapping_reader *r, const struct file_place *p,
	uint16_t (*read)(struct mapping_reader *r, const struct file_place *p),
	struct mapping_node *node)
{
	size_t mark = r->n_pending;
	struct file_place item;
	struct file_walk walk;

	if (p->value.type != JSON_TYPE_ARRAY) {
		mapping_problem(r, p, "this is written as a list [...]");
		return;
	}
	file_walk_init(&walk, p);
	while (mapping_walk_next(r, &walk, &item))
		mapping_pend(r, SPAN_EMPTY, read(r, &item));
	if (walk.index == 0)
		mapping_problem(r, p, "this list is empty; write at least one in it");
	mapping_keep(r, mark, &node->first, &node->n);
}

static void read_exprs(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	read_list(r, parts->own, mapping_read_expr, node);
}

static void read_const(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	if (parts->own->value.type == JSON_TYPE_NULL)
		node->op = MAP_MISSING;
	node->text = mapping_copy(r, parts->own->value.raw);
}

static void read_map(struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	const struct file_place *to = parts->with[0];
	size_t mark = r->n_pending;
	struct file_place item;
	struct file_walk walk;

	node->a = mapping_read_expr(r, parts->own);
	node->b = expr_or_none(r, parts->with[1]);
	if (to->value.type != JSON_TYPE_OBJECT) {
		mapping_problem(
			r, to, "`to` is an object such as {\"paid\": \"Payment Approved\"}");
		return;
	}
	file_walk_init(&walk, to);
	while (mapping_walk_next(r, &walk, &item))
		mapping_pend(r, mapping_copy(r, item.name), mapping_read_expr(r, &item));
	mapping_keep(r, mark, &node->first, &node->n);
}

static void read_if(struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	node->a = mapping_read_cond(r, parts->own);
	node->b = mapping_read_expr(r, parts->with[0]);
	node->c = expr_or_none(r, parts->with[1]);
}

static void read_money(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	node->a = mapping_read_expr(r, parts->own);
	node->b = mapping_read_expr(r, parts->with[0]);
}

static void read_time(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	static const char *const clocks[] = {
		[MAPPING_SECONDS] = "s", [MAPPING_MILLISECONDS] = "ms", [MAPPING_ISO] = "iso"};
	const struct file_place *as = parts->with[0];

	node->a = mapping_read_expr(r, parts->own);
	node->n = MAPPING_ISO;
	if (!as)
		return;
	for (uint32_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		if (as->value.type == JSON_TYPE_STRING &&
			json_is(&as->value, span_str(clocks[i]))) {
			node->n = i;
			return;
		}
	}
	mapping_problem(r, as,
		"`as` is \"s\" (seconds since 1970), \"ms\" (milliseconds) or \"iso\" (a date and "
		"time as text)");
}

/* Opens a scope for the items of a list. */
static size_t enter_items(
	struct mapping_reader *r, const struct file_place *p, struct mapping_node *node)
{
	size_t outer = r->here;

	node->a = mapping_read_bare_path(r, p);
	r->here = mapping_scope_add(r, p);
	node->scope = (uint16_t)r->here;
	return outer;
}

static void read_items(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	const struct file_place *most = parts->with[1];
	const struct file_place *only = parts->with[2];
	size_t limit = ENVELOPE_LIMITS_DEFAULT.items;
	size_t outer = enter_items(r, parts->own, node);
	uint64_t n = limit;

	if (parts->with[0]->value.type == JSON_TYPE_STRING)
		node->b = mapping_read_template(r, parts->with[0]);
	else
		node->b = mapping_read_fields(r, parts->with[0], NULL);
	node->c = only ? mapping_read_cond(r, only) : 0;
	r->here = outer;
	if (most && (most->value.type != JSON_TYPE_NUMBER ||
			    span_to_u64(most->value.raw, limit, &n) != 0 || n == 0))
		mapping_problem(r, most, "`most` is a number of items, 1 to %zu", limit);
	node->n = (uint32_t)n;
}

static void read_object(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	uint16_t fields = mapping_read_fields(r, parts->own, NULL);

	if (fields)
		*node = r->m->nodes[fields];
}

static void read_find(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	size_t outer = enter_items(r, parts->own, node);

	node->b = mapping_read_cond(r, parts->with[0]);
	node->c = mapping_read_expr(r, parts->with[1]);
	r->here = outer;
}

static void read_lookup(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	size_t outer;

	node->n = mapping_read_expr(r, parts->with[1]);
	outer = enter_items(r, parts->own, node);
	node->b = mapping_read_expr(r, parts->with[0]);
	node->c = mapping_read_expr(r, parts->with[2]);
	r->here = outer;
}

static void read_join(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	size_t outer = enter_items(r, parts->own, node);

	if (parts->with[0])
		node->b = mapping_read_expr(r, parts->with[0]);
	else
		node->b = mapping_read_path(r, parts->own, SPAN_LIT("."), false);
	r->here = outer;
	node->text = SPAN_LIT(", ");
	if (parts->with[1])
		(void)mapping_read_text(r, parts->with[1], MAPPING_FILE_MAX, &node->text);
}

static void read_part(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	node->a = mapping_read_expr(r, parts->own);
	node->text = SPAN_LIT("/");
	if (parts->with[0] && mapping_read_text(r, parts->with[0], MAPPING_FILE_MAX, &node->text) &&
		node->text.len == 0)
		mapping_problem(r, parts->with[0], "`of` is the text to look for, such as \"/\"");
}

/* Paths of `get` start in what was parsed. */
static void read_parse(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	size_t outer = r->here;
	size_t document = mapping_document_of(r, parts->own);

	node->a = mapping_read_expr(r, parts->own);
	if (r->oom)
		return;
	node->n = (uint32_t)document;
	r->here = r->documents[document].scope;
	node->scope = (uint16_t)r->here;
	node->b = mapping_read_expr(r, parts->with[0]);
	r->here = outer;
}

uint16_t mapping_read_merge(struct mapping_reader *r, const struct file_place *p)
{
	struct mapping_node node = {.op = MAP_MERGE};

	read_list(r, p, mapping_read_expr, &node);
	return mapping_node_add(r, p, &node);
}

static const struct operator_row expressions[] = {
	{"first", MAP_FIRST, 0, {NULL}, read_exprs}, {"const", MAP_RAW, 0, {NULL}, read_const},
	{"map", MAP_MAP, 1, {"to", "else"}, read_map},
	{"money", MAP_MONEY, 1, {"currency"}, read_money},
	{"number", MAP_NUMBER, 0, {NULL}, read_one}, {"text", MAP_TEXT, 0, {NULL}, read_one},
	{"lower", MAP_LOWER, 0, {NULL}, read_one}, {"upper", MAP_UPPER, 0, {NULL}, read_one},
	{"trim", MAP_TRIM, 0, {NULL}, read_one}, {"time", MAP_TIME, 0, {"as"}, read_time},
	{"list", MAP_LIST, 1, {"item", "most", "if"}, read_items},
	{"object", MAP_OBJECT, 0, {NULL}, read_object},
	{"find", MAP_FIND, 3, {"if", "get"}, read_find},
	{"lookup", MAP_LOOKUP, 7, {"by", "is", "get"}, read_lookup},
	{"join", MAP_JOIN, 0, {"get", "with"}, read_join},
	{"digest", MAP_DIGEST, 0, {NULL}, read_exprs},
	{"afterlast", MAP_AFTERLAST, 0, {"of"}, read_part},
	{"before", MAP_BEFORE, 0, {"of"}, read_part}, {"base64", MAP_BASE64, 0, {NULL}, read_one},
	{"parse", MAP_PARSE, 1, {"get"}, read_parse}, {"merge", MAP_MERGE, 0, {NULL}, read_exprs},
	{"if", MAP_IF, 1, {"then", "else"}, read_if}, /* last: it belongs to find and list, too */
};

static void read_is(struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	const struct file_place *p = parts->own;
	size_t mark = r->n_pending;
	struct file_place item;
	struct file_walk walk;
	struct span text;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && mapping_walk_next(r, &walk, &item)) {
		if (item.index == 0)
			node->a = mapping_read_expr(r, &item);
		else if (mapping_read_text(r, &item, MAPPING_FILE_MAX, &text))
			mapping_pend(r, text, 0);
	}
	if (p->value.type != JSON_TYPE_ARRAY || walk.index < 2)
		mapping_problem(r, p,
			"`is` is a list of an expression and the texts that it may be, such as "
			"[\"{status}\", \"paid\", \"done\"]");
	mapping_keep(r, mark, &node->first, &node->n);
}

/* The two items of a list. */
static bool read_pair(struct mapping_reader *r, const struct file_place *p,
	struct file_place pair[static 2], const char *form)
{
	struct file_walk walk;
	size_t n = 0;
	struct file_place item;

	file_walk_init(&walk, p);
	for (; p->value.type == JSON_TYPE_ARRAY && mapping_walk_next(r, &walk, &item); n++)
		if (n < 2)
			pair[n] = item;
	if (n != 2)
		mapping_problem(r, p, "this is a list of two, such as %s", form);
	return n == 2;
}

static void read_starts(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	struct file_place pair[2];

	if (!read_pair(r, parts->own, pair, "[\"{code}\", \"SALE\"]"))
		return;
	node->a = mapping_read_expr(r, &pair[0]);
	(void)mapping_read_text(r, &pair[1], MAPPING_FILE_MAX, &node->text);
}

static void read_over(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	struct file_place pair[2];

	if (!read_pair(r, parts->own, pair, "[\"{total}\", 0]"))
		return;
	node->a = mapping_read_expr(r, &pair[0]);
	if (pair[1].value.type != JSON_TYPE_NUMBER ||
		decimal_parse(pair[1].value.raw, &node->number) != 0)
		mapping_problem(r, &pair[1], "this is a number of at most 18 digits, such as 0");
}

static void read_not(struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	node->a = mapping_read_cond(r, parts->own);
}

static void read_conds(
	struct mapping_reader *r, const struct parts *parts, struct mapping_node *node)
{
	read_list(r, parts->own, mapping_read_cond, node);
}

static const struct operator_row conditions[] = {
	{"is", MAP_IS, 0, {NULL}, read_is},
	{"has", MAP_HAS, 0, {NULL}, read_one},
	{"not", MAP_NOT, 0, {NULL}, read_not},
	{"all", MAP_ALL, 0, {NULL}, read_conds},
	{"any", MAP_ANY, 0, {NULL}, read_conds},
	{"starts", MAP_STARTS, 0, {NULL}, read_starts},
	{"over", MAP_OVER, 0, {NULL}, read_over},
};

/* A table of operators, and how messages speak of it. */
struct language {
	const char *what, *form;
	const struct operator_row *rows;
	size_t n;
};

static const struct language expression = {"an expression",
	"text such as \"{id}\", or an object with one operator, such as {\"first\": [...]}",
	expressions, ARRAY_SIZE(expressions)};
static const struct language condition = {"a condition",
	"an object with one operator, such as {\"has\": \"{id}\"}", conditions,
	ARRAY_SIZE(conditions)};

#define OPERANDS_MAX (1 + WITH_MAX)

static const struct operator_row *row_of(const struct language *l, struct span name)
{
	for (size_t i = 0; i < l->n; i++)
		if (span_is(name, l->rows[i].name))
			return &l->rows[i];
	return NULL;
}

/* The one operator among the members of the object at P; NULL after a problem. */
static const struct operator_row *find_operator(
	struct mapping_reader *r, const struct file_place *p, const struct language *l)
{
	const struct operator_row *found = NULL;
	struct file_words known = {.used = 0};
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (mapping_walk_next(r, &walk, &item)) {
		const struct operator_row *row = row_of(l, item.name);

		if (!row || (found && row->op == MAP_IF))
			continue;
		if (found && found->op != MAP_IF) {
			mapping_problem(r, p, "%s has one operator, not `%s` and `%s`", l->what,
				found->name, row->name);
			return NULL;
		}
		found = row;
	}
	if (found || r->oom)
		return found;
	for (size_t i = 0; i < l->n; i++)
		file_words_add(&known, "", span_str(l->rows[i].name));
	mapping_problem(r, p, "%s here has no operator; it may have %s", l->what, known.text);
	return NULL;
}

static void member_unknown(
	struct mapping_reader *r, const struct file_place *p, const struct operator_row *row)
{
	struct file_words known = {.used = 0};
	char quote[FILE_QUOTE_SIZE];

	for (size_t i = 0; i < WITH_MAX && row->with[i]; i++)
		file_words_add(&known, "", span_str(row->with[i]));
	mapping_problem(r, p, "`%s` goes with %s, not with %s", row->name,
		known.used ? known.text : "no other member", file_quote(p->name, quote));
}

/* The members of the object at P, as ROW has them. False after a problem. */
static bool find_parts(struct mapping_reader *r, const struct file_place *p,
	const struct operator_row *row, struct file_place *places, struct parts *parts)
{
	struct file_walk walk;
	struct file_place item;
	bool good = true;

	*parts = (struct parts){.own = NULL};
	file_walk_init(&walk, p);
	while (mapping_walk_next(r, &walk, &item)) {
		size_t i = 0;

		if (span_is(item.name, row->name)) {
			places[0] = item;
			parts->own = &places[0];
			continue;
		}
		while (i < WITH_MAX && row->with[i] && !span_is(item.name, row->with[i]))
			i++;
		if (i == WITH_MAX || !row->with[i]) {
			member_unknown(r, &item, row);
			good = false;
			continue;
		}
		places[1 + i] = item;
		parts->with[i] = &places[1 + i];
	}
	for (size_t i = 0; i < WITH_MAX; i++) {
		if ((row->required & 1U << i) && !parts->with[i]) {
			mapping_problem(r, p, "`%s` needs `%s` beside it", row->name, row->with[i]);
			good = false;
		}
	}
	return good && parts->own;
}

/* The object at P, whose depth was counted. */
static uint16_t read_operator(
	struct mapping_reader *r, const struct file_place *p, const struct language *l)
{
	const struct operator_row *row;
	struct file_place places[OPERANDS_MAX];
	struct mapping_node node;
	struct parts parts;

	if (p->value.type != JSON_TYPE_OBJECT) {
		mapping_problem(r, p, "%s is %s; a value of its own is written {\"const\": ...}",
			l->what, l->form);
		return 0;
	}
	row = find_operator(r, p, l);
	if (!row || !find_parts(r, p, row, places, &parts))
		return 0;
	node = (struct mapping_node){.op = row->op};
	row->read(r, &parts, &node);
	return mapping_node_add(r, p, &node);
}

static bool too_deep(struct mapping_reader *r, const struct file_place *p)
{
	if (r->depth < MAPPING_DEPTH_MAX)
		return false;
	mapping_problem(r, p, "operators may stand at most %d inside each other; make it simpler",
		MAPPING_DEPTH_MAX);
	return true;
}

uint16_t mapping_read_expr(struct mapping_reader *r, const struct file_place *p)
{
	uint16_t node = 0;

	if (p->value.type == JSON_TYPE_STRING)
		return mapping_read_template(r, p);
	if (too_deep(r, p))
		return 0;
	r->depth++;
	node = read_operator(r, p, &expression);
	r->depth--;
	return node;
}

uint16_t mapping_read_cond(struct mapping_reader *r, const struct file_place *p)
{
	uint16_t node = 0;

	if (too_deep(r, p))
		return 0;
	r->depth++;
	node = read_operator(r, p, &condition);
	r->depth--;
	return node;
}

/* `"name":`, as it will stand in events. */
static struct span rendered(struct mapping_reader *r, struct span name)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	json_escape(name, &out);
	buf_add_char(&out, ':');
	if (buf_failed(&out) < 0)
		r->oom = true;
	return mapping_copy(r, buf_span(&out));
}

uint16_t mapping_read_fields(
	struct mapping_reader *r, const struct file_place *p, const char *const *refused)
{
	struct mapping_node node = {.op = MAP_OBJECT};
	size_t mark = r->n_pending;
	struct file_walk walk;
	struct file_place item;

	if (p->value.type != JSON_TYPE_OBJECT) {
		mapping_problem(r, p, "this is an object such as {\"order_id\": \"{id}\"}");
		return 0;
	}
	file_walk_init(&walk, p);
	while (mapping_walk_next(r, &walk, &item)) {
		for (size_t i = 0; refused && refused[i]; i++)
			if (span_is(item.name, refused[i]))
				mapping_problem(r, &item, "this is written as the rule's own `%s`",
					refused[i]);
		if (item.name.len == 0)
			mapping_problem(r, &item, "this member has no name; give it one");
		mapping_pend(r, rendered(r, item.name), mapping_read_expr(r, &item));
	}
	mapping_keep(r, mark, &node.first, &node.n);
	return mapping_node_add(r, p, &node);
}

void mapping_read_texts(struct mapping_reader *r, const struct file_place *p, const char *what,
	uint32_t *ret_first, uint32_t *ret_n)
{
	size_t mark = r->n_pending;
	struct file_walk walk;
	struct file_place item;
	struct span text;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && mapping_walk_next(r, &walk, &item))
		if (mapping_read_text(r, &item, MAPPING_FILE_MAX, &text))
			mapping_pend(r, text, 0);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		mapping_problem(r, p, "this is a list of %s", what);
	mapping_keep(r, mark, ret_first, ret_n);
}
