/* SPDX-License-Identifier: MIT */
#include "archive_draft.h"

#define FILE_MODE 0640

void archive_draft_init(struct archive_draft *d)
{
	*d = (struct archive_draft){.text = BUF_INIT, .packed = BUF_INIT};
}

void archive_draft_release(struct archive_draft *d)
{
	gzip_out_free(d->gzip);
	file_draft_free(d->file);
	buf_release(&d->text);
	buf_release(&d->packed);
}

int archive_draft_open(struct archive_draft *d, const char *path)
{
	int r = gzip_out_new(&d->gzip);

	sha256_init(&d->sum);
	return r == 0 ? file_draft_open(path, FILE_MODE, &d->file) : r;
}

static int flush(struct archive_draft *d, bool end)
{
	int r = buf_failed(&d->text);

	sha256_add(&d->sum, buf_span(&d->text));
	d->text_bytes += d->text.len;
	buf_reset(&d->packed);
	if (r == 0)
		r = gzip_out_add(d->gzip, buf_span(&d->text), &d->packed);
	if (r == 0 && end)
		r = gzip_out_end(d->gzip, &d->packed);
	buf_reset(&d->text);
	if (r == 0)
		r = file_draft_add(d->file, buf_span(&d->packed));
	d->file_bytes += d->packed.len;
	return r;
}

int archive_draft_flush(struct archive_draft *d)
{
	return flush(d, false);
}

int archive_draft_end(
	struct archive_draft *d, struct archive_coder *coder, const struct archive_line *end)
{
	struct archive_line last = *end;
	char digest[2 * SHA256_SIZE + 1];
	unsigned char bytes[SHA256_SIZE];
	int r = flush(d, false);

	if (r < 0)
		return r;
	sha256_end(&d->sum, bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
	last.sha256 = span_str(digest);
	r = archive_line_write(coder, &last, NULL, &d->text);
	return r == 0 ? flush(d, true) : r;
}
