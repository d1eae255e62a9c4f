import { isVarveError, NotOpenError, TimeoutError, type Clock } from '@varve/base'
import {
  OffsetOutOfRangeError,
  type Consumer,
  type Kafka,
  type Producer,
  type TopicPartition,
} from '@varve/kafka'

import { decodeCommand, encodeCommand, type Command } from './command.ts'

/** What {@link CommandLog.open} needs. */
export interface CommandLogOptions {
  readonly kafka: Kafka
  readonly topic: string
  readonly replicationFactor?: number
  readonly clock: Clock
  /** Applies an accepted command. Called in the order of the log, one after the other. */
  readonly onCommand: (command: Command, offset: number) => void
  /** The log cannot be followed any further: nothing is read or accepted from then on. */
  readonly onDegraded: (error: unknown) => void
}

/** Milliseconds until a broker that could not be reached is asked again. */
const retryDelayMs = 1_000

/** Milliseconds that one poll of the log waits. */
const pollTimeoutMs = 500

/**
 * The command topic: one partition that every instance of a service replays at its start and follows from then on.
 *
 * A command names the last accepted command its author knew ({@link Command.after}); it is accepted iff that is still the last accepted
 * one. All readers decide alike, so no lock or transaction is needed: of two authors that write at once, the second one is passed over
 * by everybody and tries again on the new state.
 */
export class CommandLog implements AsyncDisposable {
  readonly #options: CommandLogOptions
  readonly #partition: TopicPartition
  readonly #consumer: Consumer
  readonly #producer: Producer
  readonly #stop = new AbortController()
  readonly #waiting = new Set<() => void>()
  #lastAccepted = -1
  #nextOffset = 0
  #degraded: unknown
  #following: Promise<void> | undefined

  private constructor(options: CommandLogOptions) {
    this.#options = options
    this.#partition = { topic: options.topic, partition: 0 }
    this.#consumer = options.kafka.consumer()
    this.#producer = options.kafka.producer({ lingerMs: 0 })
  }

  /**
   * Creates the topic when it is missing, applies what it holds, and follows it. A log that cannot be read to its end gives a degraded
   * follower rather than none: what came before can still be served.
   */
  static async open(options: CommandLogOptions): Promise<CommandLog> {
    const log = new CommandLog(options)
    try {
      await createCommandTopic(options)
      await log.#producer.init()
      log.#consumer.assign([{ ...log.#partition, offset: 0 }])
      log.#following = log.#follow()
      await log.catchUp().catch((error: unknown) => {
        if (log.#degraded === undefined) throw error
      })
    } catch (error) {
      await log.close()
      throw error
    }
    return log
  }

  /** Offset of the last accepted command; -1 before the first. */
  get lastAccepted(): number {
    return this.#lastAccepted
  }

  /** Offset that the next command will get, if nobody else writes. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Why the log is not followed any more; `undefined` while all is well. */
  get degraded(): unknown {
    return this.#degraded
  }

  /** Resolves when everything written so far is applied. */
  async catchUp(): Promise<void> {
    const [end] = await this.#options.kafka.admin.endOffsets([this.#partition])
    await this.#reach(end?.offset ?? 0)
  }

  /** Resolves when the command at `offset` was read. @throws TimeoutError */
  async waitFor(offset: number, timeoutMs: number): Promise<void> {
    await this.#reach(offset + 1, timeoutMs)
  }

  /** Writes a command and waits for its verdict: its offset when it was accepted, `undefined` when another one came first. */
  async append(command: Command): Promise<number | undefined> {
    const offset = await new Promise<number>((resolve, reject) => {
      this.#producer.send({ ...this.#partition, ...encodeCommand(command) }, (metadata, error) => {
        if (metadata === undefined) reject(error)
        else resolve(metadata.offset)
      })
    })
    await this.#reach(offset + 1)
    return this.#lastAccepted === offset ? offset : undefined
  }

  async close(): Promise<void> {
    this.#stop.abort(new NotOpenError('the command log is closed'))
    this.#wake()
    await this.#following
    await Promise.all([this.#consumer.close(), this.#producer.close()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const fetched = await this.#consumer.poll({ timeoutMs: pollTimeoutMs, signal })
        for (const { records, nextOffset } of fetched) {
          for (const record of records) this.#read(record.value, record.offset)
          this.#nextOffset = nextOffset
        }
        if (fetched.length > 0) this.#wake()
      } catch (error) {
        if (signal.aborted) return
        if (isTransient(error)) {
          await this.#options.clock.sleep(retryDelayMs, signal).catch(() => undefined)
          continue
        }
        this.#degraded = error
        this.#wake()
        this.#options.onDegraded(error)
        return
      }
    }
  }

  #read(value: Uint8Array | null, offset: number): void {
    const command = decodeCommand(value, this.#options.topic, offset)
    if (command.after !== this.#lastAccepted) return
    this.#lastAccepted = offset
    this.#nextOffset = offset + 1
    this.#options.onCommand(command, offset)
  }

  async #reach(offset: number, timeoutMs?: number): Promise<void> {
    const { clock } = this.#options
    const deadline = timeoutMs === undefined ? undefined : clock.monotonicMs() + timeoutMs
    while (this.#nextOffset < offset) {
      this.#stop.signal.throwIfAborted()
      if (this.#degraded !== undefined) throw this.#degraded
      const rest = deadline === undefined ? undefined : deadline - clock.monotonicMs()
      if (rest !== undefined && rest <= 0) {
        throw new TimeoutError(`timed out waiting for the command at offset ${offset - 1}`)
      }
      await new Promise<void>((resolve) => {
        const timer = rest === undefined ? undefined : clock.setTimer(wake, rest)
        const waiting = this.#waiting
        function wake(): void {
          waiting.delete(wake)
          timer?.cancel()
          resolve()
        }
        waiting.add(wake)
      })
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

async function createCommandTopic(options: CommandLogOptions): Promise<void> {
  try {
    await options.kafka.admin.createTopic({
      name: options.topic,
      partitionCount: 1,
      ...(options.replicationFactor === undefined
        ? {}
        : { replicationFactor: options.replicationFactor }),
      configs: { 'retention.ms': '-1', 'cleanup.policy': 'delete' },
    })
  } catch (error) {
    if (!isVarveError(error) || error.code !== 'VARVE_ALREADY_EXISTS') throw error
  }
}

/** Whether the broker was out of reach, as opposed to saying something that cannot be followed. */
function isTransient(error: unknown): boolean {
  if (error instanceof OffsetOutOfRangeError) return false
  return isVarveError(error) && ['VARVE_KAFKA', 'VARVE_TIMEOUT', 'VARVE_IO'].includes(error.code)
}
