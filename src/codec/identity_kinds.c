/* SPDX-License-Identifier: MIT */
/* The kinds of identity.json and their order. */
#include "identity_reader.h"

static void read_limit(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;
	uint32_t n;

	if (!rule_read_count(r, p, 1, &n))
		return;
	if (n > IDENTITY_LIMIT_MAX)
		rule_problem_add(r, p, "a customer may have at most %d of a kind; write 1 to %d",
			IDENTITY_LIMIT_MAX, IDENTITY_LIMIT_MAX);
	else
		d->kind->limit = n;
}

static void read_links(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;

	if (rule_read_bool(r, p, &d->kind->links) && !d->kind->links &&
		d->kind->what == IDENTIFIER_USER)
		rule_problem_add(
			r, p, "a user id is what the others are linked to; leave its `links` out");
}

static void read_once(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_bool(r, p, &((struct identity_draft *)target)->kind->once);
}

static void read_personal(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;

	if (d->kind->what != IDENTIFIER_COUNT)
		rule_problem_add(r, p,
			"whether such an identifier names a person is not the shop's choice; leave "
			"this out");
	else
		(void)rule_read_bool(r, p, &d->kind->personal);
}

static const struct rule_member kind_members[] = {
	{"description", policy_read_description, false},
	{"limit", read_limit, false},
	{"links", read_links, false},
	{"once", read_once, false},
	{"personal", read_personal, false},
};
static const struct rule_members kind_spec = {"a kind", kind_members, ARRAY_SIZE(kind_members)};

/* The kind that P is called after, a new one if need be; NULL after a problem. */
static struct identity_kind *kind_of(
	struct rule_reader *r, const struct file_place *p, struct identity *id)
{
	size_t i = identity_kind_named(id, p->name);
	bool ok = p->name.len > 0 && p->name.len <= IDENTITY_NAME_MAX && p->name.ptr[0] >= 'a' &&
		  p->name.ptr[0] <= 'z' && !span_is(p->name, "any");

	if (i < id->n_kinds)
		return &id->kinds[i];
	for (size_t k = 0; ok && k < p->name.len; k++) {
		char c = p->name.ptr[k];

		ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
	}
	if (ok && (span_is(p->name, "product") || span_is(p->name, "site")))
		rule_problem_add(r, p,
			"keys that begin with product: and site: are those of things, and no "
			"customer's; call the kind otherwise");
	else if (!ok)
		rule_problem_add(r, p,
			"a kind is called by small letters, digits and _, a letter first, at most "
			"%d, and not `any`: club_card",
			IDENTITY_NAME_MAX);
	else if (id->n_kinds == IDENTITY_KINDS_MAX)
		rule_problem_add(r, p, "there may be at most %d kinds, with the built-in ones",
			IDENTITY_KINDS_MAX);
	else {
		id->kinds[id->n_kinds] = (struct identity_kind){.name = rule_copy(r, p->name),
			.limit = 5,
			.links = true,
			.personal = true,
			.what = IDENTIFIER_COUNT};
		return &id->kinds[id->n_kinds++];
	}
	return NULL;
}

static void read_kind(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];
	struct identity_draft *d = target;

	d->kind = kind_of(r, p, d->id);
	if (d->kind && rule_members_find(r, p, &kind_spec, found))
		rule_members_read(r, &kind_spec, found, d);
}

void identity_read_kinds(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_each(r, p,
		&(const struct policy_form){JSON_TYPE_OBJECT, IDENTITY_KINDS_MAX,
			"{\"club_card\": {\"limit\": 3}}", read_kind},
		target);
}

void identity_add_known(const struct identity *id, struct file_words *known)
{
	for (size_t i = 0; i < id->n_kinds; i++)
		file_words_add(known, "", id->kinds[i].name);
}

/* The kind that the text P says; n_kinds after a problem. */
size_t identity_read_kind_name(
	struct rule_reader *r, const struct file_place *p, const struct identity *id)
{
	struct file_words known = {.used = 0};
	struct span name;
	size_t i;

	if (!rule_read_text(r, p, IDENTITY_NAME_MAX, &name))
		return id->n_kinds;
	i = identity_kind_named(id, name);
	if (i < id->n_kinds)
		return i;
	identity_add_known(id, &known);
	rule_problem_add(r, p, "there is no such kind; there are %s, and those that `kinds` adds",
		known.text);
	return i;
}

static void read_place(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;
	size_t i = identity_read_kind_name(r, p, d->id);

	if (i == d->id->n_kinds)
		return;
	if (d->ordered[i])
		rule_problem_add(r, p, "this kind stands twice; name each once");
	else
		d->order[d->n_ordered++] = d->id->kinds[i];
	d->ordered[i] = true;
}

/* Puts the built-in kinds' places and masks where the order has them. */
void identity_read_order(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_words missing = {.used = 0};
	struct identity_draft *d = target;
	size_t n = r->problems->n;

	if (!policy_each(r, p,
		    &(const struct policy_form){JSON_TYPE_ARRAY, IDENTITY_KINDS_MAX,
			    "[\"user\", \"card\", …]", read_place},
		    d) ||
		r->problems->n > n)
		return;
	for (size_t i = 0; i < d->id->n_kinds; i++)
		if (!d->ordered[i])
			file_words_add(&missing, "", d->id->kinds[i].name);
	if (missing.used) {
		rule_problem_add(r, p, "the order names every kind; it lacks %s", missing.text);
		return;
	}
	memcpy(d->id->kinds, d->order, d->n_ordered * sizeof(d->order[0]));
}

uint32_t identity_moved(const struct identity *id, uint32_t mask)
{
	uint32_t now = 0;

	if (mask == UINT32_MAX)
		return mask;
	for (size_t i = 0; i < IDENTIFIER_COUNT; i++)
		if (mask >> IDENTITY_DEFAULT.at[i] & 1)
			now |= 1U << id->at[i];
	return now;
}

void identity_settle_kinds(struct identity_draft *d)
{
	struct identity *id = d->id;

	for (size_t i = 0; i < id->n_kinds; i++)
		if (id->kinds[i].what != IDENTIFIER_COUNT)
			id->at[id->kinds[i].what] = (uint8_t)i;
	id->browser_from = identity_moved(id, id->browser_from);
	id->browser_to = identity_moved(id, id->browser_to);
}
