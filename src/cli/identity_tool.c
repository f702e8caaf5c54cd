/* SPDX-License-Identifier: MIT */
/*
 * `waymark identity`. check: is a file of settings good, and what does it come to? It is asked
 * before roles are started with it, since keys follow from it. adopt: a data set remembers which
 * settings it was made with, and roles with others stop; here it learns that a change is meant.
 */
#include "cli.h"
#include "program/identity_file.h"
#include "program/rule_set.h"
#include "tool.h"

struct identity_options {
	const char *data;
};

static const struct setting settings[] = {TOOL_DATA_ROW(struct identity_options)};

static const struct program_spec spec = {
	.name = "identity",
	.operands = "check [FILE] | adopt",
	.min_operands = 1,
	.max_operands = 2,
	.about = "check: is a file of what names a customer (identity.json) good? Shows the kinds, "
		 "the\n"
		 "strongest first. Without FILE: the settings that this configuration names, or "
		 "the\n"
		 "built-in ones.\n"
		 "adopt: from now on the data set has the settings that this configuration names. "
		 "Who\n"
		 "is found under another key by them begins anew. Stop all roles first.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
	.any_identity = true,
};

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void print_json(const struct identity *id)
{
	for (size_t i = 0; i < id->n_kinds; i++) {
		const struct identity_kind *k = &id->kinds[i];

		printf("{\"kind\":\"%.*s\",\"limit\":%u,\"links\":%s,\"once\":%s,\"personal\":%s,"
		       "\"browser\":%s}\n",
			(int)k->name.len, k->name.ptr, k->limit, k->links ? "true" : "false",
			k->once ? "true" : "false", k->personal ? "true" : "false",
			id->browser_from >> i & 1 ? "true" : "false");
	}
}

static void print_table(const struct identity *id)
{
	printf("%-24s %6s  %-5s  %-4s  %-8s  %s\n", "KIND", "LIMIT", "LINKS", "ONCE", "PERSONAL",
		"BY PAGES");
	for (size_t i = 0; i < id->n_kinds; i++) {
		const struct identity_kind *k = &id->kinds[i];

		printf("%-24.*s %6u  %-5s  %-4s  %-8s  %s\n", (int)k->name.len, k->name.ptr,
			k->limit, yes_no(k->links), yes_no(k->once), yes_no(k->personal),
			id->browser_from >> i & 1 ? "yes"
			: id->browser_to >> i & 1 ? "to it"
						  : "no");
	}
	printf("\n%zu blocked values, %zu shared ones; telephone numbers of %s; settings %016llx\n",
		id->n_blocked, id->n_shared, id->country[0] ? id->country : "no country",
		(unsigned long long)identity_digest(id));
}

static int check_file(struct program *p, const char *path, struct identity_settings **ret_settings)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = problems ? identity_file_load(path, problems, ret_settings) : -ENOMEM;

	if (r < 0)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	if (r == 0)
		return STATUS_DONE;
	file_problems_text(problems, &text);
	(void)fwrite(text.ptr, 1, text.len, stdout);
	return STATUS_FOUND;
}

/*
 * KEYS: wm:meta, wm:workers. ARGV: digest. The index by which customers are found was made by the
 * settings of before, so it does not count as whole any more.
 */
static const char adopt_script[] =
	"local was = redis.call('HGET', KEYS[1], 'identity') or ''\n"
	"if was == ARGV[1] then return 'SAME' end\n"
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"if redis.call('ZCOUNT', KEYS[2], now, '+inf') > 0 then return 'BUSY' end\n"
	"redis.call('HSET', KEYS[1], 'identity', ARGV[1])\n"
	"redis.call('HDEL', KEYS[1], 'find')\n"
	"return was\n";

static int adopt(struct tool *t)
{
	struct program *p = &t->program;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *was;
	struct redis *redis;
	char digest[17];

	arena_init(&a);
	if (tool_connect(t, &redis))
		return p->status;
	(void)snprintf(digest, sizeof(digest), "%016llx",
		(unsigned long long)identity_digest(p->identity));
	was = tool_ask(t, redis,
		(const struct span[]){SPAN_LIT("EVAL"), SPAN_LIT(adopt_script), SPAN_LIT("2"),
			SPAN_LIT("wm:meta"), SPAN_LIT("wm:workers"), span_str(digest)},
		6, &a);
	if (!was)
		return STATUS_FOUND;
	if (redis_value_is(was, "BUSY"))
		return tool_say(p, STATUS_FOUND,
			"workers are running by the settings of before; stop all roles first.");
	if (redis_value_is(was, "SAME"))
		printf("The data set has these settings already (%s).\n", digest);
	else
		printf("Adopted %s in the place of %.*s.\n"
		       "Start the roles, then run `waymark customer reindex`.\n",
			digest, (int)was->text.len, was->text.len ? was->text.ptr : "");
	return STATUS_DONE;
}

int identity_main(int argc, char **argv)
{
	_cleanup_(identity_settings_freep) struct identity_settings *own = NULL;
	struct identity_options options = {.data = NULL};
	_cleanup_(tool_release) struct tool t;
	struct program *p = &t.program;
	const struct identity *id;
	int status = STATUS_DONE;

	(void)argc;
	if (tool_init(&t, &spec, &options, argv))
		return p->status;
	if (strcmp(p->operands[0], "adopt") == 0 && p->n_operands == 1)
		return adopt(&t);
	if (strcmp(p->operands[0], "check") != 0)
		return tool_say(p, STATUS_USAGE,
			"`%s` is nothing it can do; it can `check [FILE]` and `adopt`.",
			p->operands[0]);
	if (p->n_operands > 1)
		status = check_file(p, p->operands[1], &own);
	if (status != STATUS_DONE)
		return status;
	id = own ? &own->identity : p->identity;
	if (p->common.json)
		print_json(id);
	else
		print_table(id);
	return STATUS_DONE;
}
