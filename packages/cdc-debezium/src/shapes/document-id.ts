import { parseExtendedJson } from '../documents/extended-json.ts'
import { isStruct } from '../record/key.ts'
import type { ColumnValue } from '../values/values.ts'

/** The `_id` of a document from its key, `{"id": "<extended JSON>"}`; null without key. */
export function documentId(key: ColumnValue): ColumnValue {
  const id = isStruct(key) ? key['id'] : key
  return typeof id === 'string' ? parseExtendedJson(id, 'key.id') : (id ?? null)
}
