import type { ChangeSource, DocumentUpdate, RowChange, RowOperation } from '../change.ts'
import { fieldSchema } from '../connect/connect-schema.ts'
import { asInteger, asList, asObject, asText, type Raw, type RawObject } from '../connect/raw.ts'
import { parseExtendedJson } from '../documents/extended-json.ts'
import { readOplogPatch } from '../documents/oplog-patch.ts'
import { ChangeDecodeError } from '../errors.ts'
import { isStruct } from '../record/key.ts'
import { timeOf } from '../time-of.ts'
import { createStruct, type ColumnValue, type StructValue } from '../values/values.ts'
import type { ShapeContext } from './context.ts'
import { documentId } from './document-id.ts'
import { operationOf } from './flattened.ts'
import { inferOperation } from './infer-operation.ts'
import { readTransaction, transactionKey } from './source.ts'

/** Decodes an event of MongoDB: documents are text, and an update may come without its document. */
export function decodeMongodb(context: ShapeContext, source: ChangeSource | undefined): RowChange {
  const { value, key, record } = context
  const stated = asText(value.get('op'))
  const letter = stated ?? inferDocumentOperation(value)
  const op = operationOf(letter.toLowerCase())
  if (op === null)
    throw new ChangeDecodeError('unknown-operation', `unknown operation "${letter.slice(0, 20)}"`, {
      path: 'op',
    })
  const before = readDocument(value.get('before'), 'before')
  const patch = op === 'd' ? null : readDocument(value.get('patch'), 'patch')
  const patched = patch === null ? undefined : readOplogPatch(patch)
  const after =
    op === 'd'
      ? null
      : (readDocument(value.get('after'), 'after') ??
        (patched?.kind === 'replace' ? withId(patched.document, key.value) : null))
  const update =
    readUpdate(value.get('updateDescription')) ??
    (patched?.kind === 'update' ? patched.update : undefined)
  if (op !== 'd' && after === null && update === undefined)
    throw new ChangeDecodeError('invalid-envelope', 'the event has no document and no update', {
      path: 'after',
    })
  const transaction = readTransaction(
    value.get('transaction'),
    fieldSchema(context.schema, 'transaction'),
  )
  return {
    kind: 'row',
    shape: 'mongodb',
    topic: record.topic,
    op,
    opInferred: stated === undefined,
    rowsMayBePartial: false,
    effect: op === 'd' ? 'delete' : after === null ? 'patch' : 'upsert',
    key: key.value,
    before,
    beforeTrusted: before,
    after,
    unavailable: [],
    columns: new Map(),
    table: source?.table,
    source,
    time: timeOf(asObject(value.get('source'))),
    processedTime: timeOf(value),
    transaction,
    transactionKey: transactionKey('mongodb', transaction?.id),
    keyChange: key.keyChange,
    routingKey: key.routingKey,
    metadata: undefined,
    document: {
      id: documentId(key.value),
      afterMayBeNewer: after !== null && update !== undefined,
      update,
    },
  }
}

/** The operation of an event without one: a look-up after an update gives no `before`, but a description. */
function inferDocumentOperation(value: RawObject): RowOperation {
  if ((value.get('updateDescription') ?? value.get('patch') ?? null) !== null) return 'u'
  return inferOperation(value)
}

/** A replacement need not repeat the `_id`. */
function withId(document: StructValue, key: ColumnValue): StructValue {
  if (Object.hasOwn(document, '_id')) return document
  const whole = createStruct()
  whole['_id'] = documentId(key)
  return Object.assign(whole, document)
}

/** A document from its text; in Protobuf there is no null but the empty text. */
function readDocument(raw: Raw | undefined, path: string): StructValue | null {
  if (raw === undefined || raw === null || raw === '') return null
  const document = typeof raw === 'string' ? parseExtendedJson(raw, path) : null
  if (!isStruct(document))
    throw new ChangeDecodeError('invalid-envelope', 'the document is no text of an object', {
      path,
    })
  return document
}

function readUpdate(raw: Raw | undefined): DocumentUpdate | undefined {
  const block = asObject(raw)
  if (block === undefined) return undefined
  return {
    updatedFields:
      readDocument(block.get('updatedFields'), 'updateDescription.updatedFields') ??
      (Object.create(null) as StructValue),
    removedFields: (asList(block.get('removedFields')) ?? []).map(
      (field, i) => asText(field) ?? noUpdate(`removedFields[${i}]`),
    ),
    truncatedArrays: (asList(block.get('truncatedArrays')) ?? []).map((entry, i) => {
      const field = asText(asObject(entry)?.get('field'))
      const size = Number(asInteger(asObject(entry)?.get('size')) ?? -1n)
      if (field === undefined || size < 0) return noUpdate(`truncatedArrays[${i}]`)
      return { field, size }
    }),
  }
}

function noUpdate(member: string): never {
  throw new ChangeDecodeError('invalid-envelope', 'no part of an update', {
    path: `updateDescription.${member}`,
  })
}
