// SPDX-License-Identifier: MIT
// @snowplow/node-tracker under the command of a test (driver.mjs).
import * as snowplow from '@snowplow/node-tracker'
import { obey } from './driver.mjs'
import { tracker } from './setup.mjs'

await obey({
  // [[BUILDER, MEMBERS, USER, ENTITIES, TIMESTAMP], ...]
  calls(calls) {
    for (const [builder, members, user, entities, timestamp] of calls) {
      tracker.setUserId(user)
      tracker.track(snowplow[builder](members), entities ?? undefined, timestamp ?? undefined)
    }
  },
  close: () => tracker.flush(),
})
