/* SPDX-License-Identifier: MIT */
/*
 * The members are read into a draft, in the order in which one needs the other: the kinds, their
 * strength, then what is said of values, whose normal form hangs on the country and the rules of
 * providers.
 */
#include "codec/identity_json.h"

#include "codec/identifiers.h"
#include "identifier_text.h"
#include "identity_reader.h"
#include "json_tree.h"
#include "phone_table.h"

#define BLOCKED_TEXT_MAX 63

/* ---- forms --------------------------------------------------------------------------------- */

static void read_country(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;
	char iso[3] = "";
	struct span text;

	if (!rule_read_text(r, p, 64, &text))
		return;
	if (text.len == 2)
		memcpy(iso, text.ptr, 2);
	if (!phone_country_find(iso))
		rule_problem_add(r, p,
			"this is the country of telephone numbers that say none, by its two "
			"letters: \"DE\"");
	else
		memcpy(d->id->country, iso, sizeof(iso));
}

static void read_email_rule(
	struct rule_reader *r, const struct file_place *p, struct identity_draft *d, unsigned rule)
{
	bool on;

	if (rule_read_bool(r, p, &on))
		d->id->email_rules |= on ? rule : 0;
}

static void read_gmail(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_email_rule(r, p, target, IDENTITY_GMAIL_DOTS);
}

static void read_tags(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_email_rule(r, p, target, IDENTITY_PLUS_TAGS);
}

static const struct rule_member email_members[] = {
	{"description", policy_read_description, false},
	{"gmail_dots", read_gmail, false},
	{"plus_tags", read_tags, false},
};
static const struct rule_members email_spec = {
	"what is said of e-mail addresses", email_members, ARRAY_SIZE(email_members)};

static void read_email(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &email_spec, found))
		rule_members_read(r, &email_spec, found, target);
}

/* ---- rights -------------------------------------------------------------------------------- */

static void read_to(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;
	size_t i = identity_read_kind_name(r, p, d->id);

	if (i == d->id->n_kinds)
		return;
	if (!d->id->kinds[i].personal)
		rule_problem_add(r, p, "a page links its visitor to somebody: to user, email, …");
	d->mask |= 1U << i;
}

static void read_browser(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;

	d->mask = 0;
	if (!policy_is_empty(r, p, JSON_TYPE_ARRAY) &&
		!policy_each(r, p,
			&(const struct policy_form){
				JSON_TYPE_ARRAY, IDENTITY_KINDS_MAX, "[\"user\"]", read_to},
			d))
		return;
	d->id->browser_to = d->mask;
}

/* ---- values -------------------------------------------------------------------------------- */

/* The normal form of VALUE for the first of KINDS, with small letters; empty after a problem. */
static struct span normal_of(struct rule_reader *r, struct identity_draft *d, struct span value)
{
	struct span normal = text_trim(value);
	char *small;

	for (size_t i = 0; i < d->id->n_kinds && d->kinds != UINT32_MAX; i++)
		if (d->kinds >> i & 1 &&
			identifier_normal(d->id, i, value, &r->rules->arena, &normal) < 0)
			r->oom = true;
	small = (char *)(uintptr_t)rule_copy(r, normal).ptr;
	for (size_t i = 0; small && i < normal.len; i++)
		if (small[i] >= 'A' && small[i] <= 'Z')
			small[i] = (char)(small[i] - 'A' + 'a');
	return small ? span_of(small, normal.len) : SPAN_EMPTY;
}

static void block(struct rule_reader *r, const struct file_place *p, struct identity_draft *d,
	struct span value)
{
	struct span text = normal_of(r, d, value);

	if (text.len == 0 || text.len > BLOCKED_TEXT_MAX) {
		rule_problem_add(r, p, "a blocked value has 1 to %d bytes", BLOCKED_TEXT_MAX);
		return;
	}
	for (size_t i = 0; i < d->n_blocked; i++)
		if (span_equal(d->blocked[i].text, text)) {
			d->blocked[i].kinds |= d->kinds;
			return;
		}
	if (d->n_blocked == IDENTITY_BLOCKED_MAX)
		rule_problem_add(r, p,
			"there may be at most %d blocked values, with the built-in "
			"ones",
			IDENTITY_BLOCKED_MAX);
	else
		d->blocked[d->n_blocked++] = (struct identity_blocked){text, d->kinds};
}

static void read_blocked_value(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct span text;

	if (rule_read_text(r, p, BLOCKED_TEXT_MAX, &text))
		block(r, p, target, text);
}

