// SPDX-License-Identifier: MIT
// posthog-node under the command of a test (driver.mjs).
import { dated, obey } from './driver.mjs'
import { posthog } from './setup.mjs'

const failed = []

posthog.on('error', (error) => failed.push(String(error.message)))

await obey({
  // [[METHOD, MESSAGE], ...]
  calls(calls) {
    for (const [method, message] of calls) posthog[method](dated(message))
  },
  told: () => ({ failed }),
  close: () => posthog.shutdown(60000),
})
