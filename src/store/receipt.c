/* SPDX-License-Identifier: MIT */
#include "store/receipt.h"

#include "base/instant.h"
#include "codec/json_scan.h"
#include "store/keys.h"

bool receipt_name_is(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!name.ptr[i] || !strchr("0123456789abcdef", name.ptr[i]))
			return false;
	return name.len == RECEIPT_LEN;
}

static struct span field(const struct redis_value *reply, const char *name)
{
	for (size_t i = 0; i + 1 < reply->n_items; i += 2)
		if (span_is(reply->items[i].text, name))
			return reply->items[i + 1].text;
	return SPAN_EMPTY;
}

static void put_instant(
	const struct redis_value *reply, const char *name, const char *member, struct buf *out)
{
	uint64_t at;

	buf_printf(out, ",\"%s\":", member);
	if (span_to_u64(field(reply, name), INT64_MAX, &at) != 0) {
		buf_add_str(out, "null");
		return;
	}
	buf_add_char(out, '"');
	buf_add_instant(out, (int64_t)at);
	buf_add_char(out, '"');
}

static const char *const words[] = {"identifiers", "records", "links", "chunks", "log_entries",
	"messages", "quarantined", "jobs", "job_entries", "trial_entries"};

static uint64_t removed(const struct redis_value *reply, const char *word)
{
	char name[32];
	uint64_t n = 0;

	(void)snprintf(name, sizeof(name), "n:%s", word);
	(void)span_to_u64(field(reply, name), UINT64_MAX, &n);
	return n;
}

static void put_removed(const struct redis_value *reply, struct buf *out)
{
	buf_add_str(out, ",\"removed\":{");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		buf_printf(out, "%s\"%s\":%llu", i ? "," : "", words[i],
			(unsigned long long)removed(reply, words[i]));
	buf_add_char(out, '}');
}

/* Of others, what named them and does not any more. */
static const char *const others[] = {"entries", "customers", "chunks", "jobs"};

static uint64_t rewritten(const struct redis_value *reply, const char *word)
{
	char name[32];
	uint64_t n = 0;

	(void)snprintf(name, sizeof(name), "o:%s", word);
	(void)span_to_u64(field(reply, name), UINT64_MAX, &n);
	return n;
}

static void put_others(const struct redis_value *reply, struct buf *out)
{
	buf_add_str(out, ",\"others\":{");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		buf_printf(out, "%s\"%s\":%llu", i ? "," : "", others[i],
			(unsigned long long)rewritten(reply, others[i]));
	buf_add_char(out, '}');
}

static void put_partitions(const struct redis_value *reply, struct buf *out)
{
	bool any = false;

	buf_add_str(out, ",\"partitions\":[");
	for (unsigned p = 0; p < PARTITIONS_MAX; p++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "p:%u", p);
		if (field(reply, name).len == 0)
			continue;
		buf_printf(out, "%s%u", any ? "," : "", p);
		any = true;
	}
	buf_add_char(out, ']');
}

/* ---- what the archive has been asked for (store/archive_order.h) ------------------------- */

static uint64_t archived(const struct redis_value *reply, const char *word)
{
	char name[32];
	uint64_t n = 0;

	(void)snprintf(name, sizeof(name), "a:%s", word);
	(void)span_to_u64(field(reply, name), UINT64_MAX, &n);
	return n;
}

static const struct {
	const char *field, *member, *words;
} archive_counts[] = {
	{"looked", "looked_at", "files of the archive looked at"},
	{"files", "files", "of them written anew"},
	{"lines", "lines", "archived lines of others"},
	{"sealed", "sealed", "archived lines that nobody can open any more"},
	{"left", "partitions_left", "partitions left"},
	{"elsewhere", "partitions_elsewhere", "of them with files in another directory"},
};

