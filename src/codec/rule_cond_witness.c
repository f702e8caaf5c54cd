/* SPDX-License-Identifier: MIT */
/*
 * Is there a value with which all is so that is said of it? The constants that it is compared with
 * cut numbers and texts into so few stretches that each can be tried: below a constant, it, above
 * it. So can what is no number and no text, and what is not there. Where two constants lie close
 * there may be nothing between them; it is tried all the same, and a rule too many is let in.
 */
#include "rule_cond_never.h"

/* A place among constants: a little before one, at it, a little behind it. */
struct spot {
	const struct value *at; /* NULL: anywhere, there are none */
	int side;
};

enum witness_kind { NOT_THERE, NO_PLAIN, BOOL_FALSE, BOOL_TRUE, NUMBER, TEXT, AMOUNT };

/* A value to try. An amount is a text that is a number too (core/field.h). */
struct witness {
	enum witness_kind kind;
	struct spot number, text;
};

/* More constants are not looked at: the last loops are of the fourth power. */
#define CONSTANTS_MAX 64

struct question {
	const struct cond_parts *parts;
	const struct cond_term *subject;
	const struct value *constants[CONSTANTS_MAX];
	size_t n;
};

/* ---- what is said of the subject ---------------------------------------------------------- */

static bool is_constant(const struct cond_term *t)
{
	return t->node->op == COND_VALUE && t->node->value.type != VALUE_INSTANT;
}

/* All operands of PART but SUBJECT are constants, and of three it is the one between. */
static bool compares(const struct cond_term *part, const struct cond_term *subject)
{
	uint16_t n = part->node->count, others = 0;
	bool found = false;

	for (uint16_t i = 0; i < n; i++) {
		struct cond_term operand = cond_term_child(part, i);

		if (is_constant(&operand))
			others++;
		else
			found = (n == 2 || i == 1) && cond_term_same(&operand, subject);
	}
	return found && others + 1 == n;
}

/* Does PART speak of SUBJECT, and of nothing else? */
static bool speaks_of(const struct cond_term *part, const struct cond_term *subject)
{
	enum cond_op op = part->node->op;
	struct cond_term first, second;

	if (cond_term_same(part, subject))
		return true;
	if (op >= COND_EQUAL && op <= COND_GREATER_EQUAL)
		return compares(part, subject);
	if (part->node->count == 0)
		return false;
	first = cond_term_child(part, 0);
	if (op == COND_MISSING || (op == COND_SCARCE && part->node->ms == 1))
		return part->node->count == 1 && cond_term_same(&first, subject);
	if (op != COND_IN)
		return false;
	second = cond_term_child(part, 1);
	return second.node->op == COND_LIST && cond_term_same(&first, subject);
}

/* False if there are too many. */
static bool add_constants(struct question *q, const struct cond_term *part)
{
	for (uint16_t i = 0; i < part->node->count; i++) {
		struct cond_term operand = cond_term_child(part, i);

		if (operand.node->op == COND_LIST && !add_constants(q, &operand))
			return false;
		if (!is_constant(&operand))
			continue;
		if (q->n == CONSTANTS_MAX)
			return false;
		q->constants[q->n++] = &operand.node->value;
	}
	return true;
}

/* ---- a value against a constant ----------------------------------------------------------- */

static int against(const struct spot *s, const struct value *c)
{
	int order;

	if (c->type == VALUE_NUMBER)
		order = decimal_compare(s->at->number, c->number);
	else
		order = span_compare(s->at->text, c->text);
	return order ? (order > 0) - (order < 0) : s->side;
}

/* -2 when the two have no order, as cond_order() says it. */
static int witness_order(const struct witness *w, const struct value *c)
{
	if (c->type == VALUE_NUMBER && (w->kind == NUMBER || w->kind == AMOUNT))
		return against(&w->number, c);
	if (c->type == VALUE_STRING && (w->kind == TEXT || w->kind == AMOUNT))
		return against(&w->text, c);
	return -2;
}

static bool witness_equal(const struct witness *w, const struct value *c)
{
	if (c->type == VALUE_TRUE || c->type == VALUE_FALSE)
		return w->kind == (c->type == VALUE_TRUE ? BOOL_TRUE : BOOL_FALSE);
	return witness_order(w, c) == 0;
}

static bool witness_compared(const struct witness *w, const struct cond_term *part)
{
	for (uint16_t i = 0; i < part->node->count; i++) {
		struct cond_term operand = cond_term_child(part, i);
		const struct value *c = &operand.node->value;
		enum cond_op op = part->node->op;
		int order;

		if (!is_constant(&operand))
			continue;
		if (op == COND_EQUAL || op == COND_NOT_EQUAL)
			return w->kind != NOT_THERE && witness_equal(w, c) == (op == COND_EQUAL);
		order = witness_order(w, c);
		if (!cond_op_ordered(i == 0 ? cond_op_flipped(op) : op, order))
			return false;
	}
	return true;
}

static bool witness_listed(const struct witness *w, const struct cond_term *part)
{
	struct cond_term list = cond_term_child(part, 1);

	for (uint16_t i = 0; i < list.node->count; i++)
		if (witness_equal(w, &cond_term_child(&list, i).node->value))
			return true;
	return false;
}

/* Is PART true where SUBJECT is W? */
static bool witness_true(
	const struct witness *w, const struct cond_term *part, const struct cond_term *subject)
{
	enum cond_op op = part->node->op;

	if (cond_term_same(part, subject))
		return w->kind == BOOL_TRUE;
	if (op == COND_MISSING || op == COND_SCARCE)
		return w->kind == NOT_THERE;
	return op == COND_IN ? witness_listed(w, part) : witness_compared(w, part);
}

