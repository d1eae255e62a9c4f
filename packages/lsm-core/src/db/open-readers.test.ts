import { expect, test } from 'vitest'

import { OpenReaders } from './open-readers.ts'

test('readers are there from their opening to their closing, in whatever order they close', () => {
  const open = new OpenReaders()
  const model = new Set<{ close(): void }>()
  for (let i = 0; i < 1000; i++) {
    const reader = { close: () => open.delete(reader) }
    open.add(reader)
    model.add(reader)
    for (const other of model) {
      if ((i * 7919) % 3 === 0) continue
      model.delete(other)
      other.close()
      other.close()
      break
    }
    expect(open.size).toBe(model.size)
  }
  expect([...open]).toEqual([...model])
  for (const reader of [...open]) reader.close()
  expect(open.size).toBe(0)
})
