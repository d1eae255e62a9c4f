import type { Value } from '@varve/serde'

import type { TableFunction } from '../function.ts'

/** Elements that are not null at most: every one doubles the rows. */
const elementsMax = 20

/** CUBE_EXPLODE: every element that is not null is there or null, the last one changing fastest. */
export const cubeExplode: TableFunction = {
  kind: 'table',
  name: 'CUBE_EXPLODE',
  description: 'One row for each combination of the elements of an array being kept or null.',
  overloads: [
    {
      parameters: [{ name: 'columns', type: 'ARRAY<T>' }],
      returns: 'ARRAY<ARRAY<T>>',
      evaluate: cube,
    },
  ],
}

function cube(columns: readonly Value[]): Value {
  const places = columns.flatMap((column, i) => (column === null ? [] : [i]))
  if (places.length > elementsMax) {
    throw new RangeError(`a cube of ${places.length} columns has too many rows`)
  }
  return Array.from({ length: 2 ** places.length }, (_, combination) => {
    const row: Value[] = columns.map(() => null)
    for (const [bit, place] of places.entries()) {
      const isKept = (combination >> (places.length - 1 - bit)) & 1
      if (isKept === 1) row[place] = columns[place]!
    }
    return row
  })
}
