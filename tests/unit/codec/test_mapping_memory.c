/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every place in turn: compiling and running say so, leak nothing (the sanitizer
 * looks), and never give out half of anything.
 */
#include "../base/scarce_memory.h"
#include "codec/preset_table.h"
#include "mapping_case.h"

/* More allocations than any of these makes. */
#define MANY 20000

static void compile_with_scarce_memory(struct span text, int want)
{
	static struct file_problems problems;
	int n, r = -ENOMEM;

	for (n = 0; n < MANY && r == -ENOMEM; n++) {
		_cleanup_(mapping_freep) struct mapping *m = NULL;

		scarce_memory(n);
		r = mapping_compile("p", text, &problems, &m);
		scarce_memory(-1);
		CHECK((m == NULL) == (r != 0));
	}
	CHECK_INT(r, want);
	CHECK(n > 5);
}

/* The shortest preset: each of its allocations fails once, and there are presets of thousands. */
static void test_compile(void)
{
	size_t n;
	const struct preset_file *presets = preset_files(&n);
	const struct preset_file *shortest = &presets[0];

	for (size_t i = 1; i < n; i++)
		if (presets[i].text.len < shortest->text.len)
			shortest = &presets[i];
	compile_with_scarce_memory(shortest->text, 0);
	compile_with_scarce_memory(SPAN_LIT("{\"pre\\u0061\":1,\"events\":[{}]}"), MAPPING_BAD);
}

static void test_run(void)
{
	static const char *const presets[] = {
		"'topic':'{t}x','unwrap':{'json':'{m}'},'events':[{'each':'a','event':'E{n}',"
		"'user':'{u}','identifiers':{'email':{'lower':'{e}'}},'time':{'time':'{t}','as':'s'"
		"}"
		",'properties':{'l':{'list':'b','item':{'x':'{.}'}},'j':{'join':'b'},'d':{'digest':"
		"["
		"'{n}']},'m':{'money':'{n}','currency':'EUR'}}}]",
		"'kind':'form','events':[{'event':'E','user':'{m}','id':'{m}'}]",
		"'topic':'none','events':[{'on':['x'],'event':'E','user':'u'}]",
		"'topic':{'parse':'{m}','get':'{t}'},'events':[{'each':['x','.'],'event':'E','user'"
		":'u','traits':[{'parse':'{m}','get':'{a.0}'},{'parse':{'base64':'bTp7fQ'},'get':"
		"'{.}'},{'object':{'n':{'parse':{'base64':'eyJuIjpbMV19'},'get':'{n}'},'\\u006d':"
		"'{m}'}}]},{'each':['x','.'],'type':'page','user':{'parse':'{m}','get':'{t}'}}]",
	};
	static const char payload[] =
		"{\"m\":\"{\\\"t\\\":\\\"\\\\u0000\\\",\\\"a\\\":[{\\\"n\\\":12,\\\"e\\\":\\\"A\\"
		"\\u0042@c\\\",\\\"u\\\":\\\"\\\\ud800\\\",\\\"b\\\":[1,\\\"\\\\u0000\\\",3]},{}]}"
		"\"}";
	int r, n;

	for (size_t i = 0; i < ARRAY_SIZE(presets); i++) {
		_cleanup_(mapping_case_release) struct mapping_case c;

		mapping_case_init(&c);
		REQUIRE(mapping_case_compile(&c, presets[i]) == 0);
		r = -ENOMEM;
		for (n = 0; n < MANY && r == -ENOMEM; n++) {
			struct arena a;

			arena_init(&a);
			c.input.body = SPAN_LIT(payload);
			scarce_memory(n);
			r = mapping_run(c.mapping, &c.input, &a, &c.result);
			scarce_memory(-1);
			arena_release(&a);
		}
		CHECK_INT(r, 0);
		CHECK(n > 3);
		CHECK(c.result.n_events + c.result.n_faults > 0);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"compile", test_compile},
		{"run", test_run},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