static void put_archive(const struct redis_value *reply, struct buf *out)
{
	struct span state = field(reply, "archive");

	buf_add_str(out, ",\"archive\":");
	if (state.len == 0) {
		buf_add_str(out, "null");
		return;
	}
	buf_add_str(out, "{\"state\":");
	json_escape(state, out);
	for (size_t i = 0; i < ARRAY_SIZE(archive_counts); i++)
		buf_printf(out, ",\"%s\":%llu", archive_counts[i].member,
			(unsigned long long)archived(reply, archive_counts[i].field));
	put_instant(reply, "archive_at", "finished_at", out);
	buf_add_char(out, '}');
}

static const char *archive_words(const struct redis_value *reply)
{
	struct span state = field(reply, "archive");

	if (span_is(state, "none"))
		return "nothing was ever archived";
	if (span_is(state, "done"))
		return "done";
	if (span_is(state, "pending") && archived(reply, "elsewhere") > 0)
		return "waits for files that are not in the archive's directory: run `waymark "
		       "archive scrub DIR` where they are, or set all_here if they are nowhere";
	if (span_is(state, "pending"))
		return "waits for `waymark archive run`";
	return "was not asked";
}

static void print_archive(const struct redis_value *reply, FILE *out)
{
	struct span state = field(reply, "archive");

	(void)fprintf(out, "%-10s %s\n", "archive", archive_words(reply));
	for (size_t i = 0; i < ARRAY_SIZE(archive_counts) && !span_is(state, "none"); i++)
		(void)fprintf(out, "%10llu %s\n",
			(unsigned long long)archived(reply, archive_counts[i].field),
			archive_counts[i].words);
}

/* ------------------------------------------------------------------------------------------- */

static const char *state_of(const struct redis_value *reply)
{
	if (field(reply, "lifted_at").len)
		return "lifted";
	if (field(reply, "finished_at").len == 0)
		return "working";
	return span_is(field(reply, "archive"), "pending") ? "waiting" : "erased";
}

int receipt_json(struct span name, const struct redis_value *reply, struct buf *out)
{
	if (!reply || reply->type != REDIS_ARRAY || reply->n_items == 0)
		return RECEIPT_NONE;
	buf_add_str(out, "{\"receipt\":");
	json_escape(name, out);
	buf_printf(out, ",\"state\":\"%s\"", state_of(reply));
	put_instant(reply, "asked_at", "asked_at", out);
	put_instant(reply, "finished_at", "finished_at", out);
	buf_add_str(out, ",\"by\":");
	json_escape(field(reply, "by"), out);
	put_removed(reply, out);
	put_others(reply, out);
	put_archive(reply, out);
	put_partitions(reply, out);
	buf_add_str(out, ",\"files\":");
	json_escape(field(reply, "files"), out);
	if (field(reply, "lifted_at").len) {
		put_instant(reply, "lifted_at", "lifted_at", out);
		buf_add_str(out, ",\"lifted_by\":");
		json_escape(field(reply, "lifted_by"), out);
	}
	buf_add_char(out, '}');
	return buf_failed(out);
}

static void print_instant(
	const struct redis_value *reply, const char *name, const char *label, FILE *out)
{
	char text[INSTANT_SIZE];
	uint64_t at;

	if (span_to_u64(field(reply, name), INT64_MAX, &at) != 0)
		return;
	instant_format((int64_t)at, text);
	(void)fprintf(out, "%-10s %s\n", label, text);
}

void receipt_print(const struct redis_value *reply, const char *name, FILE *out)
{
	struct span by = field(reply, "by");

	(void)fprintf(out, "%-10s %s\n%-10s %s\n", "receipt", name, "state", state_of(reply));
	print_instant(reply, "asked_at", "asked", out);
	print_instant(reply, "finished_at", "finished", out);
	print_instant(reply, "lifted_at", "lifted", out);
	(void)fprintf(out, "%-10s %.*s\n", "by", (int)by.len, by.ptr);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		(void)fprintf(
			out, "%10llu %s\n", (unsigned long long)removed(reply, words[i]), words[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		(void)fprintf(out, "%10llu %s of others\n",
			(unsigned long long)rewritten(reply, others[i]), others[i]);
	print_archive(reply, out);
}
