/* SPDX-License-Identifier: MIT */
#include "store/job_found_json.h"

#include "base/instant.h"
#include "codec/json_scan.h"

static void add_name(struct buf *out, const char *name)
{
	buf_add_str(out, ",\"");
	buf_add_str(out, name);
	buf_add_str(out, "\":");
}

static void add_text(struct buf *out, const char *name, struct span text)
{
	add_name(out, name);
	if (text.len)
		json_escape(text, out);
	else
		buf_add_str(out, "null");
}

static void add_instant(struct buf *out, int64_t at)
{
	if (at == INT64_MIN || at == TIME_NEVER) {
		buf_add_str(out, "null");
		return;
	}
	buf_add_char(out, '"');
	buf_add_instant(out, at);
	buf_add_char(out, '"');
}

int job_leased_json(const struct job_leased *job, struct buf *out)
{
	buf_add_str(out, "{\"job\":");
	buf_add_span(out, job->json);
	add_text(out, "token", job->token);
	add_text(out, "channel", span_is(job->channel, "-") ? SPAN_EMPTY : job->channel);
	add_name(out, "lease_until");
	add_instant(out, job->until);
	add_name(out, "tries");
	buf_add_u64(out, job->tries);
	buf_add_char(out, '}');
	return buf_failed(out);
}

int job_found_json(const struct job_found *found, struct buf *out)
{
	const struct {
		const char *name;
		int64_t at;
	} instants[] = {
		{"leased_at", found->leased_at},
		{"lease_until", found->lease_until},
		{"not_before", found->not_before},
		{"done_at", found->done_at},
	};
	const char *comma = "";

	buf_add_str(out, "{\"job\":");
	buf_add_span(out, found->json);
	add_text(out, "state", found->state);
	add_text(out, "channel", found->channel);
	add_text(out, "consumer", found->consumer);
	add_text(out, "reason", found->reason);
	for (size_t i = 0; i < ARRAY_SIZE(instants); i++) {
		add_name(out, instants[i].name);
		add_instant(out, instants[i].at);
	}
	add_name(out, "tries");
	buf_add_u64(out, found->tries);
	add_name(out, "late");
	buf_add_str(out, found->late ? "true" : "false");
	add_name(out, "outcomes");
	buf_add_char(out, '{');
	for (unsigned i = 0; i < JOB_FATE_COUNT; i++) {
		if (found->outcome_at[i] == INT64_MIN)
			continue;
		buf_add_str(out, comma);
		json_escape(job_fate_word((enum job_fate)i), out);
		buf_add_char(out, ':');
		add_instant(out, found->outcome_at[i]);
		comma = ",";
	}
	buf_add_str(out, "}}");
	return buf_failed(out);
}
