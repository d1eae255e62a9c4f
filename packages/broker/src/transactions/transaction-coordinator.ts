import { ErrorCode } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import { appendRecords, replayRecords } from '../coordinator/internal-topic.ts'
import type { LogEnvironment } from '../log/log-environment.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { TopicRegistry } from '../topics/topic-registry.ts'
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from '../topics/topic-name.ts'
import type { ProducerIds } from './producer-ids.ts'
import {
  decodeTransaction,
  decodeTransactionKey,
  encodeTransaction,
  encodeTransactionKey,
  type TransactionMetadata,
} from './transaction-record.ts'
import { transitionTransaction, type TransactionEvent } from './transaction-state.ts'

/** Producer epochs are 16 bits; the last one stays free so that a fence can always be raised. */
const EPOCH_MAX = 0x7fff - 1

/** Epoch of this coordinator in markers: it never moves to another node. */
const COORDINATOR_EPOCH = 0

/** Ids that are idle this long are forgotten (`transactional.id.expiration.ms`). */
const ID_EXPIRATION_MS = 7 * 24 * 3_600_000

interface Entry {
  metadata: TransactionMetadata
  /** Monotonic clock at which an open transaction is aborted. */
  deadlineMs: number
  /** A change is on its way to the disk: others are told to come again. */
  busy: boolean
}

/** A producer as it names itself in a request. */
export interface ProducerIdentity {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

/** A producer id with its epoch. */
export interface ProducerSession {
  readonly producerId: number
  readonly producerEpoch: number
}

/** What the coordinator needs from around it. */
export interface TransactionEnvironment {
  readonly log: LogEnvironment
  readonly topics: TopicRegistry
  readonly producerIds: ProducerIds
  /** Told when a transaction's marker is in the log of committed offsets. */
  readonly onOffsetsEnded: (producerId: number, committed: boolean) => void
}

/**
 * The transaction coordinator: who owns a transactional id, which partitions its open transaction touched, and how it ends.
 *
 * A decision is durable in `__transaction_state` (as durable as the flush policy makes every append) before the first marker is written; a crash
 * between decision and last marker is made good when the broker is opened again.
 */
export class TransactionCoordinator {
  readonly #environment: TransactionEnvironment
  readonly #entries = new Map<string, Entry>()

  constructor(environment: TransactionEnvironment) {
    this.#environment = environment
  }

  /** Reads the states, completes what was decided before the crash, and aborts what nobody can end any more. */
  async load(): Promise<void> {
    const log = this.#environment.topics.log(TRANSACTIONS_TOPIC, 0)
    if (log !== undefined) this.#replay(log)
    for (const entry of this.#entries.values()) await this.#completePrepared(entry, true)
    this.#abortOrphans()
  }

  /**
   * Aborts transactions that are open in a partition and unknown to the coordinator: after a loss of power without syncs the partition may have
   * kept more than `__transaction_state`. Nobody could end them, and read-committed readers would wait at them for ever.
   */
  #abortOrphans(): void {
    const ongoing = new Map<number, TransactionMetadata>()
    for (const { metadata } of this.#entries.values()) {
      if (metadata.partitions.size > 0) ongoing.set(metadata.producerId, metadata)
    }
    for (const log of this.#environment.topics.logs()) {
      for (const { producerId, producerEpoch } of log.producers.openTransactions()) {
        if (ongoing.get(producerId)?.partitions.get(log.topic)?.has(log.partition) === true)
          continue
        const coordinatorEpoch = COORDINATOR_EPOCH
        log.appendMarker({ producerId, producerEpoch, committed: false, coordinatorEpoch })
        if (log.topic === OFFSETS_TOPIC) this.#environment.onOffsetsEnded(producerId, false)
      }
    }
  }

  #replay(log: PartitionLog): void {
    const { clock } = this.#environment.log
    replayRecords(log, {
      record: (record) => {
        if (record.key === null) return
        const id = decodeTransactionKey(record.key)
        if (record.value === null) {
          this.#entries.delete(id)
          return
        }
        const metadata = decodeTransaction(id, record.value)
        const elapsed = Math.max(0, clock.now() - metadata.startedMs)
        const deadlineMs = clock.monotonicMs() + Math.max(0, metadata.timeoutMs - elapsed)
        this.#entries.set(id, { metadata, deadlineMs, busy: false })
      },
      marker: () => undefined,
    })
  }

