/* SPDX-License-Identifier: MIT */
#include "store/find_json.h"

#include "base/instant.h"
#include "codec/json_scan.h"
#include "codec/mask.h"

static void add_text(
	const struct find_form *form, const char *kind, struct span text, struct buf *out)
{
	_cleanup_(buf_release) struct buf masked = BUF_INIT;

	if (text.len == 0) {
		buf_add_str(out, "null");
		return;
	}
	if (!form->masked) {
		json_escape(text, out);
		return;
	}
	if (strcmp(kind, "customer") == 0)
		mask_key(form->identity, text, &masked);
	else
		mask_kind(span_str(kind), text, &masked);
	if (buf_failed(&masked) < 0)
		out->failed = true;
	json_escape(buf_span(&masked), out);
}

static void add_member(
	const struct find_form *form, const char *name, struct span text, struct buf *out)
{
	buf_printf(out, "\"%s\":", name);
	add_text(form, name, text, out);
	buf_add_char(out, ',');
}

static void add_found(const struct find_form *form, const struct found *f, struct buf *out)
{
	buf_add_char(out, '{');
	add_member(form, "customer", f->customer, out);
	add_member(form, "name", f->name, out);
	add_member(form, "email", f->email, out);
	add_member(form, "phone", f->phone, out);
	buf_printf(out, "\"orders\":%llu,\"last_at\":", (unsigned long long)f->n_orders);
	if (f->last_at == INT64_MIN) {
		buf_add_str(out, "null");
	} else {
		buf_add_char(out, '"');
		buf_add_instant(out, f->last_at);
		buf_add_char(out, '"');
	}
	buf_add_str(out, ",\"matched\":[");
	for (size_t i = 0; i < f->n_matches; i++) {
		char kind[8];

		assert(f->matches[i].kind.len < sizeof(kind));
		memcpy(kind, f->matches[i].kind.ptr, f->matches[i].kind.len);
		kind[f->matches[i].kind.len] = '\0';
		buf_printf(out, "%s{\"kind\":\"%s\",\"text\":", i ? "," : "", kind);
		add_text(form, kind, f->matches[i].text, out);
		buf_add_char(out, '}');
	}
	buf_add_str(out, "]}");
}

int find_json(const struct find_answer *answer, const struct find_form *form, struct buf *out)
{
	buf_add_str(out, "{\"customers\":[");
	for (size_t i = 0; i < answer->n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		add_found(form, &answer->list[i], out);
	}
	buf_printf(out, "],\"masked\":%s,\"whole\":%s,\"next\":", form->masked ? "true" : "false",
		answer->whole ? "true" : "false");
	if (form->next.len)
		json_escape(form->next, out);
	else
		buf_add_str(out, "null");
	buf_add_char(out, '}');
	return buf_failed(out);
}
