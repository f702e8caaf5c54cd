/* SPDX-License-Identifier: MIT */
#include "codec/json_scan.h"
#include "codec/link.h"
#include "codec/seal.h"
#include "codec/timeline_json.h"
#include "export_impl.h"

static uint32_t home_of(const struct export *x, struct span key)
{
	return partition_of(key, x->tool->program.dataset.partitions);
}

int export_state(struct export *x, const char *name, struct span bytes)
{
	struct record record;
	int r;

	buf_printf(&x->text, "\"%s\":", name);
	if (bytes.len == 0) {
		buf_add_str(&x->text, "null");
		return 0;
	}
	r = record_decode(bytes, &record);
	if (r != 0)
		return r < 0 ? r : -EBADMSG;
	r = journey_json(&record, &x->lapse, record.journey->received_at, &x->text);
	record_release(&record);
	return r;
}

/* ---- links ------------------------------------------------------------------------------- */

static int put_link(struct export *x, struct span key, struct span value)
{
	struct link link;
	int r;

	if (link_decode(value, &link) != 0)
		return -EBADMSG;
	export_comma(x);
	buf_add_char(&x->text, '{');
	export_text(x, "key", key);
	buf_add_char(&x->text, ',');
	export_text(x, "to", link.to);
	buf_add_char(&x->text, ',');
	export_instant(x, "linked_at", link.linked_at);
	buf_add_char(&x->text, ',');
	export_instant(x, "said_at", link.said_at);
	buf_add_char(&x->text, ',');
	r = export_state(x, "state", link.frozen);
	buf_add_char(&x->text, '}');
	return r;
}

static int put_link_of(struct export *x, struct span key)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *reply;
	int r;

	arena_init(&a);
	key_add_id(&name, home_of(x, key), "c", key);
	reply = export_ask(x, (const struct span[]){SPAN_LIT("GET"), buf_span(&name)}, 2, &a);
	if (!reply)
		return -EIO;
	if (reply->type != REDIS_STRING || !link_is(reply->text))
		return 0;
	r = put_link(x, key, reply->text);
	return r ? r : export_flush(x);
}

int export_links(struct export *x)
{
	int r = 0;

	export_open(x, "links");
	for (size_t i = 0; i < x->n_list && r == 0; i++)
		r = put_link_of(x, x->list[i]);
	return r ? r : export_close(x);
}

/* ---- what was before --------------------------------------------------------------------- */

static int put_snapshots(struct export *x, struct span customer, const struct redis_value *pairs)
{
	int r = 0;

	for (size_t i = 0; i + 1 < pairs->n_items && r == 0; i += 2) {
		export_comma(x);
		buf_add_char(&x->text, '{');
		export_text(x, "customer", customer);
		buf_add_char(&x->text, ',');
		export_text(x, "before", pairs->items[i].text);
		buf_add_char(&x->text, ',');
		r = export_state(x, "state", pairs->items[i + 1].text);
		buf_add_char(&x->text, '}');
		r = r ? r : export_flush(x);
	}
	return r;
}

static int put_snapshots_of(struct export *x, struct span customer)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	char cursor[24] = "0";
	int r = 0;

	key_add_id(&key, home_of(x, customer), "m", customer);
	do {
		_cleanup_(arena_release) struct arena a;
		const struct span args[] = {SPAN_LIT("HSCAN"), buf_span(&key), span_str(cursor),
			SPAN_LIT("COUNT"), SPAN_LIT("10")};
		const struct redis_value *reply;

		arena_init(&a);
		reply = export_ask(x, args, ARRAY_SIZE(args), &a);
		if (!reply || reply->n_items != 2 || reply->items[0].text.len >= sizeof(cursor))
			return -EIO;
		memcpy(cursor, reply->items[0].text.ptr, reply->items[0].text.len);
		cursor[reply->items[0].text.len] = '\0';
		r = put_snapshots(x, customer, &reply->items[1]);
	} while (r == 0 && strcmp(cursor, "0") != 0);
	return r;
}

int export_snapshots(struct export *x)
{
	int r = 0;

	export_open(x, "snapshots");
	for (size_t i = 0; i < x->n_list && r == 0; i++)
		r = put_snapshots_of(x, x->list[i]);
	return r ? r : export_close(x);
}

/* ---- who was erased ---------------------------------------------------------------------- */

static int put_suppressed_of(struct export *x, struct span salt, struct span key)
{
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *reply;
	char mac[SEAL_MAC_TEXT + 1];
	int r = seal_mac(salt, key, mac);

	arena_init(&a);
	if (r < 0)
		return r;
	key_add(&name, home_of(x, key), "gone");
	reply = export_ask(
		x, (const struct span[]){SPAN_LIT("HGET"), buf_span(&name), span_str(mac)}, 3, &a);
	if (!reply)
		return -EIO;
	if (reply->type != REDIS_STRING)
		return 0;
	export_comma(x);
	buf_add_char(&x->text, '{');
	export_text(x, "key", key);
	buf_add_char(&x->text, ',');
	export_text(x, "since", reply->text);
	buf_add_char(&x->text, '}');
	return export_flush(x);
}

int export_suppressed(struct export *x)
{
	const struct span args[] = {SPAN_LIT("HGET"), SPAN_LIT("wm:meta"), SPAN_LIT("salt")};
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *salt;
	int r = 0;

	arena_init(&a);
	salt = export_ask(x, args, ARRAY_SIZE(args), &a);
	if (!salt)
		return -EIO;
	export_open(x, "suppressed");
	for (size_t i = 0; i < x->n_list && r == 0 && salt->type == REDIS_STRING; i++)
		r = put_suppressed_of(x, salt->text, x->list[i]);
	return r ? r : export_close(x);
}

/* ---- sends ------------------------------------------------------------------------------- */

int export_sends(struct export *x, const struct journey *j)
{
	static const char *const states[] = {
		[SEND_RESERVED] = "reserved", [SEND_SENT] = "sent", [SEND_RELEASED] = "released"};

	export_open(x, "sends");
	for (size_t i = 0; i < j->n_sends; i++) {
		const struct send *s = &j->sends[i];

		export_comma(x);
		buf_add_str(&x->text, "{\"job\":\"");
		for (size_t k = 0; k < sizeof(s->job_id); k++)
			buf_printf(&x->text, "%02x", s->job_id[k]);
		buf_add_str(&x->text, "\",");
		export_instant(x, "at", s->at);
		buf_printf(&x->text, ",\"state\":\"%s\",", states[s->state]);
		export_text(x, "class", rule_class_name((enum rule_class)s->class));
		buf_add_char(&x->text, ',');
		export_text(x, "channel", job_channel_name((enum job_channel)s->channel));
		buf_add_char(&x->text, '}');
	}
	return export_close(x);
}
