import type { ChangeRecord, Tombstone } from '../change.ts'
import { asInteger } from '../connect/raw.ts'
import type { ChangeDecoderOptions } from '../options.ts'
import { headerText } from '../record/headers.ts'
import type { RecordKey } from '../record/key.ts'
import { instantOfMs } from '../time-of.ts'
import { documentId } from './document-id.ts'
import { operationOf } from './flattened.ts'

/** A null value: the row of the key is gone. */
export function decodeTombstone(
  record: ChangeRecord,
  key: RecordKey,
  nullForm: Tombstone['nullForm'],
  options: ChangeDecoderOptions,
): Tombstone {
  return {
    kind: 'tombstone',
    topic: record.topic,
    key: key.value,
    effect: 'delete',
    nullForm,
    op: operationOf(headerText(record, `${options.addedFieldsPrefix ?? '__'}op`)),
    time: instantOfMs(
      asInteger(headerText(record, `${options.addedFieldsPrefix ?? '__'}source_ts_ms`) ?? null),
    ),
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    ...(options.connector === 'mongodb' ? { documentId: documentId(key.value) } : {}),
  }
}
