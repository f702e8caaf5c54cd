/* SPDX-License-Identifier: MIT */
/*
 * Calls that this house does not use: each has a form that is bounded, reentrant or explicit
 * about its zone, and the compiler is a better reviewer than we are.
 */
#pragma once

#ifdef __GNUC__
/* glibc makes macros of these (the last two for clang, with _FORTIFY_SOURCE), and a macro cannot be
 * poisoned. */
#undef alloca
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gmtime localtime atoi atol
#pragma GCC poison atof rand gets alloca setlocale
#endif
