import { createHash } from 'node:crypto'

import { SqlTypes, type Value } from '@varve/serde'

import { valueText } from '../../expression/value-identity.ts'
import type { AggregateFunction, Aggregator } from '../function.ts'
import { addHash, emptySketch, estimate, mergeSketches } from './hyper-log-log.ts'

/** Same values must have the same hash in every process and version: the sketches live in changelogs. */
function hash(value: Value): bigint {
  return createHash('sha1').update(valueText(value)).digest().readBigUInt64BE(0)
}

const aggregator: Aggregator = {
  stateType: SqlTypes.BYTES,
  resultType: SqlTypes.BIGINT,
  initialize: () => emptySketch,
  add: ([value = null], state) =>
    value === null ? state : addHash(state as Uint8Array, hash(value)),
  merge: (a, b) => mergeSketches(a as Uint8Array, b as Uint8Array),
  result: (state) => estimate(state as Uint8Array),
}

/** COUNT_DISTINCT: an estimate, off by about 0.8 %; nulls do not count. */
export const countDistinct: AggregateFunction = {
  kind: 'aggregate',
  name: 'COUNT_DISTINCT',
  description: 'Estimates how many distinct values there are (HyperLogLog).',
  overloads: [{ parameters: [{ name: 'value', type: 'T' }], create: () => aggregator }],
}
