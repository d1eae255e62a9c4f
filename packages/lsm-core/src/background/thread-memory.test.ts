import { BlockCache } from '@varve/sst-format'
import { expect, test } from 'vitest'

import { ThreadMemory } from './thread-memory.ts'

const MiB = 1 << 20

test('the memory of a thread counts against the budget of whom it works for', () => {
  const first = new BlockCache({ capacityBytes: 1024 * MiB })
  const second = new BlockCache({ capacityBytes: 1024 * MiB })
  const memory = new ThreadMemory()
  memory.workFor(first)
  memory.update(40 * MiB)
  // With what is resident besides heap and buffers.
  expect(first.reservedBytes).toBe(49 * MiB)
  memory.workFor(second)
  expect(first.reservedBytes).toBe(0)
  expect(second.reservedBytes).toBe(49 * MiB)
  memory.release()
  memory.release()
  expect(second.reservedBytes).toBe(0)
})

test('a thread counts for a part of a small budget', () => {
  const cache = new BlockCache({ capacityBytes: 20 * MiB })
  const memory = new ThreadMemory()
  memory.workFor(cache)
  memory.update(40 * MiB)
  expect(cache.reservedBytes).toBe(4 * MiB)
})
