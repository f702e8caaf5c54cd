/* SPDX-License-Identifier: MIT */
/*
 * Calls that this house does not use: each has a form that is bounded, reentrant or explicit
 * about its zone, and the compiler is a better reviewer than we are.
 */
#pragma once

#ifdef __GNUC__
#undef alloca /* glibc makes it a macro, and a macro cannot be poisoned */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gmtime localtime atoi atol
#pragma GCC poison atof rand gets alloca setlocale
#endif
