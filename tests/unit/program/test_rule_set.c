/* SPDX-License-Identifier: MIT */
/* A set of rules remembers earlier texts of its rules, and is the same text while nothing changes.
 */
#include "program/rule_set.h"

#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define RULE(WAIT)                                                                                 \
	"{\"id\":\"a\",\"class\":\"task\",\"arm\":[\"x\"],\"wait\":\"" WAIT                        \
	"\",\"channels\":[\"task\"]}"

static void write_rule(const char *dir, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	f = fopen(path, "w");
	REQUIRE(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

struct composed {
	struct buf text;
	struct rules *rules;
};

static void compose(const char *dir, struct span last, struct composed *ret)
{
	const struct rule_set_plan plan = {dir, "UTC", last};
	static struct file_problems problems;

	*ret = (struct composed){.text = BUF_INIT};
	CHECK_INT(rule_set_compose(&plan, &problems, &ret->text, &ret->rules), 0);
	REQUIRE(ret->rules);
}

static void release(struct composed *c)
{
	rules_free(c->rules);
	buf_release(&c->text);
}

static void test_earlier_texts(void)
{
	static struct file_problems problems;
	char dir[] = "/tmp/waymark-rule-set-XXXXXX", path[256];
	struct composed first, same, second, back;
	struct rules *read = NULL;

	REQUIRE(mkdtemp(dir));
	write_rule(dir, RULE("1h"));
	compose(dir, SPAN_EMPTY, &first);
	CHECK_INT(first.rules->n_retired, 0);
	compose(dir, buf_span(&first.text), &same);
	CHECK(span_equal(buf_span(&first.text), buf_span(&same.text)));
	/* blanks make no version; another wait does */
	write_rule(dir, " " RULE("1h"));
	compose(dir, buf_span(&first.text), &back);
	CHECK_INT(back.rules->n_retired, 0);
	CHECK(back.rules->list[0].version == first.rules->list[0].version);
	release(&back);
	write_rule(dir, RULE("2h"));
	compose(dir, buf_span(&first.text), &second);
	REQUIRE(second.rules->n_retired == 1);
	CHECK_INT(second.rules->retired[0].wait.span_ms, MS_HOUR);
	CHECK(second.rules->retired[0].retired);
	CHECK(second.rules->retired[0].version == first.rules->list[0].version);
	CHECK(second.rules->list[0].version != first.rules->list[0].version);
	/* as a worker reads it */
	CHECK_INT(rule_set_of_text(buf_span(&second.text), &problems, &read), 0);
	CHECK_INT(read ? read->n_retired : 0, 1);
	/* and back again: what was armed in between keeps its text too */
	write_rule(dir, RULE("1h"));
	compose(dir, buf_span(&second.text), &back);
	REQUIRE(back.rules->n_retired == 1);
	CHECK_INT(back.rules->retired[0].wait.span_ms, 2 * MS_HOUR);
	rules_free(read);
	release(&first);
	release(&same);
	release(&second);
	release(&back);
	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	(void)unlink(path);
	(void)rmdir(dir);
}

int main(void)
{
	static const struct check_case cases[] = {{"earlier texts of rules", test_earlier_texts}};

	return check_run(cases, ARRAY_SIZE(cases));
}