/* In the form that the country and the rules of providers give them. */
static void block_defaults(struct rule_reader *r, struct identity_draft *d)
{
	for (size_t i = 0; i < IDENTITY_DEFAULT.n_blocked; i++) {
		d->kinds = identity_moved(d->id, IDENTITY_DEFAULT.blocked[i].kinds);
		block(r, NULL, d, IDENTITY_DEFAULT.blocked[i].text);
	}
}

/* What was blocked for these kinds by default is not any more. */
static void unblock(struct identity_draft *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n_blocked; i++) {
		struct identity_blocked b = d->blocked[i];

		if (d->kinds == UINT32_MAX)
			b.kinds = b.kinds == UINT32_MAX ? 0 : b.kinds;
		else if (b.kinds != UINT32_MAX)
			b.kinds &= ~d->kinds;
		if (b.kinds)
			d->blocked[n++] = b;
	}
	d->n_blocked = n;
}

static void read_blocked_kind(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;
	size_t i = identity_kind_named(d->id, p->name);
	struct file_words known = {.used = 0};

	if (span_is(p->name, "zeros")) {
		bool on = true;

		if (rule_read_bool(r, p, &on))
			d->id->zeros = on ? UINT32_MAX : 0;
		return;
	}
	if (i == d->id->n_kinds && !span_is(p->name, "any")) {
		identity_add_known(d->id, &known);
		rule_problem_add(r, p,
			"this is `any`, `zeros` (nothing but zeros and dashes: true or false), or "
			"a "
			"kind: %s",
			known.text);
		return;
	}
	d->kinds = i < d->id->n_kinds ? 1U << i : UINT32_MAX;
	unblock(d);
	if (!policy_is_empty(r, p, JSON_TYPE_ARRAY))
		(void)policy_each(r, p,
			&(const struct policy_form){JSON_TYPE_ARRAY, IDENTITY_BLOCKED_MAX,
				"[\"test@test.com\"]", read_blocked_value},
			d);
}

static void read_blocked(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_each(r, p,
		&(const struct policy_form){JSON_TYPE_OBJECT, IDENTITY_KINDS_MAX + 2,
			"{\"email\": [\"test@test.com\"]}", read_blocked_kind},
		target);
}

static void read_shared_value(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct identity_draft *d = target;
	struct span text, key;
	size_t kind;

	if (!rule_read_text(r, p, CUSTOMER_MAX, &text))
		return;
	kind = identity_kind_of(d->id, text);
	if (!identity_user_needs_prefix(d->id, text)) {
		rule_problem_add(r, p, "this is a kind and a value: \"device:till-1\"");
		return;
	}
	if (identity_value(d->id, text).len > IDENTIFIER_MAX ||
		identifier_key(d->id, kind, identity_value(d->id, text), &r->rules->arena, &key) <
			0 ||
		key.len == 0) {
		rule_problem_add(
			r, p, "the value has 1 to %d bytes and is not blocked", IDENTIFIER_MAX);
		return;
	}
	for (size_t i = 0; i < d->n_shared; i++)
		if (span_equal(d->shared[i].key, key)) {
			rule_problem_add(r, p, "this value stands twice; it is of one class");
			return;
		}
	if (d->n_shared == IDENTITY_SHARED_MAX)
		rule_problem_add(
			r, p, "there may be at most %d shared values", IDENTITY_SHARED_MAX);
	else
		d->shared[d->n_shared++] =
			(struct identity_shared_value){rule_copy(r, key), d->class};
}

static void read_class(struct rule_reader *r, const struct file_place *p, struct identity_draft *d,
	enum identity_shared class)
{
	d->class = class;
	(void)policy_each(r, p,
		&(const struct policy_form){JSON_TYPE_ARRAY, IDENTITY_SHARED_MAX,
			"[\"device:till-1\"]", read_shared_value},
		d);
}

static void read_household(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_class(r, p, target, IDENTITY_HOUSEHOLD);
}

static void read_till(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_class(r, p, target, IDENTITY_TILL);
}

static void read_kiosk(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_class(r, p, target, IDENTITY_KIOSK);
}

static const struct rule_member shared_members[] = {
	{"description", policy_read_description, false},
	{"household", read_household, false},
	{"till", read_till, false},
	{"kiosk", read_kiosk, false},
};
static const struct rule_members shared_spec = {
	"what is said of shared values", shared_members, ARRAY_SIZE(shared_members)};

static void read_shared(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &shared_spec, found))
		rule_members_read(r, &shared_spec, found, target);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return span_compare(((const struct identity_blocked *)a)->text,
		((const struct identity_blocked *)b)->text);
}

static int by_key(const void *a, const void *b)
{
	return span_compare(((const struct identity_shared_value *)a)->key,
		((const struct identity_shared_value *)b)->key);
}

