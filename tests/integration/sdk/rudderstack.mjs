// SPDX-License-Identifier: MIT
// @rudderstack/rudder-sdk-node under the command of a test (driver.mjs).
import { dated, obey } from './driver.mjs'
import { client } from './setup.mjs'

let open = 0
const failed = []

await obey({
  // [[METHOD, MESSAGE], ...]
  calls(calls) {
    for (const [method, message] of calls) {
      open++
      client[method](dated(message), (error) => {
        open--
        if (error) failed.push(error.message)
      })
    }
  },
  told: () => ({ open, failed }),
  async close() {
    while (open) {
      await client.flush()
      await new Promise(setImmediate)
    }
  },
})
