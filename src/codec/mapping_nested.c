/* SPDX-License-Identifier: MIT */
/*
 * JSON inside text, as senders have it who put an event of one maker into the envelope of another,
 * and base 64 around it. What is inside is a payload like the one outside: read in place, in one
 * walk for all who ask, and of no consequence if it is not what it should be.
 *
 * Each different text is parsed once for each frame that it is asked for in. What came of it lies
 * in the scratch, so it is forgotten with that.
 */
#include "mapping_eval.h"

#include "base/base64.h"

#define NOTHING ((struct mapping_value){.type = JSON_TYPE_ABSENT})

void mapping_scratch_reset(struct mapping_run *g)
{
	arena_reset(&g->scratch);
	for (size_t i = 0; i < g->m->n_documents; i++)
		g->parsed[i].stamp = 0;
}

/* The alphabet of RFC 4648 section 5 as that of section 4. */
static char plain(char c)
{
	if (c == '_')
		c = '/';
	else if (c == '-')
		c = '+';
	return c;
}

struct mapping_value mapping_eval_base64(struct mapping_run *g, const struct mapping_node *n)
{
	struct span text;
	char *copy, *bytes;
	size_t len;

	if (!mapping_eval_text(g, n->a, &text))
		return NOTHING;
	mapping_work(g, 2 * text.len);
	copy = arena_alloc(&g->scratch, text.len + 1);
	bytes = arena_alloc(&g->scratch, BASE64_DECODED_SIZE(text.len) + 1);
	if (!copy || !bytes) {
		g->error = -ENOMEM;
		return NOTHING;
	}
	for (size_t i = 0; i < text.len; i++)
		copy[i] = plain(text.ptr[i]);
	if (base64_decode(span_of(copy, text.len), bytes, &len) != 0)
		return NOTHING;
	return mapping_text_value(span_of(bytes, len));
}

/* What V is as JSON: the text of a string, or an object or array as it stands. */
static bool json_of(struct mapping_run *g, const struct mapping_value *v, struct span *ret_json)
{
	if (v->type == JSON_TYPE_ARRAY || v->type == JSON_TYPE_OBJECT) {
		*ret_json = v->span;
		return true;
	}
	return v->type == JSON_TYPE_STRING && mapping_text_of(g, v, ret_json);
}

/* Fills the frame; false if there is no document. */
static bool read_document(
	struct mapping_run *g, const struct mapping_node *n, struct mapping_frame *frame)
{
	struct mapping_value v = mapping_eval(g, n->a);
	size_t slots = g->m->scopes[n->scope].n_slots;
	struct json_cursor c;
	struct span json;

	if (!json_of(g, &v, &json) || mapping_stopped(g))
		return false;
	mapping_work(g, json.len + MAPPING_NODE_WORK + slots * sizeof(*frame->values));
	frame->values = arena_alloc(&g->scratch, (slots + 1) * sizeof(*frame->values));
	if (!frame->values)
		g->error = -ENOMEM;
	if (mapping_stopped(g))
		return false;
	json_cursor_init(&c, json);
	if (mapping_scope_read(g->m, n->scope, &c, frame) != 0 || json_finish(&c) != 0)
		return false;
	frame->stamp = ++g->stamps;
	/* Before anything of it is written: text that was sound may hold text that is not. */
	g->dirty = g->dirty || c.text.code != JSON_SOUND;
	return true;
}

struct mapping_value mapping_eval_parse(struct mapping_run *g, const struct mapping_node *n)
{
	const struct mapping_frame *outer = g->here;
	struct mapping_parsed *p = &g->parsed[n->n];
	struct mapping_value found;

	if (p->stamp != outer->stamp) {
		p->good = read_document(g, n, &p->frame);
		p->stamp = outer->stamp;
	}
	if (!p->good || mapping_stopped(g))
		return NOTHING;
	g->here = &p->frame;
	found = mapping_eval(g, n->b);
	g->here = outer;
	return found;
}
