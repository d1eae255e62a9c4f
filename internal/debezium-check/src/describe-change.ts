import type {
  Change,
  ChangeDecodeError,
  ColumnInfo,
  DocumentChange,
  RangeBound,
  RowChange,
  SourceSchema,
} from '@varve/cdc-debezium'
import type { SqlType } from '@varve/serde'

import { tagValue } from './tagged-value.ts'

type Description = Readonly<Record<string, unknown>>

/** What a change says, under the names and in the forms of the cases. */
export function describeChange(change: Change): Description {
  const common = {
    kind: change.kind,
    topic: change.topic,
    effect: change.effect,
    key: tagValue(change.key),
  }
  switch (change.kind) {
    case 'row':
      return {
        ...common,
        ...describeOrigin(change),
        shape: change.shape,
        table: change.table,
        opInferred: change.opInferred,
        rowsMayBePartial: change.rowsMayBePartial,
        nullsMayBeZero: change.nullsMayBeZero,
        op: change.op,
        before: tagValue(change.before),
        beforeTrusted: tagValue(change.beforeTrusted),
        after: tagValue(change.after),
        afterEntries:
          change.after === null
            ? null
            : Object.entries(change.after).map(([name, value]) => [name, tagValue(value)]),
        unavailable: change.unavailable,
        types:
          change.columns.size === 0
            ? null
            : ofColumns(change.columns, (info) =>
                info.type === undefined ? null : spellType(info.type),
              ),
        nullable: ofColumns(change.columns, (info) => info.nullable),
        allowed: ofColumns(change.columns, (info) => info.allowed),
        sqlTimestampMs: Object.fromEntries(
          Object.entries(change.after ?? {}).flatMap(([name, value]) =>
            typeof value === 'object' && value !== null && 'epochMilliseconds' in value
              ? [[name, value.epochMilliseconds]]
              : [],
          ),
        ),
        keyChange:
          change.keyChange === undefined
            ? null
            : {
                oldKey: tagValue(change.keyChange.oldKey ?? null),
                newKey: tagValue(change.keyChange.newKey ?? null),
              },
        routingKey: change.routingKey === undefined ? null : tagValue(change.routingKey),
        metadata: change.metadata === undefined ? null : tagValue(change.metadata),
        sourceSchema: describeSourceSchema(change.sourceSchema),
        ...(change.document === undefined ? {} : describeDocument(change, change.document)),
      }
    case 'range-delete':
      return {
        ...common,
        ...describeOrigin(change),
        // The cases know no such kind: to them it is an event of rows.
        kind: 'row',
        shape: 'cassandra',
        op: change.op === 'd' ? 'd' : null,
        range:
          change.start === undefined && change.end === undefined
            ? null
            : { start: describeBound(change.start), end: describeBound(change.end) },
      }
    case 'truncate':
      return { ...common, ...describeOrigin(change), op: change.op }
    case 'message':
      return {
        ...common,
        ...describeOrigin(change),
        op: change.op,
        message: { prefix: change.prefix, content: tagValue(change.content) },
      }
    case 'tombstone':
      return {
        ...common,
        nullForm: change.nullForm,
        documentId: tagValue(change.documentId ?? null),
        op: change.op,
        tsMs: change.time?.epochMilliseconds,
        keyChange:
          change.keyChange === undefined
            ? null
            : {
                oldKey: tagValue(change.keyChange.oldKey ?? null),
                newKey: tagValue(change.keyChange.newKey ?? null),
              },
        routingKey: change.routingKey === undefined ? null : tagValue(change.routingKey),
      }
    case 'transaction':
      return {
        ...common,
        status: change.status,
        id: change.id,
        transactionKey: change.transactionKey,
        eventCount: text(change.eventCount),
        dataCollections: change.dataCollections.map((collection) => ({
          name: collection.name,
          eventCount: String(collection.eventCount),
        })),
        tsMs: change.time?.epochMilliseconds,
      }
    case 'heartbeat':
      return {
        ...common,
        serverName: change.serverName,
        vgtid: change.vgtid,
        tsMs: change.time?.epochMilliseconds,
      }
    case 'schema-change':
      return {
        ...common,
        database: change.database,
        schema: change.schema,
        ddl: change.ddl,
        changes: change.changes,
        tsMs: change.time?.epochMilliseconds,
      }
    case 'notification':
      return {
        ...common,
        id: change.id,
        type: change.type,
        aggregateType: change.aggregateType,
        additionalData: Object.fromEntries(change.additionalData),
        tsMs: change.time?.epochMilliseconds,
      }
    case 'outbox':
      return {
        ...common,
        aggregateType: change.aggregateType,
        eventId: change.eventId,
        payload: tagValue(change.payload),
        additional: change.additional === undefined ? null : tagValue(change.additional),
      }
    case 'schema-history':
      return common
    case 'raw':
      return { ...common, value: tagValue(change.value) }
  }
}

