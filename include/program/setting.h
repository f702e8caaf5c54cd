/* SPDX-License-Identifier: MIT */
/*
 * Settings of a program, by table. Every row can be given in four places, of which the later wins:
 * its fallback, the configuration file (`key = value` under `[section]`), the environment
 * (WAYMARK_SECTION_KEY) and the command line (`--option value` or `--option=value`). The row says
 * all about it once: name, kind, limits, help; the value lands in a struct of the program's own.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

enum setting_kind {
	SETTING_TEXT,	/* const char *, never NULL; at most `max` bytes if that is not 0 */
	SETTING_SECRET, /* likewise, never shown; also `KEY_file = PATH` and `…_KEY_FILE`, whose
			   contents count without the last line end */
	SETTING_INT,	/* int64_t within min..max */
	SETTING_SIZE,	/* int64_t of bytes, `512K`, `4M`, `1G` (powers of 1024); within min..max */
	SETTING_DURATION, /* int64_t of milliseconds, `90s`, `4h` (base/instant.h); within min..max
			   */
	SETTING_BOOL, /* bool: yes no true false on off 1 0; on the command line it takes no value
			 and means yes */
};

struct setting {
	const char *section, *key; /* lower case, `_`; section NULL: command line only */
	const char *option;	   /* "listen" for --listen; NULL: not on the command line */
	enum setting_kind kind;
	size_t offset;	      /* of the value in the program's struct: offsetof */
	const char *fallback; /* as one would write it; NULL: empty, 0, no */
	int64_t min, max;
	const char *value; /* what help calls it: "ADDRESS" */
	const char *help;  /* one line */
};

/* A table and the struct that it fills. */
struct setting_table {
	const struct setting *rows;
	size_t n;
	void *target;
};

enum { SETTINGS_WRONG = 1 };

struct settings_input {
	const struct setting_table *tables;
	size_t n_tables;
	struct span config;	  /* the INI file; empty: none */
	const char *config_name;  /* its path, for messages */
	const char *const *owned; /* sections whose every key must be a row's; ended by NULL */
	char **environ;		  /* NULL: none */
	char **argv;		  /* what stands behind the verb, ended by NULL */
};

/*
 * Fills the targets; text lies in ARENA. Operands (what is no option, and all behind `--`) are
 * moved to the front of argv in their order, *ret_n_operands of them. The file is shared: a key
 * that no row has is passed over unless its section is OWNED.
 * 0, -ENOMEM, or SETTINGS_WRONG with a sentence in WORDS that names the place.
 */
int settings_read(const struct settings_input *input, struct arena *arena, struct buf *words,
	size_t *ret_n_operands);

/* --help or -h is in ARGV: then nothing else matters, a broken file least of all. */
bool settings_ask_help(char **argv);

/* The value of the last --OPTION in ARGV, judging nothing else; NULL if there is none. It is how
 * the configuration file is found before settings are read. */
const char *settings_peek(char **argv, const char *option);

/* Adds the table of options, their environment names and fallbacks, as help shows it. */
void settings_help(struct buf *out, const struct setting_table *tables, size_t n_tables);
