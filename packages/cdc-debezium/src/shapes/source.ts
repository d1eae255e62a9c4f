import { decimalFromBytes, parseBase64 } from '@varve/serde'

import type { ChangeSource, ChangeTransaction, SourcePosition, TableName } from '../change.ts'
import { decodeValue } from '../connect/column-value.ts'
import { fieldSchema, type ConnectSchema } from '../connect/connect-schema.ts'
import { asInteger, asName, asObject, asText, type Raw, type RawObject } from '../connect/raw.ts'
import { connectors } from '../connectors/connectors.ts'

/** Reads the `source` block leniently: it differs by connector and version. */
export function readSource(source: RawObject, schema?: ConnectSchema): ChangeSource {
  const connector = asName(source.get('connector')) ?? oldConnector(source, schema?.name)
  const [oldDatabase, oldName] = source.has('ns') ? splitNamespace(source) : NO_PARTS
  return new SourceBlock(connector, source, {
    database: asName(source.get('db')) ?? asName(source.get('database_id')) ?? oldDatabase,
    keyspace: asName(source.get('keyspace')),
    schema: asName(source.get('schema')),
    name: asName(source.get('table')) ?? asName(source.get('collection')) ?? oldName,
  })
}

/** The position is made when it is asked for: many never do, and bigints of it are not for nothing. */
class SourceBlock implements ChangeSource {
  readonly connector: string
  readonly version: string | undefined
  readonly name: string | undefined
  readonly table: TableName
  readonly snapshot: string
  readonly raw: RawObject
  #position: SourcePosition | undefined

  constructor(connector: string, raw: RawObject, table: TableName) {
    this.connector = connector
    this.version = asName(raw.get('version'))
    this.name = asName(raw.get('name'))
    this.table = table
    // Absent, null or (in Protobuf) empty is the default: a streamed event.
    this.snapshot = asName(raw.get('snapshot')) ?? 'false'
    this.raw = raw
  }

  get position(): SourcePosition | undefined {
    return (this.#position ??= connectors.get(this.connector)?.position(this.raw))
  }
}

/** Before 1.0 not every source named its connector: the name of the block does, or what is in it. */
function oldConnector(source: RawObject, schemaName: string | undefined): string {
  const named = /(?:^|[._])connector[._](\w+?)[._]Source$/.exec(schemaName ?? '')
  if (named !== null) return named[1]!
  if (source.has('server_id')) return 'mysql'
  if (source.has('ts_usec')) return 'postgresql'
  return source.has('ns') && source.has('rs') ? 'mongodb' : ''
}

const NO_PARTS: readonly string[] = []

/** Before 1.0 MongoDB's database and collection were one text. */
function splitNamespace(source: RawObject): readonly (string | undefined)[] {
  const namespace = asName(source.get('ns'))
  const dot = namespace?.indexOf('.') ?? -1
  return dot < 0 ? NO_PARTS : [namespace!.slice(0, dot), namespace!.slice(dot + 1)]
}

/** A decimal without fraction. Where no schema tells, text is the base64 of its bytes. */
function readRank(raw: Raw | undefined, schema: ConnectSchema | undefined): string | undefined {
  if (raw === undefined || raw === null) return undefined
  if (schema?.name !== undefined)
    return String(decodeValue(schema, raw, 'transaction.transaction_rank'))
  const bytes = typeof raw === 'string' ? parseBase64(raw) : raw
  return bytes instanceof Uint8Array && bytes.length > 0
    ? String(decimalFromBytes(bytes))
    : asText(raw)
}

/** Reads the envelope's `transaction` block. */
export function readTransaction(
  raw: Raw | undefined,
  schema?: ConnectSchema,
): ChangeTransaction | undefined {
  const block = asObject(raw)
  const id = asText(block?.get('id'))
  if (block === undefined || id === undefined) return undefined
  return {
    id,
    totalOrder: asInteger(block.get('total_order')),
    dataCollectionOrder: asInteger(block.get('data_collection_order')),
    epoch: asInteger(block.get('transaction_epoch')),
    rank: block.has('transaction_rank')
      ? readRank(block.get('transaction_rank'), fieldSchema(schema, 'transaction_rank'))
      : undefined,
  }
}

/** See {@link RowChange.transactionKey}. */
export function transactionKey(
  connector: string | undefined,
  id: string | undefined,
): string | undefined {
  if (id === undefined) return undefined
  return connectors.get(connector ?? '')?.transactionKey(id) ?? id
}
