/* SPDX-License-Identifier: MIT */
/*
 * The collector: takes events over HTTP and keeps them in the log. `waymark collector --help`
 * lists its settings.
 */
#pragma once

/* A program as program/program.h describes it. */
int collector_main(int argc, char **argv);
