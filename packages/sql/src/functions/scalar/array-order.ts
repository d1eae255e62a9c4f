import type { SqlType, Value } from '@varve/serde'

import { comparator, type CompareFunction } from '../../expression/compare-values.ts'
import type { ScalarFunction, ScalarOverload } from '../function.ts'

function elementOrder(types: readonly SqlType[]): CompareFunction {
  const [type] = types
  return type?.kind === 'ARRAY' ? comparator(type.element, type.element) : () => 0
}

function extreme(name: string, description: string, sign: 1 | -1): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    category: 'ARRAY',
    description,
    overloads: [
      {
        parameters: [{ name: 'array', type: 'ARRAY<T>' }],
        returns: 'T',
        bind: ({ argumentTypes }) => {
          const compare = elementOrder(argumentTypes)
          return (items: readonly Value[]): Value =>
            items.reduce((best: Value, item) => {
              if (item === null) return best
              return best === null || compare(item, best) * sign > 0 ? item : best
            }, null)
        },
      },
    ],
  }
}

/** Direction of a sort by its name; undefined for another word. */
function signOf(direction: string | null): 1 | -1 | undefined {
  switch (direction?.toUpperCase()) {
    case 'ASC':
    case 'ASCENDING':
      return 1
    case 'DESC':
    case 'DESCENDING':
      return -1
    default:
      return undefined
  }
}

function sorting(parameters: ScalarOverload['parameters']): ScalarOverload {
  return {
    parameters,
    returns: 'ARRAY<T>',
    nulls: 'call',
    bind: ({ argumentTypes }) => {
      const compare = elementOrder(argumentTypes)
      return (items: readonly Value[] | null, direction: string | null = 'ASC'): Value => {
        const sign = signOf(direction)
        if (items === null || sign === undefined) return null
        return items.toSorted((a, b) => {
          if (a === null || b === null) return Number(a === null) - Number(b === null)
          return compare(a, b) * sign
        })
      }
    },
  }
}

const array = { name: 'array', type: 'ARRAY<T>' }
const direction = { name: 'direction', type: 'STRING', description: 'ASC (default) or DESC.' }

/** What the order of the elements decides; nulls are skipped, a sort puts them last in both directions. */
export const arrayOrder: readonly ScalarFunction[] = [
  extreme('ARRAY_MAX', 'The greatest element; nulls are skipped.', 1),
  extreme('ARRAY_MIN', 'The smallest element; nulls are skipped.', -1),
  {
    kind: 'scalar',
    name: 'ARRAY_SORT',
    category: 'ARRAY',
    description: 'The elements in order, nulls last.',
    overloads: [sorting([array]), sorting([array, direction])],
  },
]
