// SPDX-License-Identifier: MIT
// @segment/analytics-node under the command of a test (driver.mjs).
import { dated, obey } from './driver.mjs'
import { analytics } from './setup.mjs'

const delivered = [], failed = []

analytics.on('error', ({ reason }) => console.error('error:', reason?.message ?? reason))

await obey({
  // [[METHOD, MESSAGE], ...]
  calls(calls) {
    for (const [method, message] of calls)
      analytics[method](dated(message), (error, ctx) =>
        (error ? failed : delivered).push(ctx.event.messageId))
  },
  // What the library has told its caller so far.
  told: () => ({ delivered, failed }),
  close: () => analytics.closeAndFlush({ timeout: 60000 }),
})
