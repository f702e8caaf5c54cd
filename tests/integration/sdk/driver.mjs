// SPDX-License-Identifier: MIT
// The other end of sdk.py's Driver: reads commands, a JSON array [NAME, ARGUMENT...] a line, carries
// them out one after the other and answers each with a line {"value": …} or {"error": …}.
import { createInterface } from 'node:readline'

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n')

export async function obey(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, ...args] = JSON.parse(line)
    try {
      say({ value: (await commands[name](...args)) ?? null })
    } catch (error) {
      say({ error: String(error?.stack ?? error) })
    }
  }
  process.exit(0)
}

// JSON has no dates, and the libraries want them.
export const dated = (message) =>
  message.timestamp ? { ...message, timestamp: new Date(message.timestamp) } : message
