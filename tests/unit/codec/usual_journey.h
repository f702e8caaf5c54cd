/* SPDX-License-Identifier: MIT */
/* What a shop mostly keeps, for the tests of records and for what they cost. */
#pragma once

#include "core/journey.h"

/* 2026-11-21T12:00:00.000Z */
#define NOON INT64_C(1795262400000)

/* A cart abandoned, an order on its way, three rules waiting, at NOON. The caller frees it. */
struct journey *usual_journey(void);
