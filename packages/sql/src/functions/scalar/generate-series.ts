import { addInt64, compareInt64, type Int64, type Value } from '@varve/serde'

import type { ScalarFunction, ScalarOverload } from '../function.ts'

/** Longest result: a size from the data must not fill the memory. */
const lengthMax = 1_000_000

function overload(type: string, hasStep: boolean): ScalarOverload {
  const step = { name: 'step', type: 'INTEGER', description: 'Default 1 or -1 by direction.' }
  return {
    parameters: [{ name: 'from', type }, { name: 'to', type }, ...(hasStep ? [step] : [])],
    returns: `ARRAY<${type}>`,
    evaluate: series,
  }
}

function series(from: Int64, to: Int64, given?: number): Value {
  const direction = compareInt64(to, from)
  const step = given ?? (direction < 0 ? -1 : 1)
  if (step === 0) throw new RangeError('the step of GENERATE_SERIES cannot be zero')
  if (direction !== 0 && direction > 0 !== step > 0) {
    throw new RangeError('the step of GENERATE_SERIES has the wrong sign')
  }
  const count = (BigInt(to) - BigInt(from)) / BigInt(step) + 1n
  if (count > lengthMax) throw new RangeError(`a series of ${count} elements is too long`)
  const items: Int64[] = []
  for (let item = from; items.length < Number(count); item = addInt64(item, step)) items.push(item)
  return items
}

/** GENERATE_SERIES: both ends included. */
export const generateSeries: ScalarFunction = {
  kind: 'scalar',
  name: 'GENERATE_SERIES',
  category: 'ARRAY',
  description: 'The whole numbers from one to another, both included.',
  overloads: [
    overload('INTEGER', false),
    overload('BIGINT', false),
    overload('INTEGER', true),
    overload('BIGINT', true),
  ],
}
