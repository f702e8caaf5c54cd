/* SPDX-License-Identifier: MIT */
#include "import.h"

#include "cli.h"
#include "ini_edit.h"
#include "io/file.h"

#define KEYS_MAX    ((size_t)1024 * 1024)
#define STALL_MS    (60 * MS_SECOND) /* without progress of the workers */
#define LOOK_MS	    100L
#define DAYS_AROUND 1 /* a day that ends meanwhile, clocks that differ */

#define ROW(MEMBER) offsetof(struct import_settings, MEMBER)

static const struct setting settings[] = {
	{"import", "url", "url", SETTING_TEXT, ROW(url), "http://127.0.0.1:8480", 1, 1000, "URL",
		"the collector; unix:PATH for a socket"},
	{NULL, "key", "key", SETTING_TEXT, ROW(key), NULL, 0, 128, "KEY",
		"write key; else WAYMARK_KEY, else `shop` of the data directory"},
	{NULL, "wait", "wait", SETTING_BOOL, ROW(wait), NULL, 0, 0, NULL,
		"wait until the workers have applied all, and say what became of it"},
	{"import", "patience", "patience", SETTING_DURATION, ROW(patience), "2m", 0, MS_DAY, "SPAN",
		"how long to try when the collector does not take events"},
	TOOL_DATA_ROW(struct import_settings),
};

static const struct program_spec spec = {
	.name = "import",
	.operands = "FILE|-",
	.min_operands = 1,
	.max_operands = 1,
	.about = "Sends events, one JSON object a line (.gz too), through the collector.\n"
		 "Ends with 0 if every line was accepted, with 1 if not.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

static const char *find_key(struct import *im)
{
	struct program *p = &im->tool.program;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const char *environment = getenv("WAYMARK_KEY"), *path;
	struct span key;

	if (im->settings.key[0])
		return im->settings.key;
	if (environment && environment[0])
		return environment;
	path = tool_text(p, "%s/keys.ini", im->tool.data);
	if (!path || file_read(path, KEYS_MAX, &text) != 0)
		return NULL;
	key = ini_get(buf_span(&text), SPAN_LIT("shop"), SPAN_LIT("key"));
	return key.len ? tool_text(p, "%.*s", (int)key.len, key.ptr) : NULL;
}

static int open_ends(struct import *im)
{
	struct program *p = &im->tool.program;
	struct http_client_options options;
	const char *url = im->settings.url;
	int r;

	im->file_name = p->operands[0];
	im->key = find_key(im);
	if (!im->key)
		return tool_say(p, STATUS_USAGE,
			"say with which write key: --key KEY, or WAYMARK_KEY, or --data DIR of "
			"`waymark up`.");
	if (strncmp(url, "unix:", 5) == 0) {
		im->socket = url + 5;
		url = "http://localhost";
	}
	im->url = tool_text(p, "%s/v1/batch", url);
	r = event_file_open(im->file_name, &im->file);
	if (r < 0)
		return tool_say(p, STATUS_USAGE, "%s: %s", im->file_name, strerror(-r));
	http_client_options_init(&options);
	if (!im->url || http_client_new(p->loop, &options, &im->client) < 0)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	progress_init(&im->progress, !p->common.json, event_file_size(im->file), "events",
		loop_now_mono(p->loop));
	return 0;
}

/* ---- --wait -------------------------------------------------------------------------------- */

static int read_figures(struct import *im, int64_t first_day, struct figures *f)
{
	int64_t now;

	if (server_time(&im->tool, im->redis, &now) < 0)
		return -1;
	return figures_read(
		&im->tool, im->redis, first_day, now / MS_DAY + DAYS_AROUND - first_day + 1, f);
}

/* How many partitions are not yet where their log ended; -1 when a sentence was said. *seqs sums up
 * the positions, which grow while somebody works. */
static int count_behind(struct import *im, const struct log_id *ends, uint64_t *ret_sum)
{
	uint64_t sum = 0;
	int behind = 0;

	for (uint32_t i = 0; i < im->tool.program.dataset.partitions; i++) {
		struct partition_figures f;

		if (partition_read(&im->tool, im->redis, i, &f) < 0)
			return -1;
		behind += log_id_compare(f.applied, ends[i]) < 0;
		sum += f.applied.ms + f.applied.seq;
	}
	*ret_sum = sum;
	return behind;
}

static int await_workers(struct import *im)
{
	struct program *p = &im->tool.program;
	uint32_t n = p->dataset.partitions;
	_cleanup_free_ struct log_id *ends = calloc(n, sizeof(*ends));
	int64_t moved_at = io_mono_now();
	uint64_t sum = 0, before = 0;
	int behind = 1;

	if (!ends)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		struct partition_figures f;

		if (partition_read(&im->tool, im->redis, i, &f) < 0)
			return -1;
		ends[i] = f.last;
	}
	while (!p->stopping && (behind = count_behind(im, ends, &sum)) > 0) {
		const struct timespec step = {.tv_nsec = LOOK_MS * 1000000};

		if (sum != before)
			moved_at = io_mono_now();
		before = sum;
		if (io_mono_now() - moved_at > STALL_MS) {
			tool_say(p, 0,
				"the workers have not gone on for a minute; %d partitions wait. "
				"What "
				"does `waymark doctor` say?",
				behind);
			return -1;
		}
		(void)nanosleep(&step, NULL);
	}
	return behind == 0 ? 0 : -1;
}

/* ------------------------------------------------------------------------------------------- */

static int run(struct import *im)
{
	struct program *p = &im->tool.program;
	int64_t began, first_day;
	int r = open_ends(im);

	if (r != 0)
		return r;
	if (im->settings.wait && tool_connect(&im->tool, &im->redis))
		return p->status;
	first_day = io_wall_now() / MS_DAY - DAYS_AROUND;
	if (im->settings.wait && read_figures(im, first_day, &im->account.before) < 0)
		return STATUS_FOUND;
	began = io_mono_now();
	r = import_send(im);
	im->account.took_ms = io_mono_now() - began;
	if (r == 0 && im->settings.wait) {
		if (await_workers(im) < 0 || read_figures(im, first_day, &im->account.after) < 0)
			r = STATUS_FOUND;
		else
			im->account.waited = true;
	}
	import_print(&im->account, p->common.json);
	return r ? r : im->account.refused ? STATUS_FOUND : STATUS_DONE;
}

static void import_release(struct import *im)
{
	http_client_free(im->client);
	event_file_close(im->file);
	buf_release(&im->batches[0].body);
	buf_release(&im->batches[1].body);
	buf_release(&im->kept);
	tool_release(&im->tool);
	free(im);
}

static void import_releasep(struct import **im)
{
	if (*im)
		import_release(*im);
}

int import_main(int argc, char **argv)
{
	_cleanup_(import_releasep) struct import *im = calloc(1, sizeof(*im));

	(void)argc;
	if (!im)
		return STATUS_FOUND;
	if (tool_init(&im->tool, &spec, &im->settings, argv))
		return im->tool.program.status;
	return run(im);
}
