import { CorruptionError, UnsupportedError } from '@varve/base'

import type { CoordinatorRecord } from '../coordinator/internal-topic.ts'
import { WireReader, WireWriter } from '../coordinator/wire.ts'
import { TransactionState, type TransactionStateName } from './transaction-state.ts'

/** What is known of a transactional id: content of a record of `__transaction_state`. */
export interface TransactionMetadata {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  readonly state: TransactionStateName
  /** Partitions by topic, the partition of committed offsets among them. */
  readonly partitions: ReadonlyMap<string, ReadonlySet<number>>
  readonly updatedMs: number
  /** When the transaction began; -1 while none is open. */
  readonly startedMs: number
}

const names = new Map<number, TransactionStateName>(
  Object.entries(TransactionState).map(([name, code]) => [code, name as TransactionStateName]),
)

/**
 * Encodes a record of `__transaction_state`: key version i16 = 0, transactional id; value version i16 = 0, producerId i64, epoch i16, timeoutMs i32,
 * state i8, partitions (null when none is open), updated i64, started i64.
 */
export function encodeTransaction(metadata: TransactionMetadata): CoordinatorRecord {
  const value = new WireWriter()
    .int16(0)
    .int64(metadata.producerId)
    .int16(metadata.producerEpoch)
    .int32(metadata.timeoutMs)
    .int8(TransactionState[metadata.state])
  if (metadata.state === 'Empty') value.int32(-1)
  else {
    value.array([...metadata.partitions], ([topic, partitions]) => {
      value.string(topic).array([...partitions], (partition) => value.int32(partition))
    })
  }
  value.int64(metadata.updatedMs).int64(metadata.startedMs)
  return { key: encodeTransactionKey(metadata.transactionalId), value: value.finish() }
}

/** Key of a transactional id's records. */
export function encodeTransactionKey(transactionalId: string): Uint8Array {
  return new WireWriter().int16(0).string(transactionalId).finish()
}

/** Transactional id of a key. @throws UnsupportedError for a newer version. */
export function decodeTransactionKey(key: Uint8Array): string {
  const reader = new WireReader(key)
  const version = reader.int16()
  if (version !== 0) throw new UnsupportedError(`version ${version} of a transaction key`)
  return reader.string()
}

/** Decodes a value. @throws UnsupportedError for a newer version; CorruptionError for an unknown state. */
export function decodeTransaction(transactionalId: string, bytes: Uint8Array): TransactionMetadata {
  const reader = new WireReader(bytes)
  const version = reader.int16()
  if (version !== 0) throw new UnsupportedError(`version ${version} of a transaction record`)
  const producerId = reader.int64()
  const producerEpoch = reader.int16()
  const timeoutMs = reader.int32()
  const code = reader.int8()
  const state = names.get(code)
  if (state === undefined) {
    throw new CorruptionError(`unknown state ${code} of transactional id "${transactionalId}"`)
  }
  const partitions = new Map(
    reader.array((): [string, Set<number>] => [
      reader.string(),
      new Set(reader.array(() => reader.int32())),
    ]),
  )
  return {
    transactionalId,
    producerId,
    producerEpoch,
    timeoutMs,
    state,
    partitions,
    updatedMs: reader.int64(),
    startedMs: reader.int64(),
  }
}
