import type { ChangeSource, ChangeTransaction } from '../change.ts'
import { asInteger, asName, asObject, asText, type Raw, type RawObject } from '../connect/raw.ts'
import { connectors } from '../connectors/connectors.ts'

/** Reads the `source` block leniently: it differs by connector and version. */
export function readSource(source: RawObject): ChangeSource {
  const connector = asName(source.get('connector')) ?? ''
  return {
    connector,
    version: asName(source.get('version')),
    name: asName(source.get('name')),
    table: {
      database: asName(source.get('db')),
      keyspace: asName(source.get('keyspace')),
      schema: asName(source.get('schema')),
      name: asName(source.get('table')) ?? asName(source.get('collection')),
    },
    // Absent or null is the default: a streamed event.
    snapshot: asText(source.get('snapshot')) ?? 'false',
    position: connectors.get(connector)?.position(source),
    raw: source,
  }
}

/** Reads the envelope's `transaction` block. */
export function readTransaction(raw: Raw | undefined): ChangeTransaction | undefined {
  const block = asObject(raw)
  const id = asText(block?.get('id'))
  if (block === undefined || id === undefined) return undefined
  return {
    id,
    totalOrder: asInteger(block.get('total_order')),
    dataCollectionOrder: asInteger(block.get('data_collection_order')),
    epoch: asInteger(block.get('transaction_epoch')),
    rank: asText(block.get('transaction_rank')),
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
