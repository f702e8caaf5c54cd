/* SPDX-License-Identifier: MIT */
/*
 * Conditions in the profile `compat`, from their tree to the flat form of core/logic.h. Next to
 * nothing is refused, as JavaScript would: only what is no operator, what is too large, and names
 * that a rule's world does not have.
 *
 * A rule's world has no object that could be walked: what its program may ask is written down when
 * it is compiled. So at the outermost level names are constants; inside map and its kin they are
 * those of the element, whatever they are.
 */
#include "rule_logic.h"

#include "codec/logic_json.h"

struct builder {
	struct rule_reader *r;
	struct arena *arena;
	enum logic_world world;
	size_t depth;
	size_t loops; /* operators around that look through an array */
	struct logic_node nodes[COND_NODES_MAX];
	uint16_t children[COND_NODES_MAX];
	uint16_t pending[COND_NODES_MAX];
	size_t n_nodes, n_children, n_pending;
	struct logic_root roots[COND_NODES_MAX];
	size_t n_roots;
};

static const char *const names[] = {
#define X(ID, NAME) [LOGIC_OP_##ID] = (NAME),
	LOGIC_OPERATORS(X)
#undef X
};

static bool read_node(struct builder *b, const struct file_place *p);

static bool add_node(struct builder *b, const struct file_place *p, struct logic_node node)
{
	if (b->n_nodes == COND_NODES_MAX) {
		rule_problem_add(b->r, p,
			"a condition may have at most %d operators and values; split the rule",
			COND_NODES_MAX);
		return false;
	}
	b->pending[b->n_pending++] = (uint16_t)b->n_nodes;
	b->nodes[b->n_nodes++] = node;
	return true;
}

/* P as it stands, with nothing in it evaluated. */
static bool add_constant(struct builder *b, const struct file_place *p)
{
	struct logic_node node = {.op = LOGIC_OP_VALUE};
	int r = logic_value_of(&p->value, b->arena, &node.value);

	if (r == LOGIC_BAD)
		rule_problem_add(b->r, p, "this is nested too deep");
	b->r->oom = b->r->oom || r < 0;
	return r == 0 && add_node(b, p, node);
}

/* Takes what was read since BASE off `pending`, as the operands of NODE, which is added. */
static bool finish(
	struct builder *b, const struct file_place *p, size_t base, struct logic_node node)
{
	node.first = (uint16_t)b->n_children;
	node.count = (uint16_t)(b->n_pending - base);
	memcpy(b->children + b->n_children, b->pending + base, node.count * sizeof(*b->pending));
	b->n_children += node.count;
	b->n_pending = base;
	return add_node(b, p, node);
}

/* ---- names of a rule's world ----------------------------------------------------------- */

static bool is_worldly(struct span name)
{
	return span_starts(name, SPAN_LIT("e.")) || span_starts(name, SPAN_LIT("s.")) ||
	       span_starts(name, SPAN_LIT("ctx."));
}

static bool add_root(struct builder *b, const struct file_place *p, struct span name)
{
	enum rule_cond_scope scope = b->world == LOGIC_EVENT ? RULE_COND_EVENT : RULE_COND_FIRE;
	struct logic_root *root = &b->roots[b->n_roots];

	for (size_t i = 0; i < b->n_roots; i++)
		if (span_equal(b->roots[i].path, name))
			return true;
	if (b->n_roots == COND_NODES_MAX) {
		rule_problem_add(b->r, p, "a condition may ask at most %d names", COND_NODES_MAX);
		return false;
	}
	if (!cond_read_name(b->r, p, scope, name, &root->node))
		return false;
	root->path = arena_copy(b->arena, name);
	if (!root->path.ptr) {
		b->r->oom = true;
		return false;
	}
	b->n_roots++;
	return true;
}

/* One name that stands where names do. */
static bool note_name(struct builder *b, const struct file_place *p)
{
	char quote[FILE_QUOTE_SIZE];
	struct span name;

	if (p->value.type != JSON_TYPE_STRING) {
		if (b->loops > 0)
			return true;
		rule_problem_add(b->r, p,
			"a rule asks by constant names, such as \"e.total\"; a name cannot be "
			"computed here");
		return false;
	}
	name = json_text(&p->value, b->arena);
	if (!name.ptr) {
		b->r->oom = true;
		return false;
	}
	if (is_worldly(name))
		return add_root(b, p, name);
	if (b->loops > 0)
		return true;
	rule_problem_add(b->r, p,
		"%s names nothing; write e.NAME for a value of the event, s.NAME for a fact about "
		"the customer, ctx.NAME for what the rule's `data` kept",
		file_quote(name, quote));
	return false;
}

/* The names in ARGS: all of a list, or the first only, or a list in a list. */
static bool note_names(struct builder *b, const struct file_place *args, bool first)
{
	struct file_walk walk;
	struct file_place p;

	if (args->value.type != JSON_TYPE_ARRAY)
		return note_name(b, args);
	file_walk_init(&walk, args);
	while (rule_walk_next(b->r, &walk, &p)) {
		bool inner = p.value.type == JSON_TYPE_ARRAY;

		if (inner ? !note_names(b, &p, false) : !note_name(b, &p))
			return false;
		if (first)
			break;
	}
	return true;
}

