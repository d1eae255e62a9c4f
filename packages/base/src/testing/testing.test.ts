import { describe, expect, it } from 'vitest'

import { AssertionError } from '../errors.ts'
import { resourceClosed, resourceOpened } from '../resources.ts'
import { assertNoOpenResources, createSeededRandom, VirtualClock } from './index.ts'

describe('VirtualClock', () => {
  it('runs timers in order of their deadlines, those set on the way too', async () => {
    const clock = new VirtualClock(1000)
    const seen: string[] = []
    clock.setTimer(() => {
      seen.push(`b${clock.now()}`)
      clock.setTimer(() => seen.push(`c${clock.now()}`), 5)
    }, 20)
    clock.setTimer(() => seen.push(`a${clock.now()}`), 10)
    clock.setTimer(() => seen.push('late'), 100)
    clock.setTimer(() => seen.push('never'), 1).cancel()
    await clock.advance(50)
    expect(seen).toEqual(['a1010', 'b1020', 'c1025'])
    expect(clock.pendingTimers).toBe(1)
    expect(clock.now()).toBe(1050)
  })

  it('wakes sleepers and rejects aborted ones', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const aborted = clock.sleep(10, controller.signal).catch((error: unknown) => error)
    const slept = clock.sleep(10)
    controller.abort(new Error('stop'))
    await clock.advance(10)
    await slept
    expect(((await aborted) as Error).message).toBe('stop')
  })
})

describe('createSeededRandom', () => {
  it('repeats for the same seed', () => {
    const a = createSeededRandom(5)
    const b = createSeededRandom(5)
    expect([a.next(), a.below(100), a.uuid()]).toEqual([b.next(), b.below(100), b.uuid()])
    expect(a.uuid()).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
  })
})

describe('assertNoOpenResources', () => {
  it('names what was not closed, once', () => {
    const leak = {}
    const closed = {}
    resourceOpened(leak, 'table 000007.sst')
    resourceOpened(closed, 'snapshot')
    resourceClosed(closed)
    expect(assertNoOpenResources).toThrow(AssertionError)
    expect(assertNoOpenResources).not.toThrow()
  })
})