  /** InitProducerId with a transactional id: fences older producers, aborts their transaction. @throws ApiError. */
  async init(transactionalId: string, timeoutMs: number): Promise<ProducerSession> {
    if (transactionalId === '') throw new ApiError(ErrorCode.INVALID_REQUEST)
    let entry = this.#entries.get(transactionalId)
    if (entry === undefined) {
      const producerId = await this.#environment.producerIds.allocate()
      entry = this.#entries.get(transactionalId)
      if (entry === undefined) {
        entry = this.#newEntry(transactionalId, producerId, timeoutMs)
        this.#entries.set(transactionalId, entry)
        return this.#guarded(entry, async (owned) => {
          try {
            await this.#store(owned, owned.metadata)
          } catch (error) {
            this.#entries.delete(transactionalId)
            throw error
          }
          return session(owned.metadata)
        })
      }
    }
    return this.#guarded(entry, async (owned) => {
      if (this.#outcome(owned, 'init') === 'abort-first') await this.#end(owned, 'fence')
      // Aborting may leave it prepared (a partition takes no marker): then the caller comes again.
      this.#outcome(owned, 'init')
      await this.#nextEpoch(owned, timeoutMs)
      return session(owned.metadata)
    })
  }

  /** AddPartitionsToTxn and AddOffsetsToTxn. @throws ApiError. */
  async addPartitions(
    producer: ProducerIdentity,
    partitions: ReadonlyMap<string, readonly number[]>,
  ): Promise<void> {
    const entry = this.#owned(producer)
    const state = this.#outcome(entry, 'add')
    const { metadata } = entry
    const begins = metadata.state !== 'Ongoing'
    const merged = new Map<string, Set<number>>()
    if (!begins) for (const [topic, set] of metadata.partitions) merged.set(topic, new Set(set))
    let grew = begins
    for (const [topic, numbers] of partitions) {
      const set = merged.get(topic) ?? new Set<number>()
      merged.set(topic, set)
      for (const partition of numbers) {
        if (set.has(partition)) continue
        set.add(partition)
        grew = true
      }
    }
    if (!grew) return
    const { clock } = this.#environment.log
    const now = clock.now()
    await this.#guarded(entry, async () => {
      if (begins) entry.deadlineMs = clock.monotonicMs() + metadata.timeoutMs
      await this.#store(entry, {
        ...metadata,
        state: state === 'Ongoing' ? state : metadata.state,
        partitions: merged,
        updatedMs: now,
        startedMs: begins ? now : metadata.startedMs,
      })
    })
  }

  /** EndTxn. @throws ApiError. */
  async end(producer: ProducerIdentity, committed: boolean): Promise<void> {
    const entry = this.#owned(producer)
    const event = committed ? 'commit' : 'abort'
    if (this.#outcome(entry, event) === 'done') return
    await this.#guarded(entry, () => this.#end(entry, event))
  }

  /**
   * Whether the producer may write to the partition: it owns the id and has added the partition to its open transaction.
   *
   * @throws ApiError INVALID_PRODUCER_EPOCH for a fenced producer, INVALID_TXN_STATE otherwise.
   */
  verifyPartition(
    transactionalId: string,
    producerId: number,
    producerEpoch: number,
    topic: string,
    partition: number,
  ): void {
    const { metadata } = this.#owned({ transactionalId, producerId, producerEpoch })
    const added = metadata.partitions.get(topic)?.has(partition) === true
    if (metadata.state !== 'Ongoing' || !added) {
      throw new ApiError(
        ErrorCode.INVALID_TXN_STATE,
        `${topic}-${partition} was not added to the transaction of "${transactionalId}"`,
      )
    }
  }

  /** Aborts transactions whose time is over, writes markers that could not be written, forgets idle ids. */
  async tick(): Promise<void> {
    const { clock, onBackgroundError } = this.#environment.log
    for (const [id, entry] of this.#entries) {
      if (entry.busy) continue
      const { state, updatedMs } = entry.metadata
      try {
        if (state === 'Ongoing' && clock.monotonicMs() >= entry.deadlineMs) {
          await this.#guarded(entry, () => this.#end(entry, 'fence'))
        } else if (state === 'PrepareCommit' || state === 'PrepareAbort') {
          await this.#guarded(entry, () => this.#completePrepared(entry, true))
        } else if (state !== 'Ongoing' && clock.now() - updatedMs > ID_EXPIRATION_MS) {
          const log = await this.#stateLog()
          appendRecords(log, [{ key: encodeTransactionKey(id), value: null }], clock.now())
          this.#entries.delete(id)
        }
      } catch (error) {
        onBackgroundError(error)
      }
    }
  }

  #newEntry(transactionalId: string, producerId: number, timeoutMs: number): Entry {
    return {
      metadata: {
        transactionalId,
        producerId,
        producerEpoch: 0,
        timeoutMs,
        state: 'Empty',
        partitions: new Map(),
        updatedMs: this.#environment.log.clock.now(),
        startedMs: -1,
      },
      deadlineMs: 0,
      busy: false,
    }
  }

  async #nextEpoch(entry: Entry, timeoutMs: number): Promise<void> {
    const { metadata } = entry
    const exhausted = metadata.producerEpoch >= EPOCH_MAX - 1
    await this.#store(entry, {
      ...metadata,
      producerId: exhausted ? await this.#environment.producerIds.allocate() : metadata.producerId,
      producerEpoch: exhausted ? 0 : metadata.producerEpoch + 1,
      timeoutMs,
      state: 'Empty',
      partitions: new Map(),
      updatedMs: this.#environment.log.clock.now(),
      startedMs: -1,
    })
  }

  /** Decides the transaction and writes the markers. A fence raises the epoch, so that the old producer is known by it. */
  async #end(entry: Entry, event: 'commit' | 'abort' | 'fence'): Promise<void> {
    const { metadata } = entry
    await this.#store(entry, {
      ...metadata,
      state: event === 'commit' ? 'PrepareCommit' : 'PrepareAbort',
      producerEpoch: metadata.producerEpoch + (event === 'fence' ? 1 : 0),
      updatedMs: this.#environment.log.clock.now(),
    })
    try {
      await this.#completePrepared(entry, false)
    } catch (error) {
      // The decision stands; the next tick writes the markers that are missing.
      this.#environment.log.onBackgroundError(error)
    }
  }

  /** Writes the markers of a decided transaction. When done again, only where a transaction is still open. */
  async #completePrepared(entry: Entry, again: boolean): Promise<void> {
    const { metadata } = entry
    if (metadata.state !== 'PrepareCommit' && metadata.state !== 'PrepareAbort') return
    const committed = metadata.state === 'PrepareCommit'
    const written: PartitionLog[] = []
    for (const [topic, partitions] of metadata.partitions) {
      for (const partition of partitions) {
        const log = this.#environment.topics.log(topic, partition)
        // Deleted meanwhile: nothing is left to be marked.
        if (log === undefined) continue
        if (again && !log.producers.hasOpenTransaction(metadata.producerId)) continue
        log.appendMarker({
          producerId: metadata.producerId,
          producerEpoch: metadata.producerEpoch,
          committed,
          coordinatorEpoch: COORDINATOR_EPOCH,
        })
        if (topic === OFFSETS_TOPIC) {
          this.#environment.onOffsetsEnded(metadata.producerId, committed)
        }
        written.push(log)
      }
    }
    if (this.#environment.log.flush === 'every-batch') {
      await Promise.all(written.map((log) => log.flush()))
    }
    await this.#store(entry, {
      ...metadata,
      state: committed ? 'CompleteCommit' : 'CompleteAbort',
      partitions: new Map(),
      updatedMs: this.#environment.log.clock.now(),
    })
  }

  /** The entry of a producer that owns its id. @throws ApiError. */
  #owned(producer: ProducerIdentity): Entry {
    const entry = this.#entries.get(producer.transactionalId)
    if (entry === undefined || entry.metadata.producerId !== producer.producerId) {
      throw new ApiError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    }
    if (entry.metadata.producerEpoch !== producer.producerEpoch) {
      throw new ApiError(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `"${producer.transactionalId}" has epoch ${entry.metadata.producerEpoch} now, not ${producer.producerEpoch}`,
      )
    }
    return entry
  }

  /** What the event leads to. @throws ApiError CONCURRENT_TRANSACTIONS or INVALID_TXN_STATE. */
  #outcome(entry: Entry, event: TransactionEvent): string {
    const outcome = transitionTransaction(entry.metadata.state, event)
    if (outcome === 'concurrent') throw new ApiError(ErrorCode.CONCURRENT_TRANSACTIONS)
    if (outcome === 'invalid') {
      throw new ApiError(
        ErrorCode.INVALID_TXN_STATE,
        `"${entry.metadata.transactionalId}" is ${entry.metadata.state}: cannot ${event}`,
      )
    }
    return outcome
  }

  async #guarded<T>(entry: Entry, step: (entry: Entry) => Promise<T>): Promise<T> {
    if (entry.busy) throw new ApiError(ErrorCode.CONCURRENT_TRANSACTIONS)
    entry.busy = true
    try {
      return await step(entry)
    } finally {
      entry.busy = false
    }
  }

  async #store(entry: Entry, metadata: TransactionMetadata): Promise<void> {
    const log = await this.#stateLog()
    appendRecords(log, [encodeTransaction(metadata)], metadata.updatedMs)
    // In the log: from here on it is so, whatever becomes of the sync.
    entry.metadata = metadata
    if (this.#environment.log.flush === 'every-batch') await log.flush()
  }

  async #stateLog(): Promise<PartitionLog> {
    const { topics } = this.#environment
    return topics.log(TRANSACTIONS_TOPIC, 0) ?? (await topics.createInternal(TRANSACTIONS_TOPIC))
  }
}

function session(metadata: TransactionMetadata): ProducerSession {
  return { producerId: metadata.producerId, producerEpoch: metadata.producerEpoch }
}
