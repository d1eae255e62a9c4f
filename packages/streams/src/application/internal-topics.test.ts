import { describe, expect, it } from 'vitest'

import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { Serde } from '../serde.ts'
import { planPartitions } from './internal-topics.ts'

const bytes: Serde<Uint8Array> = { serialize: (value) => value, deserialize: (value) => value! }
const serdes = { keySerde: bytes, valueSerde: bytes }

describe('planPartitions', () => {
  it('gives a repartition topic as many partitions as what is upstream', () => {
    const builder = new StreamsBuilder()
    const merged = builder.stream('a', serdes).merge(builder.stream('b', serdes))
    merged
      .selectKey((key) => key)
      .repartition({ name: 'first', ...serdes })
      .selectKey((key) => key)
      .repartition({ name: 'second', ...serdes })
      .to('out')
    const plan = planPartitions(
      builder.build(),
      new Map([
        ['a', 2],
        ['b', 5],
      ]),
    )
    expect(plan.byTopic.get('first-repartition')).toBe(5)
    expect(plan.byTopic.get('second-repartition')).toBe(5)
    expect(plan.taskCounts).toEqual([5, 5, 5])
  })

  it('gives it as many as the topic that it is joined with', () => {
    const builder = new StreamsBuilder()
    const table = builder.table('table', serdes)
    builder
      .stream('in', serdes)
      .selectKey((key) => key)
      .join(table, (left) => left, { name: 'joined', ...serdes })
      .to('out', serdes)
    const plan = planPartitions(
      builder.build(),
      new Map([
        ['in', 2],
        ['table', 3],
      ]),
    )
    expect(plan.byTopic.get('joined-repartition')).toBe(3)
  })

  it('refuses to join topics with different numbers of partitions, naming both', () => {
    const builder = new StreamsBuilder()
    const table = builder.table('table', serdes)
    builder
      .stream('in', serdes)
      .join(table, (left) => left)
      .to('out', serdes)
    const external = new Map([
      ['in', 2],
      ['table', 3],
    ])
    expect(() => planPartitions(builder.build(), external)).toThrow('in (2), table (3)')
  })
})
