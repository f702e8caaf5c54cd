/* SPDX-License-Identifier: MIT */
#include "reasons.h"

#include "program/metrics.h"

_Static_assert(REASON_TABLES == ARRAY_SIZE(((struct reasons *)0)->tables), "tables");

static struct reason_count *find(
	struct reasons *r, enum reason_table table, const char *source, const char *reason)
{
	struct reason_count *list = r->tables[table].list;
	size_t n = r->tables[table].n, cap = r->tables[table].cap;

	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].reason, reason) == 0 && strcmp(list[i].source, source) == 0)
			return &list[i];
	if (n == cap) {
		cap = cap ? 2 * cap : 16;
		list = realloc(list, cap * sizeof(*list));
		if (!list)
			return NULL;
		r->tables[table].list = list;
		r->tables[table].cap = cap;
	}
	list[n] = (struct reason_count){.reason = reason};
	(void)snprintf(list[n].source, sizeof(list[n].source), "%s", source);
	r->tables[table].n++;
	return &list[n];
}

void reasons_count(
	struct reasons *r, enum reason_table table, const char *source, const char *reason)
{
	struct reason_count *count = find(r, table, source, reason);

	if (count)
		count->n++;
}

void reasons_release(struct reasons *r)
{
	for (size_t i = 0; i < REASON_TABLES; i++)
		free(r->tables[i].list);
	*r = (struct reasons){.tables = {{.list = NULL}}};
}

void reasons_metrics(const struct reasons *r, struct buf *out)
{
	static const struct {
		const char *name, *help;
	} rows[REASON_TABLES] = {
		[REASONS_QUARANTINED] = {"waymark_events_quarantined_total",
			"Put into quarantine by the collector, by source and reason."},
		[REASONS_SIGNATURES] = {"waymark_webhook_signature_failures_total",
			"Webhooks that were not believed, by hook and reason."},
		[REASONS_PLAN] = {"waymark_events_off_plan_total",
			"Events that break the tracking plan, by source and what was done."},
		[REASONS_LINKS] = {"waymark_events_links_ignored_total",
			"Events that would link what their source may not, by source and what."},
	};

	for (size_t t = 0; t < REASON_TABLES; t++) {
		metrics_head(out, rows[t].name, "counter", rows[t].help);
		for (size_t i = 0; i < r->tables[t].n; i++) {
			const struct reason_count *count = &r->tables[t].list[i];

			buf_printf(out, "%s{source=\"%s\",reason=\"%s\"} %llu\n", rows[t].name,
				count->source, count->reason, (unsigned long long)count->n);
		}
	}
}