/* ---- all of them -------------------------------------------------------------------------- */

static bool fits(const struct question *q, const struct witness *w)
{
	for (size_t i = 0; i < q->parts->n; i++) {
		const struct cond_part *part = &q->parts->list[i];

		if (speaks_of(&part->term, q->subject) &&
			witness_true(w, &part->term, q->subject) != part->holds)
			return false;
	}
	return true;
}

/* The N-th place among the constants of TYPE, the one anywhere if there are none. False: there are
 * no more. */
static bool spot_at(const struct question *q, enum value_type type, size_t n, struct spot *ret)
{
	size_t k = 0;

	for (size_t i = 0; i < q->n; i++) {
		if (q->constants[i]->type != type)
			continue;
		if (k++ == n / 3) {
			*ret = (struct spot){q->constants[i], (int)(n % 3) - 1};
			return true;
		}
	}
	*ret = (struct spot){NULL, 0};
	return k == 0 && n == 0;
}

/* May SUBJECT be an amount? A value of the event says so by its name. */
static bool may_be_amount(const struct cond_term *subject)
{
	struct value text = {.type = VALUE_STRING, .text = SPAN_LIT("1")};

	if (subject->node->op != COND_FIELD)
		return true;
	value_mark_amount(&text, subject->fields->paths[subject->node->field].path);
	return text.amount;
}

/* The text of an amount that is at a constant says what the amount is. */
static bool amount_fits(const struct question *q, struct witness *w)
{
	struct value exact = {.type = VALUE_NUMBER};

	w->kind = AMOUNT;
	if (w->text.at && w->text.side == 0) {
		if (decimal_parse(w->text.at->text, &exact.number) != 0)
			return false;
		w->number = (struct spot){&exact, 0};
		return fits(q, w);
	}
	for (size_t i = 0; spot_at(q, VALUE_NUMBER, i, &w->number); i++)
		if (fits(q, w))
			return true;
	return false;
}

static bool some_fits(const struct question *q)
{
	bool amounts = may_be_amount(q->subject);
	static const enum witness_kind simple[] = {NOT_THERE, NO_PLAIN, BOOL_FALSE, BOOL_TRUE};
	struct witness w = {.kind = NOT_THERE};

	for (size_t i = 0; i < ARRAY_SIZE(simple); i++) {
		w.kind = simple[i];
		if (fits(q, &w))
			return true;
	}
	w.kind = NUMBER;
	for (size_t i = 0; spot_at(q, VALUE_NUMBER, i, &w.number); i++)
		if (fits(q, &w))
			return true;
	for (size_t i = 0; spot_at(q, VALUE_STRING, i, &w.text); i++) {
		w.kind = TEXT;
		if (fits(q, &w) || (amounts && amount_fits(q, &w)))
			return true;
	}
	return false;
}

bool cond_value_never(const struct cond_parts *parts, const struct cond_term *subject)
{
	struct question q = {.parts = parts, .subject = subject};
	size_t n = 0;

	for (size_t i = 0; i < parts->n; i++) {
		const struct cond_term *part = &parts->list[i].term;

		if (!speaks_of(part, subject))
			continue;
		n++;
		if (!cond_term_same(part, subject) && !add_constants(&q, part))
			return false;
	}
	/* What is said once was looked at where it stands. */
	return n > 1 && !some_fits(&q);
}

/* ---- two values --------------------------------------------------------------------------- */

/* How the first stands to the second. */
enum relation { BELOW = -1, LEVEL, ABOVE, ALIKE, APART, UNKNOWN };

/* Does PART compare the operands of PAIR? TURNED: the other way round. */
static bool compares_pair(
	const struct cond_term *part, const struct cond_term *pair, bool *ret_turned)
{
	bool times = pair->node->op >= COND_BEFORE;
	enum cond_op op = part->node->op;
	struct cond_term a, b, x, y;

	if (part->node->count != 2 || (times ? op < COND_BEFORE || op > COND_NOT_BEFORE
					     : op < COND_EQUAL || op > COND_GREATER_EQUAL))
		return false;
	a = cond_term_child(part, 0);
	b = cond_term_child(part, 1);
	x = cond_term_child(pair, 0);
	y = cond_term_child(pair, 1);
	*ret_turned = !cond_term_same(&a, &x) || !cond_term_same(&b, &y);
	return !*ret_turned || (cond_term_same(&a, &y) && cond_term_same(&b, &x));
}

static bool relation_true(enum relation r, enum cond_op op)
{
	if (op == COND_EQUAL)
		return r == LEVEL || r == ALIKE;
	if (op == COND_NOT_EQUAL)
		return r == BELOW || r == ABOVE || r == APART;
	return cond_op_ordered(op, r <= ABOVE ? (int)r : -2);
}

bool cond_pair_never(const struct cond_parts *parts, const struct cond_term *pair)
{
	for (int r = BELOW; r <= UNKNOWN; r++) {
		bool all = true;

		for (size_t i = 0; i < parts->n && all; i++) {
			const struct cond_part *part = &parts->list[i];
			enum cond_op op = part->term.node->op;
			bool turned;

			if (compares_pair(&part->term, pair, &turned))
				all = relation_true((enum relation)r,
					      turned ? cond_op_flipped(op) : op) == part->holds;
		}
		if (all)
			return false;
	}
	return true;
}
