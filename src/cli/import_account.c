/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "codec/json_scan.h"
#include "counted.h"
#include "import.h"

static struct import_reason *reason_of(struct import_account *a, struct span code)
{
	struct import_reason *reason;

	for (size_t i = 0; i < a->n_reasons; i++)
		if (span_is(code, a->reasons[i].code))
			return &a->reasons[i];
	/* There are fewer codes than places; if a server has more, they share the last one. */
	if (a->n_reasons == IMPORT_CODES_MAX)
		return &a->reasons[IMPORT_CODES_MAX - 1];
	reason = &a->reasons[a->n_reasons++];
	(void)snprintf(reason->code, sizeof(reason->code), "%.*s", (int)code.len, code.ptr);
	return reason;
}

/* Keeps the first lines, in whatever order they become known. */
static void keep_example(struct import_reason *reason, uint64_t line, struct span words)
{
	size_t n = reason->n < IMPORT_EXAMPLES ? (size_t)reason->n : IMPORT_EXAMPLES, i = n;

	while (i > 0 && reason->examples[i - 1].line > line)
		i--;
	if (i == IMPORT_EXAMPLES)
		return;
	for (size_t k = n < IMPORT_EXAMPLES ? n : n - 1; k > i; k--)
		reason->examples[k] = reason->examples[k - 1];
	reason->examples[i].line = line;
	(void)snprintf(reason->examples[i].words, sizeof(reason->examples[i].words), "%.*s",
		(int)words.len, words.ptr ? words.ptr : "");
}

void import_refuse(struct import_account *a, uint64_t line, struct span code, struct span words)
{
	struct import_reason *reason = reason_of(a, code.len < 40 ? code : span_of(code.ptr, 39));

	keep_example(reason, line, words);
	a->refused++;
	reason->n++;
}

static uint64_t grown(const struct import_account *a, enum counter c)
{
	return a->after.counters[c] - a->before.counters[c];
}

static void print_json(const struct import_account *a)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_printf(&out,
		"{\"lines\":%llu,\"accepted\":%llu,\"refused\":%llu,\"batches\":%llu,"
		"\"sent_again\":%llu,\"doubtful\":%llu,\"took_ms\":%lld,\"reasons\":[",
		(unsigned long long)a->lines, (unsigned long long)a->accepted,
		(unsigned long long)a->refused, (unsigned long long)a->batches,
		(unsigned long long)a->again, (unsigned long long)a->doubtful,
		(long long)a->took_ms);
	for (size_t i = 0; i < a->n_reasons; i++) {
		const struct import_reason *reason = &a->reasons[i];

		buf_printf(&out, "%s{\"code\":", i ? "," : "");
		json_escape(span_str(reason->code), &out);
		buf_printf(&out, ",\"count\":%llu,\"examples\":[", (unsigned long long)reason->n);
		for (uint64_t k = 0; k < reason->n && k < IMPORT_EXAMPLES; k++) {
			buf_printf(&out, "%s{\"line\":%llu,\"message\":", k ? "," : "",
				(unsigned long long)reason->examples[k].line);
			json_escape(span_str(reason->examples[k].words), &out);
			buf_add_char(&out, '}');
		}
		buf_add_str(&out, "]}");
	}
	buf_add_char(&out, ']');
	if (a->waited)
		buf_printf(&out,
			",\"applied\":%llu,\"duplicates\":%llu,\"conflicts\":%llu,"
			"\"quarantined\":%llu",
			(unsigned long long)grown(a, COUNTER_APPLIED),
			(unsigned long long)grown(a, COUNTER_DUPLICATE),
			(unsigned long long)grown(a, COUNTER_CONFLICT),
			(unsigned long long)grown(a, COUNTER_QUARANTINED));
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static void print_reason(const struct import_reason *reason)
{
	printf("  %-20s %8llu   ", reason->code, (unsigned long long)reason->n);
	for (uint64_t k = 0; k < reason->n && k < IMPORT_EXAMPLES; k++)
		printf("%sline %llu", k ? ", " : "", (unsigned long long)reason->examples[k].line);
	printf("%s: %s\n", reason->n > IMPORT_EXAMPLES ? ", …" : "", reason->examples[0].words);
}

static void print_text(const struct import_account *a)
{
	printf("%llu line%s: %llu accepted, %llu refused, in %.1f s (%llu a second)\n",
		COUNT(a->lines), (unsigned long long)a->accepted, (unsigned long long)a->refused,
		(double)a->took_ms / 1000,
		(unsigned long long)(a->lines * 1000 / (uint64_t)int64_max(a->took_ms, 1)));
	for (size_t i = 0; i < a->n_reasons; i++)
		print_reason(&a->reasons[i]);
	if (a->again)
		printf("%llu %s sent more than once, since no answer came.\n",
			COUNT_AS(a->again, "batch was", "batches were"));
	if (a->doubtful)
		printf("%llu %s no messageId: they may count twice.\n",
			COUNT_AS(a->doubtful, "line in them has", "lines in them have"));
	if (a->waited)
		printf("Meanwhile the workers have applied %llu event%s, dropped %llu duplicate%s, "
		       "and put %llu conflict%s and %llu other%s into quarantine.\n",
			COUNT(grown(a, COUNTER_APPLIED)), COUNT(grown(a, COUNTER_DUPLICATE)),
			COUNT(grown(a, COUNTER_CONFLICT)), COUNT(grown(a, COUNTER_QUARANTINED)));
}

void import_print(const struct import_account *a, bool json)
{
	if (json)
		print_json(a);
	else
		print_text(a);
}
