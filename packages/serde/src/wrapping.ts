import { InvalidOptionError } from '@varve/base'

import type { Columns, FormatSpec } from './schema.ts'

/** Whether the side is a record around its columns: always with several, else as the spec says, by default for values only. */
export function isWrapped(spec: FormatSpec, columns: Columns, side: 'key' | 'value'): boolean {
  if (columns.length === 1) return spec.wrap ?? side === 'value'
  if (spec.wrap === false)
    throw new InvalidOptionError('wrap', 'only a single column can be written without a record')
  return true
}
