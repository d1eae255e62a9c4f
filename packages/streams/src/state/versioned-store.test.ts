import fc from 'fast-check'
import { expect, it } from 'vitest'

import { memoryTaskDatabase } from './memory-storage.ts'
import { TaskState } from './task-state.ts'
import { VersionedStore } from './versioned-store.ts'

const text = {
  serialize: (value: string) => new Uint8Array(Buffer.from(value)),
  deserialize: (bytes: Uint8Array | null) => Buffer.from(bytes!).toString(),
}

function open(historyMs: number): { store: VersionedStore<string, string>; state: TaskState } {
  const state = new TaskState(memoryTaskDatabase())
  const observed = state.number('t/store/s', -1)
  return {
    state,
    store: new VersionedStore('s', state.store('s'), text, text, historyMs, observed),
  }
}

it('answers as of any time in the history, whatever the order of the updates', () => {
  const update = fc.record({
    key: fc.constantFrom('a', 'b'),
    value: fc.option(fc.constantFrom('x', 'y', 'z'), { nil: null }),
    time: fc.nat(60),
  })
  fc.assert(
    fc.property(fc.array(update, { maxLength: 40 }), fc.nat(30), (updates, historyMs) => {
      const { store, state } = open(historyMs)
      const model = new Map<string, Map<number, string | null>>()
      let observed = -1
      for (const { key, value, time } of updates) {
        const versions = model.get(key) ?? new Map<number, string | null>()
        model.set(key, versions)
        const place = store.put(key, value, time)
        if (time < observed - historyMs) {
          expect(place).toBe('expired')
          continue
        }
        observed = Math.max(observed, time)
        const newest = Math.max(-1, ...versions.keys())
        expect(place).toBe(newest > time ? 'past' : 'latest')
        const older = [...versions.keys()].filter((at) => at < time).sort((a, b) => b - a)[0]
        const first = older === undefined || versions.get(older) === null
        // A deletion at the time of a first version takes it back.
        const takenBack =
          value === null && place === 'latest' && (versions.get(time) ?? null) !== null
        if (takenBack && first) versions.delete(time)
        else versions.set(time, value)
        state.commit()
        for (let at = Math.max(0, observed - historyMs); at <= observed; at++) {
          for (const [name, held] of model) {
            const valid = [...held.keys()].filter((from) => from <= at).sort((a, b) => b - a)[0]
            const expected = valid === undefined ? null : held.get(valid)!
            expect(store.getAsOf(name, at)?.value ?? null).toBe(expected)
          }
        }
      }
      const rows = [...store.all()].map((row) => row.key)
      expect(rows).toEqual(['a', 'b'].filter((key) => store.get(key) !== undefined))
      expect([...store.range({ reverse: true })].map((row) => row.key)).toEqual(rows.toReversed())
    }),
    { numRuns: 300 },
  )
})

it('keeps no more of the past than can be asked for', () => {
  const { store, state } = open(10)
  for (let time = 0; time < 1_000; time++) store.put('a', `v${time}`, time)
  state.commit()
  expect([...state.store('s').committed({})].length).toBeLessThanOrEqual(11)
})

it('answers with the row of now even when the time asked for is forgotten', () => {
  const { store } = open(10)
  store.put('a', 'old', 1)
  store.put('b', 'new', 100)
  expect(store.getAsOf('a', 5)).toEqual({ value: 'old', timestamp: 1 })
  store.put('a', 'newer', 101)
  expect(store.getAsOf('a', 5)).toBeUndefined()
})
