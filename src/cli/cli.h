/* SPDX-License-Identifier: MIT */
/* The tools: verbs that are not roles. Each is a main of its own; argv[0] is the verb. */
#pragma once

int backtest_main(int argc, char **argv);
