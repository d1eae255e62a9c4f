import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

type Entries = ReadonlyMap<Value, Value>

/** MAP_UNION: a null map counts as an empty one, two give null; the second map wins. */
export const mapUnion: ScalarFunction = {
  kind: 'scalar',
  name: 'MAP_UNION',
  category: 'MAP',
  description: 'The entries of two maps; of keys in both the second value.',
  overloads: [
    {
      parameters: [
        { name: 'first', type: 'MAP<STRING, T>' },
        { name: 'second', type: 'MAP<STRING, T>' },
      ],
      returns: 'MAP<STRING, T>',
      nulls: 'call',
      evaluate: (first: Entries | null, second: Entries | null): Value =>
        first === null || second === null ? (first ?? second) : new Map([...first, ...second]),
    },
  ],
}
