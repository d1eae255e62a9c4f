import type { Change, ChangeRecord, ColumnInfo } from './change.ts'
import { createColumnDecoder, type ColumnDecoder } from './column-hint.ts'
import { decodeValue } from './connect/column-value.ts'
import type { ConnectSchema } from './connect/connect-schema.ts'
import { asObject } from './connect/raw.ts'
import { ChangeDecodeError } from './errors.ts'
import type { ChangeDecoderOptions } from './options.ts'
import { EmbeddedSchemas } from './record/embedded-schemas.ts'
import { refKey } from './record/frame.ts'
import { decodeKey, type RecordKey } from './record/key.ts'
import { JsonReader } from './record/json-reader.ts'
import {
  readPayload,
  type Payload,
  type PayloadReaders,
  type SchemaLookup,
} from './record/payload.ts'
import type { ShapeContext } from './shapes/context.ts'
import { decodeCloudEvent } from './shapes/cloudevents.ts'
import { decodeEnvelope } from './shapes/envelope.ts'
import { decodeFlattened } from './shapes/flattened.ts'
import { decodeHeartbeat } from './shapes/heartbeat.ts'
import { decodeNotification } from './shapes/notification.ts'
import { decodeOutbox } from './shapes/outbox.ts'
import { recogniseShape } from './shapes/recognise.ts'
import { decodeSchemaChange } from './shapes/schema-change.ts'
import { decodeTombstone } from './shapes/tombstone.ts'
import { decodeTransactionBoundary } from './shapes/transaction-boundary.ts'
import { RowPlans } from './shapes/row-plans.ts'
import { createUnavailableTest, type UnavailableTest } from './unavailable.ts'

/** Options made ready once, used for every record. */
export interface PreparedOptions {
  readonly options: ChangeDecoderOptions
  readonly hints: ReadonlyMap<string, ColumnDecoder>
  readonly unavailable: UnavailableTest
  readonly readers: PayloadReaders
  /** What was found out about the columns of a schema and the hints. */
  readonly columnsBySchema: WeakMap<ConnectSchema, ReadonlyMap<string, ColumnInfo>>
  readonly rowPlans: RowPlans
  readonly keyPlans: RowPlans
}

/** @throws InvalidOptionError for an unknown column type */
export function prepareOptions(
  options: ChangeDecoderOptions,
  embeddedSchemas: EmbeddedSchemas = new EmbeddedSchemas(),
): PreparedOptions {
  const placeholder = options.unavailableValuePlaceholder
  const hints = new Map(
    Object.entries(options.columns ?? {}).map(([name, hint]) => [name, createColumnDecoder(hint)]),
  )
  return {
    options,
    hints,
    unavailable: placeholder === false ? () => false : createUnavailableTest(placeholder),
    readers: { key: new JsonReader(), value: new JsonReader(), embedded: embeddedSchemas },
    columnsBySchema: new WeakMap(),
    rowPlans: new RowPlans(hints),
    // Hints are of columns, not of members of keys.
    keyPlans: new RowPlans(new Map()),
  }
}

/** Decodes a record with schemas that `lookup` knows. */
export function decodeWith(
  record: ChangeRecord,
  prepared: PreparedOptions,
  lookup: SchemaLookup,
): Change {
  const { options, readers } = prepared
  const key = decodeKey(
    record,
    readPayload(record, 'key', options, lookup, readers),
    options,
    prepared.keyPlans,
  )
  const payload = readPayload(record, 'value', options, lookup, readers)
  if (payload.value === null) return decodeTombstone(record, key, payload.nullForm, options)
  if (options.shape === 'outbox') return decodeOutbox(record, key, payload)
  const value = asObject(payload.value)
  if (value === undefined) return decodeRaw(record, key, payload)
  const context: ShapeContext = {
    options,
    hints: prepared.hints,
    unavailable: prepared.unavailable,
    columnsBySchema: prepared.columnsBySchema,
    rowPlans: prepared.rowPlans,
    record,
    key,
    value,
    schema: payload.schema,
    nullsMayBeZero: payload.nullsMayBeZero === true,
    readFramed: (bytes) =>
      readPayload(
        { key: null, value: bytes },
        'value',
        { framing: options.framing ?? 'confluent' },
        lookup,
        readers,
      ),
  }
  const shape = recogniseShape(context)
  switch (shape) {
    case 'envelope':
      return decodeEnvelope(context)
    case 'flattened':
      return decodeFlattened(context)
    case 'heartbeat':
      return decodeHeartbeat(context)
    case 'transaction':
      return decodeTransactionBoundary(context)
    case 'schema-change':
      return decodeSchemaChange(context)
    case 'notification':
      return decodeNotification(context)
    case 'cloudevents':
      return decodeCloudEvent(context)
    case 'schema-history':
      return { kind: 'schema-history', topic: record.topic, key: key.value, effect: 'none' }
    case 'plain':
      if (options.plainRows === true) return decodeFlattened(context)
      return decodeRaw(record, key, payload)
  }
}

/** A record of no shape that is known, as it is. */
function decodeRaw(record: ChangeRecord, key: RecordKey, payload: Payload): Change {
  return {
    kind: 'raw',
    topic: record.topic,
    key: key.value,
    effect: 'none',
    value: decodeValue(payload.schema, payload.value, 'value'),
  }
}

/** For calls that have no decoder to keep schemas in. */
const sharedSchemas = new EmbeddedSchemas()

/**
 * Decodes a record that carries all it needs: JSON, with or without schemas. Records whose schemas are in a registry need a
 * {@link ChangeDecoder}.
 *
 * @throws ChangeDecodeError when the record is no change event
 * @throws UnsupportedError for connectors and shapes that are not handled
 *
 * @example
 * ```ts
 * const change = decodeChange({ key, value, headers }, { format: 'json' })
 * if (change.kind === 'row') console.log(change.op, change.key, change.after)
 * ```
 */
export function decodeChange(record: ChangeRecord, options: ChangeDecoderOptions = {}): Change {
  return decodeWith(record, prepareOptions(options, sharedSchemas), (ref) => {
    throw new ChangeDecodeError(
      'schema-not-found',
      `schema ${refKey(ref)} is in a registry: use a ChangeDecoder`,
    )
  })
}
