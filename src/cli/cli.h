/* SPDX-License-Identifier: MIT */
/* The tools: verbs that are not roles. Each is a main of its own; argv[0] is the verb. */
#pragma once

int archive_main(int argc, char **argv);
int backtest_main(int argc, char **argv);
int customer_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int hook_main(int argc, char **argv);
int mail_main(int argc, char **argv);
int identity_main(int argc, char **argv);
int import_main(int argc, char **argv);
int jobs_main(int argc, char **argv);
int key_main(int argc, char **argv);
int quarantine_main(int argc, char **argv);
int rules_main(int argc, char **argv);
int schema_main(int argc, char **argv);
int stats_main(int argc, char **argv);
int timeline_main(int argc, char **argv);
int why_main(int argc, char **argv);
int up_main(int argc, char **argv);
