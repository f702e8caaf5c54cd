/* SPDX-License-Identifier: MIT */
/*
 * Replays inputs through a fuzz target without a fuzzer: the corpus, in the tests, so that what
 * was found once is found for ever; or one file, to look at a finding.
 *
 *	replay_NAME FILE|DIRECTORY…
 */
#include <dirent.h>
#include <sys/stat.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int replay_file(const char *path)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "rb");
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	uint8_t *exact;
	size_t n;

	if (!f)
		return -errno;
	do {
		char *room = buf_reserve(&bytes, 65536);

		assert(room);
		n = fread(room, 1, 65536, f);
		buf_commit(&bytes, n);
	} while (n > 0);
	/* Of exactly the right size, so that a look beyond the end is seen. */
	exact = malloc(bytes.len ? bytes.len : 1);
	assert(exact);
	if (bytes.len)
		memcpy(exact, bytes.ptr, bytes.len);
	fprintf(stderr, "# %s\n", path);
	(void)LLVMFuzzerTestOneInput(exact, bytes.len);
	free(exact);
	return 0;
}

static int replay(const char *path, size_t *count)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	const struct dirent *entry;
	struct stat st;
	int r = 0;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode)) {
		++*count;
		return replay_file(path);
	}
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		_cleanup_(buf_release) struct buf below = BUF_INIT;

		if (entry->d_name[0] == '.')
			continue;
		buf_printf(&below, "%s/%s", path, entry->d_name);
		buf_add_char(&below, '\0');
		assert(buf_failed(&below) == 0);
		r = replay(below.ptr, count);
	}
	return r;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	int r = 0;

	printf("1..1\n");
	(void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc && r == 0; i++) {
		r = replay(argv[i], &count);
		if (r < 0)
			fprintf(stderr, "# %s: %s\n", argv[i], strerror(-r));
	}
	printf("%s 1 - %zu inputs\n", r == 0 && count > 0 ? "ok" : "not ok", count);
	return r == 0 && count > 0 ? 0 : 1;
}