/* The path of `val`: names that are joined by dots. */
static bool note_path(struct builder *b, const struct file_place *args)
{
	_cleanup_(buf_release) struct buf joined = BUF_INIT;
	struct file_walk walk;
	struct file_place p;

	if (args->value.type != JSON_TYPE_ARRAY)
		return note_name(b, args);
	file_walk_init(&walk, args);
	while (rule_walk_next(b->r, &walk, &p)) {
		if (p.value.type != JSON_TYPE_STRING) {
			if (b->loops > 0)
				continue; /* a climb, or a number of an element */
			return note_name(b, &p);
		}
		if (joined.len > 0)
			buf_add_char(&joined, '.');
		json_unescape(json_content(&p.value), &joined);
	}
	b->r->oom = b->r->oom || buf_failed(&joined) < 0;
	if (b->r->oom)
		return false;
	if (is_worldly(buf_span(&joined)))
		return add_root(b, args, buf_span(&joined));
	if (b->loops > 0)
		return true;
	rule_problem_add(b->r, args,
		"this names nothing; write [\"e\", \"NAME\"] for a value of the event, [\"s\", "
		"\"NAME\"] for a fact about the customer");
	return false;
}

static bool note_world(struct builder *b, enum logic_op op, const struct file_place *args)
{
	struct file_walk walk;
	struct file_place p;

	if (b->world == LOGIC_FREE)
		return true;
	if (op == LOGIC_OP_VAR)
		return note_names(b, args, true);
	if (op == LOGIC_OP_MISSING)
		return note_names(b, args, false);
	if (op == LOGIC_OP_VAL || op == LOGIC_OP_EXISTS)
		return note_path(b, args);
	if (op != LOGIC_OP_MISSING_SOME)
		return true;
	file_walk_init(&walk, args);
	while (rule_walk_next(b->r, &walk, &p))
		if (p.index == 1 && !note_names(b, &p, false))
			return false;
	return true;
}

/* ---- nodes ----------------------------------------------------------------------------- */

/* The operands of NODE's operator. */
static bool read_operands(struct builder *b, const struct file_place *args, struct logic_node *node)
{
	bool loop = node->op >= LOGIC_OP_MAP && node->op <= LOGIC_OP_NONE;
	struct file_walk walk;
	struct file_place p;
	bool ok = true;

	node->listed = args->value.type == JSON_TYPE_ARRAY;
	if (!node->listed)
		return read_node(b, args);
	file_walk_init(&walk, args);
	while (ok && rule_walk_next(b->r, &walk, &p)) {
		/* Operand 1 of an operator over an array is asked of each element. */
		b->loops += loop && p.index == 1;
		ok = read_node(b, &p);
		b->loops -= loop && p.index == 1;
	}
	return ok && !b->r->oom;
}

static bool read_operator(struct builder *b, const struct file_place *args)
{
	struct logic_node node = {.op = LOGIC_OP_COUNT};
	size_t base = b->n_pending;
	char quote[FILE_QUOTE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (span_is(args->name, names[i]))
			node.op = (enum logic_op)i;
	if (node.op == LOGIC_OP_COUNT) {
		rule_problem_add(b->r, args,
			"%s is no operator of JsonLogic as this profile has it",
			file_quote(args->name, quote));
		return false;
	}
	if (node.op == LOGIC_OP_PRESERVE)
		return add_constant(b, args);
	return note_world(b, node.op, args) && read_operands(b, args, &node) &&
	       finish(b, args, base, node);
}

static bool read_list(struct builder *b, const struct file_place *p)
{
	struct logic_node node = {.op = LOGIC_OP_LIST, .listed = true};
	size_t base = b->n_pending;
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (rule_walk_next(b->r, &walk, &item))
		if (!read_node(b, &item))
			return false;
	return finish(b, p, base, node);
}

static bool read_object(struct builder *b, const struct file_place *p)
{
	struct file_place first, second;
	struct file_walk walk;

	file_walk_init(&walk, p);
	if (!rule_walk_next(b->r, &walk, &first))
		return add_constant(b, p);
	if (!rule_walk_next(b->r, &walk, &second))
		return read_operator(b, &first);
	rule_problem_add(b->r, p,
		"an operator is an object with one member; an object that is meant as a value "
		"stands in {\"preserve\": ...}");
	return false;
}

static bool read_node(struct builder *b, const struct file_place *p)
{
	bool ok;

	if (b->depth == COND_DEPTH_MAX) {
		rule_problem_add(
			b->r, p, "conditions may be nested at most %d deep", COND_DEPTH_MAX);
		return false;
	}
	b->depth++;
	if (p->value.type == JSON_TYPE_OBJECT)
		ok = read_object(b, p);
	else if (p->value.type == JSON_TYPE_ARRAY)
		ok = read_list(b, p);
	else
		ok = add_constant(b, p);
	b->depth--;
	return ok && !b->r->oom;
}

static void *copy(struct builder *b, const void *from, size_t n, size_t size)
{
	void *to = arena_calloc(b->arena, n ? n : 1, size);

	if (!to)
		b->r->oom = true;
	else if (n > 0)
		memcpy(to, from, n * size);
	return to;
}

static void builder_freep(struct builder **b)
{
	free(*b);
}

bool logic_read(struct rule_reader *r, const struct file_place *p, enum logic_world world,
	struct arena *arena, struct logic *ret_program)
{
	_cleanup_(builder_freep) struct builder *b = calloc(1, sizeof(*b));

	if (!b) {
		r->oom = true;
		return false;
	}
	b->r = r;
	b->arena = arena;
	b->world = world;
	if (!read_node(b, p))
		return false;
	*ret_program = (struct logic){
		.nodes = copy(b, b->nodes, b->n_nodes, sizeof(*b->nodes)),
		.n_nodes = b->n_nodes,
		.children = copy(b, b->children, b->n_children, sizeof(*b->children)),
		.roots = copy(b, b->roots, b->n_roots, sizeof(*b->roots)),
		.n_roots = b->n_roots,
	};
	return !r->oom;
}