/** Values of bounds in the forms of the cases. */
function describeBound(bound: RangeBound | undefined): Description | null {
  return bound === undefined
    ? null
    : {
        method: bound.method,
        values: bound.values.map(({ value, ...rest }) => ({ ...rest, value: tagValue(value) })),
      }
}

/** Types under both names: that of the block, and that of schema changes. */
function describeSourceSchema(schema: SourceSchema | undefined): Description | null {
  if (schema === undefined) return null
  const columns = schema.columns.map((column) => ({ ...column, typeName: column.type }))
  return { table: schema.table, columns }
}

function describeDocument(change: RowChange, document: DocumentChange): Description {
  const { update } = document
  return {
    documentId: tagValue(document.id),
    beforeDocument: tagValue(change.before),
    afterDocument: tagValue(change.after),
    afterMayBeNewer: document.afterMayBeNewer,
    updateDescription:
      update === undefined
        ? null
        : {
            updatedFields: tagValue(update.updatedFields),
            removedFields: update.removedFields,
            truncatedArrays: update.truncatedArrays,
          },
  }
}

/** A record that was refused. */
export function describeError(error: ChangeDecodeError): Description {
  return { kind: 'error', code: error.fault, path: error.path }
}

function describeOrigin(
  change: Extract<Change, { readonly kind: 'row' | 'truncate' | 'message' | 'range-delete' }>,
): Description {
  const { source } = change
  const transaction = 'transaction' in change ? change.transaction : undefined
  return {
    connector: source?.connector,
    table: source?.table,
    snapshot: source?.snapshot,
    position:
      source?.position === undefined
        ? null
        : Object.fromEntries(
            Object.entries(source.position).map(([name, value]) => [
              name,
              typeof value === 'bigint' ? String(value) : value,
            ]),
          ),
    tsMs: change.time?.epochMilliseconds,
    tsNs: text(change.time?.epochNanoseconds),
    processedTsMs: change.processedTime?.epochMilliseconds,
    transaction:
      transaction === undefined
        ? null
        : {
            id: transaction.id,
            totalOrder: text(transaction.totalOrder),
            dataCollectionOrder: text(transaction.dataCollectionOrder),
            epoch: text(transaction.epoch),
            rank: transaction.rank,
          },
    transactionKey: 'transactionKey' in change ? change.transactionKey : undefined,
  }
}

function text(value: bigint | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

function ofColumns(
  columns: ReadonlyMap<string, ColumnInfo>,
  part: (info: ColumnInfo) => unknown,
): object {
  return Object.fromEntries([...columns].map(([name, info]) => [name, part(info)]))
}

/** ksqlDB's spelling in its documentation: aliases, no quotes. */
function spellType(type: SqlType): string {
  switch (type.kind) {
    case 'INTEGER':
      return 'INT'
    case 'STRING':
      return 'VARCHAR'
    case 'DECIMAL':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'ARRAY':
      return `ARRAY<${spellType(type.element)}>`
    case 'MAP':
      return `MAP<${spellType(type.key)}, ${spellType(type.value)}>`
    case 'STRUCT':
      return `STRUCT<${type.fields.map((field) => `${field.name} ${spellType(field.type)}`).join(', ')}>`
    default:
      return type.kind
  }
}
