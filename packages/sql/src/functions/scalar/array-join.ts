import { SqlTypes, type SqlType, type Value } from '@varve/serde'

import { castFunction } from '../../expression/cast/cast.ts'
import type { ScalarFunction, ScalarOverload } from '../function.ts'

const joinable = ['BOOLEAN', 'INTEGER', 'BIGINT', 'DOUBLE', 'DECIMAL', 'STRING']

const array = { name: 'array', type: 'ARRAY<T>' }
const separator = { name: 'separator', type: 'STRING', description: 'Default a comma.' }

function overload(parameters: ScalarOverload['parameters']): ScalarOverload {
  return {
    parameters,
    returns: 'STRING',
    nulls: 'call',
    bind: ({ argumentTypes }) => {
      const text = textOf(argumentTypes[0]!)
      return (items: readonly Value[] | null, between: string | null = ',') =>
        items === null
          ? null
          : items.map((item) => (item === null ? 'null' : text(item))).join(between ?? '')
    },
  }
}

function textOf(type: SqlType): (value: NonNullable<Value>) => string {
  const element = type.kind === 'ARRAY' ? type.element : type
  const cast = joinable.includes(element.kind) ? castFunction(element, SqlTypes.STRING) : undefined
  return (value) => {
    if (cast === undefined) {
      throw new RangeError(`ARRAY_JOIN takes primitive elements, not ${element.kind}`)
    }
    return cast(value) as string
  }
}

/** ARRAY_JOIN: null elements print `null`, a null separator is empty. */
export const arrayJoin: ScalarFunction = {
  kind: 'scalar',
  name: 'ARRAY_JOIN',
  category: 'ARRAY',
  description: 'The elements of an array as one text, with a separator between them.',
  overloads: [overload([array]), overload([array, separator])],
}
