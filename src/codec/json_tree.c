/* SPDX-License-Identifier: MIT */
/* jansson, house-trained: text in, normal text out, no tree leaves this file. */
#include "json_tree.h"

#include <jansson.h>

static int append(const char *bytes, size_t n, void *out)
{
	buf_add(out, bytes, n);
	return buf_failed(out) ? -1 : 0;
}

static void tree_release(json_t **tree)
{
	json_decref(*tree);
}

int json_tree_normal(struct span text, struct buf *out, struct json_tree_fault *ret_fault)
{
	json_error_t error;
	size_t before = out->len;
	_cleanup_(tree_release) json_t *tree = json_loadb(text.len ? text.ptr : "", text.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (!tree && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!tree) {
		ret_fault->line = error.line > 0 ? (unsigned)error.line : 0;
		(void)snprintf(ret_fault->text, sizeof(ret_fault->text), "%s", error.text);
		return JSON_TREE_BAD;
	}
	if (json_dump_callback(
		    tree, append, out, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY) != 0 ||
		buf_failed(out)) {
		out->len = before;
		return -ENOMEM;
	}
	return 0;
}
