import { expect, test } from 'vitest'

import { ThreadGarbage } from './thread-garbage.ts'

const MiB = 1 << 20

test('garbage is collected when a thread takes eight megabytes more than it needed', () => {
  let live = 10 * MiB
  let garbage = 0
  let collections = 0
  const thread = new ThreadGarbage(
    () => {
      collections++
      garbage = 0
    },
    () => live + garbage,
  )
  garbage = 7 * MiB
  expect(thread.collectIfDue()).toBe(17 * MiB)
  garbage = 9 * MiB
  expect(thread.collectIfDue()).toBe(10 * MiB)
  expect(collections).toBe(1)
  // What a job needs for long is no garbage.
  live = 30 * MiB
  expect(thread.collectIfDue()).toBe(30 * MiB)
  garbage = 5 * MiB
  expect(thread.collectIfDue()).toBe(35 * MiB)
  expect(collections).toBe(2)
  // When it needs less, less is due.
  live = 12 * MiB
  garbage = 0
  thread.collectIfDue()
  garbage = 8 * MiB
  expect(thread.collectIfDue()).toBe(12 * MiB)
  expect(collections).toBe(3)
})

test('buffers that nobody holds any more go', async () => {
  const thread = new ThreadGarbage()
  let freed = 0
  const registry = new FinalizationRegistry(() => freed++)
  const leaveBehind = (count: number): void => {
    for (let i = 0; i < count; i++) registry.register(new Uint8Array(MiB), i)
  }
  for (let round = 0; round < 20 && freed < 32; round++) {
    leaveBehind(16)
    thread.collectIfDue()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(freed).toBeGreaterThanOrEqual(32)
  expect(globalThis).not.toHaveProperty('gc')
})
