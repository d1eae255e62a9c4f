import type { SqlType, Value } from '@varve/serde'

import { valuesEqual } from '../../expression/compare-values.ts'
import type { AggregateFunction, Aggregator, AggregatorSettings } from '../function.ts'

/** Elements at most, so that a group cannot outgrow the memory; a property sets less. */
const elementsMax = 1_000_000

/** The bound that a property sets; a negative one is none. @throws RangeError for a setting that is no number */
function limitOf(settings: AggregatorSettings, property: string): number {
  const setting = settings[property]
  if (setting === undefined) return elementsMax
  const limit = Number(setting)
  if (!Number.isInteger(limit)) throw new RangeError(`${property} must be a whole number`)
  return limit < 0 ? elementsMax : Math.min(limit, elementsMax)
}

function collector(type: SqlType, distinct: boolean, limit: number): Aggregator {
  const state: SqlType = { kind: 'ARRAY', element: type }
  const append = (values: readonly Value[], value: Value): readonly Value[] => {
    if (values.length >= limit) return values
    if (distinct && values.some((known) => valuesEqual(known, value))) return values
    return [...values, value]
  }
  const base: Aggregator = {
    stateType: state,
    resultType: state,
    initialize: () => [],
    add: ([value = null], values) => append(values as readonly Value[], value),
    merge: (a, b) => (b as readonly Value[]).reduce(append, a as readonly Value[]),
    result: (values) => values,
  }
  if (distinct) return base
  return {
    ...base,
    undo: ([value = null], values) => {
      const list = values as readonly Value[]
      const at = list.findLastIndex((known) => valuesEqual(known, value))
      return at === -1 ? list : list.toSpliced(at, 1)
    },
  }
}

function define(name: string, description: string, distinct: boolean): AggregateFunction {
  const property = `ksql.functions.${name.toLowerCase()}.limit`
  return {
    kind: 'aggregate',
    name,
    description,
    overloads: [
      {
        parameters: [{ name: 'value', type: 'T' }],
        settings: [property],
        create: ([type], _constants, settings) =>
          collector(type!, distinct, limitOf(settings, property)),
      },
    ],
  }
}

/** COLLECT_LIST: all values in order of arrival, nulls included, up to `ksql.functions.collect_list.limit`. */
export const collectList: AggregateFunction = define(
  'COLLECT_LIST',
  'All values in order of arrival, nulls included.',
  false,
)

/** COLLECT_SET: the distinct values in order of first arrival, null counting once, up to `ksql.functions.collect_set.limit`. */
export const collectSet: AggregateFunction = define(
  'COLLECT_SET',
  'The distinct values in order of first arrival; null counts once.',
  true,
)
