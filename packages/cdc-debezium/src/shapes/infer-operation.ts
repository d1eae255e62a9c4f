import type { RawObject } from '../connect/raw.ts'

/** The operation that rows without one stand for. A create may be a snapshot's read. */
export function inferOperation(rows: RawObject): 'c' | 'u' | 'd' {
  if ((rows.get('after') ?? null) === null) return 'd'
  return (rows.get('before') ?? null) === null ? 'c' : 'u'
}