static void settle_values(struct rule_reader *r, struct identity_draft *d)
{
	struct identity *id = d->id;

	qsort(d->blocked, d->n_blocked, sizeof(d->blocked[0]), by_text);
	qsort(d->shared, d->n_shared, sizeof(d->shared[0]), by_key);
	id->blocked_lengths = 0;
	id->blocked_firsts = 0;
	for (size_t i = 0; i < d->n_blocked; i++) {
		id->blocked_lengths |= UINT64_C(1) << d->blocked[i].text.len;
		id->blocked_firsts |= 1U << (d->blocked[i].text.ptr[0] & 31);
	}
	id->blocked = rule_copy_array(r, d->blocked, d->n_blocked, sizeof(d->blocked[0]));
	id->n_blocked = d->n_blocked;
	id->shared = rule_copy_array(r, d->shared, d->n_shared, sizeof(d->shared[0]));
	id->n_shared = d->n_shared;
}

/* The values after what says of what kind they are and what form they have. */
static const struct rule_member identity_members[] = {
	{"kinds", identity_read_kinds, false},
	{"order", identity_read_order, false},
	{"country", read_country, false},
	{"email", read_email, false},
	{"description", policy_read_description, false},
	{"browser_may_link", read_browser, false},
	{"blocked", read_blocked, false},
	{"shared", read_shared, false},
};
#define FIRST_VALUES 4
static const struct rule_members identity_spec = {
	"the settings of identity", identity_members, ARRAY_SIZE(identity_members)};

static void read_whole(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (!rule_members_find(r, p, &identity_spec, found))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(identity_members) && !r->oom; i++) {
		if (i == FIRST_VALUES) {
			identity_settle_kinds(target);
			block_defaults(r, target);
		}
		if (found[i].value.type != JSON_TYPE_ABSENT)
			identity_members[i].read(r, &found[i], target);
	}
	settle_values(r, target);
}

static const struct rule_member file_members[] = {{"identity", read_whole, true}};
static const struct rule_members file_spec = {"a file with settings of identity", file_members, 1};

static void read_file(struct rule_reader *r, struct identity_draft *d)
{
	_cleanup_(buf_release) struct buf normal = BUF_INIT;
	struct file_place found[RULE_MEMBERS_MAX], file = {.parent = NULL};
	struct json_tree_fault fault;
	struct json_cursor cursor;
	struct json_fault scan;
	int result;

	if (r->text.len > IDENTITY_FILE_MAX) {
		rule_problem_add(
			r, NULL, "such a file may have at most %zu bytes", IDENTITY_FILE_MAX);
		return;
	}
	result = json_tree_normal(r->text, &normal, &fault);
	if (result < 0)
		r->oom = true;
	else if (result == JSON_TREE_BAD)
		rule_problem_line(r, fault.line, "this is not JSON: %s", fault.text);
	else if (!json_valid(r->text, &scan))
		rule_problem_line(r, (unsigned)json_place(r->text, scan.offset).line,
			"this is not JSON that can be used: %s", json_fault_text(scan.code));
	if (r->oom || r->problems->n > 0)
		return;
	json_cursor_init(&cursor, r->text);
	(void)json_value(&cursor, &file.value);
	if (rule_members_find(r, &file, &file_spec, found))
		rule_members_read(r, &file_spec, found, d);
}

int identity_json_compile(const struct rule_source *source, struct file_problems *problems,
	struct identity_settings **ret_settings)
{
	_cleanup_(identity_settings_freep) struct identity_settings *s = calloc(1, sizeof(*s));
	_cleanup_free_ struct rule_reader *r = calloc(1, sizeof(*r));
	_cleanup_free_ struct identity_draft *d = calloc(1, sizeof(*d));

	problems->n = problems->more = 0;
	if (!s || !r || !d || rules_new(&s->memory) < 0)
		return -ENOMEM;
	s->identity = IDENTITY_DEFAULT;
	d->id = &s->identity;
	r->rules = s->memory;
	r->problems = problems;
	r->file = rule_copy(r, span_str(source->file)).ptr;
	r->text = source->text;
	if (r->file)
		read_file(r, d);
	if (r->oom)
		return -ENOMEM;
	if (problems->n > 0)
		return IDENTITY_BAD;
	*ret_settings = s;
	s = NULL;
	return 0;
}

struct identity_settings *identity_settings_free(struct identity_settings *s)
{
	if (s)
		rules_free(s->memory);
	free(s);
	return NULL;
}

void identity_settings_freep(struct identity_settings **s)
{
	*s = identity_settings_free(*s);
}
