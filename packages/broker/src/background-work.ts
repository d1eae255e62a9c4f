import type { BrokerContext } from './broker-context.ts'
import type { DataDirectory } from './data-directory.ts'
import { LogCleaner } from './log/log-cleaner.ts'
import type { LogEnvironment } from './log/log-environment.ts'
import type { PartitionLog } from './log/partition-log.ts'
import { applyRetention } from './log/retention.ts'
import { PeriodicTask } from './periodic-task.ts'
import { SerialQueue } from './serial-queue.ts'

/** `log.flush.offset.checkpoint.interval.ms`. */
const CHECKPOINT_INTERVAL_MS = 60_000
/** `offsets.retention.check.interval.ms`. */
const OFFSETS_CHECK_INTERVAL_MS = 600_000
/** `producer.id.expiration.ms`. */
const PRODUCER_EXPIRATION_MS = 86_400_000

/** What the broker does unasked: retention, compaction, time-outs of transactions, syncs by interval, checkpoints. */
export class BackgroundWork {
  readonly #context: BrokerContext
  readonly #log: LogEnvironment
  readonly #tasks: readonly PeriodicTask[]
  /** Work that takes segments away runs one after the other. */
  readonly #segmentWork = new SerialQueue()

  constructor(context: BrokerContext, log: LogEnvironment, directory: DataDirectory) {
    this.#context = context
    this.#log = log
    const { clock, onBackgroundError, flush } = log
    const { topics, defaults } = context
    const every = (intervalMs: number, step: () => Promise<void>): PeriodicTask =>
      new PeriodicTask(clock, intervalMs, step, onBackgroundError)
    this.#tasks = [
      every(defaults.transactionAbortIntervalMs, () => context.transactions.tick()),
      every(defaults.retentionCheckIntervalMs, () => this.#retain(directory)),
      every(defaults.cleanerIntervalMs, () => this.#compact(directory)),
      every(CHECKPOINT_INTERVAL_MS, () => directory.saveRecoveryPoints(topics.logs())),
      every(OFFSETS_CHECK_INTERVAL_MS, async () => context.groups.tick()),
      ...(typeof flush === 'object' ? [every(flush.intervalMs, () => this.#flush())] : []),
    ]
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.#tasks.map((task) => task.stop()))
  }

  async #retain(directory: DataDirectory): Promise<void> {
    let removed = 0
    await this.#eachLog(async (log) => {
      log.producers.expire(this.#log.clock.now() - PRODUCER_EXPIRATION_MS)
      removed += await applyRetention(log)
    })
    if (removed > 0) await directory.saveLogStarts(this.#context.topics.logs())
  }

  async #compact(directory: DataDirectory): Promise<void> {
    let changed = false
    await this.#eachLog(async (log) => {
      if (!log.config.compact || log.failure !== undefined) return
      const cleaner = new LogCleaner(log, Math.max(log.cleanOffset, log.logStartOffset))
      if (!cleaner.isWorthwhile()) return
      const cleaned = await cleaner.clean()
      if (cleaned === undefined) return
      log.cleanOffset = cleaned.cleanEndOffset
      changed = true
    })
    if (changed) await directory.saveCleanOffsets(this.#context.topics.logs())
  }

  async #flush(): Promise<void> {
    for (const log of [...this.#context.topics.logs()]) {
      if (log.hasUnsyncedBytes && log.failure === undefined) await log.flush()
    }
  }

  /** A log that fails does not keep the others from being looked after. */
  #eachLog(step: (log: PartitionLog) => Promise<void>): Promise<void> {
    return this.#segmentWork.run(async () => {
      for (const log of [...this.#context.topics.logs()]) {
        try {
          await step(log)
        } catch (error) {
          // Closed or deleted in the middle of it: nothing is wrong.
          if (log.failure === undefined) this.#log.onBackgroundError(error)
        }
      }
    })
  }
}
