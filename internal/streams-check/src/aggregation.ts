import { InvalidOptionError } from '@varve/base'

import { at, numberAt, type CaseValue, type Json, type JsonObject } from './case.ts'

type Row = JsonObject

/** The aggregate functions of the cases, over the field that a case names. */
export interface Aggregation {
  /** Its result is one of the records. */
  readonly reduces: boolean
  readonly initial: () => Row
  readonly add: (aggregate: Row, value: CaseValue) => Row
  readonly subtract: (aggregate: Row, value: CaseValue) => Row
  readonly merge: (a: Row, b: Row) => Row
  readonly reduce: (kept: CaseValue, next: CaseValue) => CaseValue
}

const reducers: Readonly<Record<string, (before: number, after: number) => boolean>> = {
  min: (before, after) => after < before,
  max: (before, after) => after > before,
  latest: () => true,
  earliest: () => false,
}

function average(sum: number, n: number): Row {
  return { v: n === 0 ? 0 : sum / n, sum, n }
}

function without(list: readonly Json[], element: Json): readonly Json[] {
  const wanted = JSON.stringify(element)
  const index = list.findLastIndex((candidate) => JSON.stringify(candidate) === wanted)
  return index < 0 ? list : list.toSpliced(index, 1)
}

/** The function of that name. @throws InvalidOptionError */
export function aggregation(name: string, field: string): Aggregation {
  const change = (aggregate: Row, value: CaseValue, sign: 1 | -1): Row => {
    if (name === 'count') return { v: numberAt(aggregate, 'v') + sign }
    if (value === null) return aggregate
    switch (name) {
      case 'sum':
        return { v: numberAt(aggregate, 'v') + sign * numberAt(value, field) }
      case 'avg':
        return average(
          numberAt(aggregate, 'sum') + sign * numberAt(value, field),
          numberAt(aggregate, 'n') + sign,
        )
      case 'collect': {
        const list = aggregate['v'] as readonly Json[]
        const element = at(value, field) ?? null
        return { v: sign > 0 ? [...list, element] : without(list, element) }
      }
      default:
        throw new InvalidOptionError('fn', `there is no aggregate "${name}"`)
    }
  }
  return {
    reduces: name in reducers,
    initial: () => (name === 'avg' ? average(0, 0) : name === 'collect' ? { v: [] } : { v: 0 }),
    add: (aggregate, value) => change(aggregate, value, 1),
    subtract: (aggregate, value) => change(aggregate, value, -1),
    merge(a, b) {
      if (name === 'avg') {
        return average(numberAt(a, 'sum') + numberAt(b, 'sum'), numberAt(a, 'n') + numberAt(b, 'n'))
      }
      if (name === 'collect') {
        return { v: [...(a['v'] as readonly Json[]), ...(b['v'] as readonly Json[])] }
      }
      return { v: numberAt(a, 'v') + numberAt(b, 'v') }
    },
    reduce(kept, next) {
      if (next === null || kept === null) return next ?? kept
      return reducers[name]!(numberAt(kept, field), numberAt(next, field)) ? next : kept
    },
  }
}
