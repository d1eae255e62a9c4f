import type { Row } from '@varve/serde'
import type { AggregateNode } from '@varve/sql'
import {
  hoppingWindows,
  sessionWindows,
  type KGroupedStream,
  type KTable,
  type Materialized,
  type RecordContext,
  type Serde,
} from '@varve/streams'

import { bindAggregates } from './aggregate-calls.ts'
import type { PlanKey, TableFlow } from './flow.ts'
import { groupSelector } from './grouping.ts'
import { streamInput, tableInput } from './inputs.ts'
import type { LoweringContext } from './lowering-context.ts'

/**
 * GROUP BY with its aggregate functions: one row of states per group (and window) in a store, one row of results out of it.
 *
 * The grouping in front is lowered here too: the DSL has no flow for it.
 */
export function lowerAggregate(node: AggregateNode, context: LoweringContext): TableFlow {
  const calls = bindAggregates(node, context)
  const group = node.source
  const topic = context.internalTopic(`${group.step}-repartition`)
  const grouped: GroupedOptions = {
    name: group.step,
    keySerde: context.keySerde(group.formats.keyFormat, group.schema, topic),
    valueSerde: context.valueSerde(group.formats.valueFormat, group.schema.valueColumns, topic),
  }
  const materialized: Materialized<PlanKey, Row> = {
    store: node.store,
    keySerde: context.storeKeySerde(group.schema),
    valueSerde: context.storeValueSerde(),
    ...(node.window === undefined ? {} : { retentionMs: node.window.retentionMs }),
    ...(context.emitFinalComplete ? { closedWindows: 'complete' } : {}),
  }
  const states = node.table
    ? aggregateTable(node, context, calls, grouped, materialized)
    : aggregateStream(node, context, calls, grouped, materialized)
  const table = states.mapValues<Row>((row) => calls.results(row), { name: node.step })
  return {
    kind: 'table',
    table,
    keySerde: context.storeKeySerde(node.schema),
    windowed: node.window !== undefined,
  }
}

type Calls = ReturnType<typeof bindAggregates>

interface GroupedOptions {
  readonly name: string
  readonly keySerde: Serde<PlanKey>
  readonly valueSerde: Serde<Row | null>
}

function aggregateStream(
  node: AggregateNode,
  context: LoweringContext,
  calls: Calls,
  options: GroupedOptions,
  materialized: Materialized<PlanKey, Row>,
): KTable<PlanKey, Row> {
  const input = streamInput(node.source.source, context)
  const rows = input.stream.filter((_key, value) => value !== null)
  const select = groupSelector(node.source, input.windowed, context)
  const grouped: KGroupedStream<PlanKey, Row | null> = node.source.repartition
    ? rows.groupBy<PlanKey>((key, value, record) => select(key, value!, record), options)
    : rows.filter((key, value, record) => select(key, value!, record) !== null).groupByKey(options)
  const add = (key: PlanKey, value: Row | null, state: Row, record: RecordContext): Row =>
    calls.add(key, value!, state, record)
  if (node.window === undefined) {
    return grouped.aggregate<Row>(calls.initialize, add, materialized)
  }
  const strategy = context.emitFinal ? 'close' : 'changes'
  if (node.window.type === 'SESSION') {
    return grouped
      .windowedBySession(
        sessionWindows({ gapMs: node.window.sizeMs, graceMs: node.window.graceMs }),
      )
      .emitStrategy(strategy)
      .aggregate<Row>(
        calls.initialize,
        add,
        (_key, a, b) => calls.merge(a, b),
        materialized,
      ) as unknown as KTable<PlanKey, Row>
  }
  return grouped
    .windowedBy(
      hoppingWindows({
        sizeMs: node.window.sizeMs,
        advanceMs: node.window.advanceMs,
        graceMs: node.window.graceMs,
        retentionMs: node.window.retentionMs,
      }),
    )
    .emitStrategy(strategy)
    .aggregate<Row>(calls.initialize, add, materialized) as unknown as KTable<PlanKey, Row>
}

function aggregateTable(
  node: AggregateNode,
  context: LoweringContext,
  calls: Calls,
  options: GroupedOptions,
  materialized: Materialized<PlanKey, Row>,
): KTable<PlanKey, Row> {
  const input = tableInput(node.source.source, context)
  const select = groupSelector(node.source, input.windowed, context)
  const grouped = input.table.groupBy<PlanKey, Row>(
    (key, value, record) => [select(key, value, record), value],
    { ...options, valueSerde: options.valueSerde as Serde<Row> },
  )
  return grouped.aggregate<Row>(calls.initialize, calls.add, calls.undo, materialized)
}
