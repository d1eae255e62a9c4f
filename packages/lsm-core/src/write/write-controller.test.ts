import { VirtualClock } from '@varve/base/testing'
import { Version } from '@varve/manifest'
import { bytewiseComparator } from '@varve/base'
import { describe, expect, test } from 'vitest'

import type { ColumnFamily } from '../column-family/column-family.ts'
import type { WriteStallInfo } from '../options/event-listener.ts'
import { resolveColumnFamilyOptions } from '../options/resolve.ts'
import { WriteController } from './write-controller.ts'

/** What a controller looks at of a family. */
class FakeFamily {
  readonly name = 'fake'
  readonly options = resolveColumnFamilyOptions(
    { maxWriteBufferNumber: 4, level0SlowdownWritesTrigger: 5, level0StopWritesTrigger: 10 },
    { writeBufferSizeBytes: 1 << 20 },
  )
  pendingBytes = 0
  immutables: unknown[] = []
  superVersion = { version: new Version(bytewiseComparator, [[], []]) }
  readonly compactionPicker = { pendingCompactionBytes: (): number => this.pendingBytes }

  /** As the controller wants it: only what is above is asked for. */
  get asFamily(): ColumnFamily {
    return this as unknown as ColumnFamily
  }

  set({ level0 = 0, sealed = 0, pendingBytes = 0 }): void {
    const file = {
      number: 1,
      fileSizeBytes: 1,
      smallest: new Uint8Array(8),
      largest: new Uint8Array(8),
      smallestSequence: 1,
      largestSequence: 1,
    }
    this.pendingBytes = pendingBytes
    this.immutables = Array.from({ length: sealed }, () => ({}))
    this.superVersion = {
      version: new Version(bytewiseComparator, [Array.from({ length: level0 }, () => file), []]),
    }
  }
}

function create(rate = 1_000_000): {
  clock: VirtualClock
  controller: WriteController
  family: FakeFamily
  changes: WriteStallInfo[]
} {
  const clock = new VirtualClock(0)
  const changes: WriteStallInfo[] = []
  const controller = new WriteController({
    clock,
    delayedWriteRate: rate,
    onChange: (info) => void changes.push(info),
  })
  return { clock, controller, family: new FakeFamily(), changes }
}

const GiB = 1024 ** 3

describe('WriteController', () => {
  test.each([
    [{}, 'none'],
    [{ level0: 4, sealed: 2 }, 'none'],
    [{ level0: 5 }, 'slowed'],
    [{ level0: 10 }, 'stopped'],
    [{ sealed: 3 }, 'slowed'],
    [{ sealed: 4 }, 'stopped'],
    [{ pendingBytes: 64 * GiB }, 'slowed'],
    [{ pendingBytes: 256 * GiB }, 'stopped'],
  ])('finds with %j: %s', (state, expected) => {
    const { controller, family } = create()
    family.set(state)
    expect(controller.stallOf([family.asFamily])).toBe(expected)
  })

  test('lets slowed writes through at the delayed rate', async () => {
    const { clock, controller, family } = create()
    family.set({ level0: 5 })
    const families = [family.asFamily]
    let written = 0
    for (let ms = 0; ms < 1000; ms++) {
      for (;;) {
        const pause = controller.holdBack(families)
        if (pause !== undefined) break
        controller.noteWritten(10_000)
        written += 10_000
      }
      await clock.advance(1)
    }
    expect(controller.delayedWriteRate).toBe(1_000_000)
    expect(written).toBeGreaterThan(900_000)
    expect(written).toBeLessThan(1_100_000)
    family.set({})
    expect(controller.holdBack(families)).toBeUndefined()
    expect(controller.delayedWriteRate).toBe(0)
  })

  test('slows more as the debt grows, and less as it is paid', () => {
    const { controller, family } = create()
    const families = [family.asFamily]
    const rateAt = (pendingBytes: number): number => {
      family.set({ pendingBytes })
      void controller.holdBack(families)
      return Math.round(controller.delayedWriteRate)
    }
    expect(rateAt(65 * GiB)).toBe(1_000_000)
    expect(rateAt(66 * GiB)).toBe(800_000)
    expect(rateAt(250 * GiB)).toBe(480_000)
    expect(rateAt(100 * GiB)).toBe(600_000)
  })

  test('lets stopped writes wait until something has changed', async () => {
    const { controller, family } = create()
    const families = [family.asFamily]
    family.set({ level0: 10 })
    const pause = controller.holdBack(families)
    let isOver = false
    const waiting = pause!.then(() => {
      isOver = true
    })
    await Promise.resolve()
    expect(isOver).toBe(false)
    family.set({ level0: 1 })
    controller.release()
    await waiting
    expect(controller.holdBack(families)).toBeUndefined()
  })

  test('leaves no timer behind when slowed writes are let go', async () => {
    const { clock, controller, family } = create(20_000)
    family.set({ level0: 5 })
    const families = [family.asFamily]
    expect(controller.holdBack(families)).toBeUndefined()
    controller.noteWritten(1_000_000)
    const pause = controller.holdBack(families)
    expect(clock.pendingTimers).toBe(1)
    controller.release()
    await pause
    expect(clock.pendingTimers).toBe(0)
  })

  test('tells each change of condition once, with its cause', () => {
    const { controller, family, changes } = create()
    const families = [family.asFamily]
    for (const state of [{}, { level0: 5 }, { level0: 6 }, { level0: 11 }, { sealed: 4 }, {}]) {
      family.set(state)
      controller.stallOf(families)
      controller.stallOf(families)
    }
    expect(changes.map(({ previous, condition, cause }) => [previous, condition, cause])).toEqual([
      ['normal', 'delayed', 'level0Files'],
      ['delayed', 'stopped', 'level0Files'],
      ['stopped', 'normal', undefined],
    ])
  })
})
