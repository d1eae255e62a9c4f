import type { Value } from '@varve/serde'

import type { ScalarFunction } from '../function.ts'

/** AS_VALUE: The argument itself; says that a key column is to be copied into the value. */
export const asValue: ScalarFunction = {
  kind: 'scalar',
  name: 'AS_VALUE',
  category: 'OTHER',
  description: 'The argument itself; says that a key column is to be copied into the value.',
  overloads: [
    {
      parameters: [{ name: 'key', type: 'T' }],
      returns: 'T',
      nulls: 'call',
      evaluate: (key: Value) => key,
    },
  ],
}
