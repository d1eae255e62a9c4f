import { assert, UnsupportedError } from '@varve/base'
import type { Row, Value } from '@varve/serde'
import {
  createAggregator,
  type AggregateNode,
  type Aggregator,
  type CompiledExpression,
} from '@varve/sql'
import type { RecordContext } from '@varve/streams'

import type { PlanKey } from './flow.ts'
import type { LoweringContext } from './lowering-context.ts'
import type { RecordEvaluation } from './record-evaluation.ts'

/** The aggregate functions of one node over rows of states. */
export interface BoundAggregates {
  initialize(): Row
  add(key: PlanKey, value: Row, states: Row, record: RecordContext): Row
  undo(key: PlanKey, value: Row, states: Row, record: RecordContext): Row
  merge(a: Row, b: Row): Row
  /** The row that queries see. */
  results(states: Row): Row
}

interface Bound {
  readonly aggregator: Aggregator
  readonly arguments: readonly CompiledExpression[]
  /** Reused for each row; borrowed by the function. */
  readonly values: Value[]
}

/** Compiles the calls of an aggregate node. */
export function bindAggregates(node: AggregateNode, context: LoweringContext): BoundAggregates {
  const evaluation = context.evaluation(node.step, false)
  const calls = node.calls.map((call): Bound => ({
    aggregator: createAggregator(call, context.functions),
    arguments: call.arguments.map((argument) => context.compile(argument)),
    values: new Array<Value>(call.arguments.length).fill(null),
  }))
  const empty: readonly Value[] = calls.map(() => null)
  return {
    initialize: () => calls.map((call) => call.aggregator.initialize()),
    add: (key, value, states, record) => {
      const keyRow = evaluation.moveTo(key, record)
      const next = empty.slice()
      for (let i = 0; i < calls.length; i++) {
        const call = calls[i]!
        const values = evaluateArguments(call, keyRow, value, evaluation)
        next[i] = call.aggregator.add(values, states[i] ?? null)
      }
      return next
    },
    undo: (key, value, states, record) => {
      const keyRow = evaluation.moveTo(key, record)
      return calls.map((call, i) => {
        assert(call.aggregator.undo !== undefined, 'functions over tables can undo')
        return call.aggregator.undo(
          evaluateArguments(call, keyRow, value, evaluation),
          states[i] ?? null,
        )
      })
    },
    merge: (a, b) =>
      calls.map((call, i) => {
        if (call.aggregator.merge === undefined) {
          throw new UnsupportedError(
            `aggregate function "${node.calls[i]!.function}" over sessions`,
          )
        }
        return call.aggregator.merge(a[i] ?? null, b[i] ?? null)
      }),
    results: (states) => {
      const row = empty.slice()
      for (let i = 0; i < calls.length; i++) {
        row[i] = calls[i]!.aggregator.result(states[i] ?? null)
      }
      return row
    },
  }
}

function evaluateArguments(
  call: Bound,
  key: Row | null,
  value: Row,
  evaluation: RecordEvaluation,
): readonly Value[] {
  for (let i = 0; i < call.arguments.length; i++) {
    call.values[i] = call.arguments[i]!(key, value, evaluation)
  }
  return call.values
}
