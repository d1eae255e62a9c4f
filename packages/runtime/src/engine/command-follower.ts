import { messageOf, NotOpenError } from '@varve/base'

import type { Metastore } from '../catalog/metastore.ts'
import type { Command } from '../command/command.ts'
import { CommandLog } from '../command/command-log.ts'
import type { QueryRuntime } from '../query/query-runtime.ts'
import type { CommandStatus } from '../result/entities.ts'
import { EngineError } from './engine-error.ts'
import type { Environment } from './environment.ts'
import type { EngineEvents, EventEmitter } from './events.ts'
import type { Properties } from './properties.ts'

/** What following commands needs of its engine. */
export interface CommandFollowerEnvironment {
  readonly environment: Environment
  readonly properties: Properties
  readonly events: EventEmitter<EngineEvents>
  readonly metastore: Metastore
  readonly runtime: QueryRuntime
  /** Name of the command topic. */
  readonly topic: string
}

/** Follows the command log: folds each accepted command into the catalog and carries out what it means for queries. */
export class CommandFollower {
  readonly #of: CommandFollowerEnvironment
  readonly #statuses = new Map<string, CommandStatus>()
  /** What commands set in motion, by offset, until it settled. */
  readonly #settling = new Map<number, Promise<void>>()
  #log: CommandLog | undefined
  #replaying = true
  #isTerminated = false

  constructor(environment: CommandFollowerEnvironment) {
    this.#of = environment
  }

  /** Status of commands that this instance wrote or replayed, by id. */
  get statuses(): ReadonlyMap<string, CommandStatus> {
    return this.#statuses
  }

  /** Whether the catalog is complete. */
  get isOpen(): boolean {
    return this.#log !== undefined
  }

  /** Whether the log cannot be followed any more: what is there is served, nothing new is accepted. */
  get isDegraded(): boolean {
    return this.#log?.degraded !== undefined
  }

  /** Whether the log says that the service has ended. */
  get isTerminated(): boolean {
    return this.#isTerminated
  }

  /** The log, to append to. @throws EngineError `degraded` */
  get log(): CommandLog {
    if (this.#log === undefined) throw new NotOpenError('the engine is not open yet')
    if (this.#log.degraded === undefined) return this.#log
    throw new EngineError(
      'degraded',
      'the command log cannot be followed; nothing new is accepted',
      { cause: this.#log.degraded },
    )
  }

  /** Replays the log, then starts the queries that are left at its end. */
  async open(): Promise<void> {
    const { environment, properties, events, metastore, runtime, topic } = this.#of
    const { kafka, clock, logger } = environment
    const replicas = properties.get('ksql.internal.topic.replicas')
    this.#log = await CommandLog.open({
      kafka,
      topic,
      clock,
      ...(replicas === undefined ? {} : { replicationFactor: Number(replicas) }),
      onCommand: (command, offset) => this.#onCommand(command, offset),
      onDegraded: (error) => {
        // The topic goes with the service.
        if (this.#isTerminated) return
        logger.error('the command log cannot be followed; nothing new is accepted', { error })
        events.emit('degraded', {
          reason: messageOf(error),
          error,
        })
      },
    })
    this.#replaying = false
    for (const info of metastore.queries().values()) void runtime.start(info)
  }

  async close(): Promise<void> {
    await this.#log?.close()
  }

  setStatus(commandId: string, status: CommandStatus): void {
    this.#statuses.set(commandId, status)
  }

  /** Waits for what a command set in motion, but not for ever: a query that takes long to start goes on starting by itself. */
  async settled(offset: number): Promise<void> {
    const settling = this.#settling.get(offset)
    if (settling === undefined) return
    const enough = new AbortController()
    try {
      await Promise.race([
        settling,
        this.#of.environment.clock
          .sleep(this.#responseTimeoutMs, enough.signal)
          .catch(() => undefined),
      ])
    } finally {
      enough.abort()
    }
  }

  /** Waits until the command of this offset was applied. @throws EngineError `command-timeout` */
  async waitFor(offset: number): Promise<void> {
    try {
      await this.log.waitFor(offset, this.#responseTimeoutMs)
    } catch (cause) {
      throw new EngineError(
        'command-timeout',
        `Timed out while waiting for a previous command to execute. command sequence number: ${offset}`,
        { cause },
      )
    }
  }

  get #responseTimeoutMs(): number {
    return this.#of.properties.number('ksql.server.command.response.timeout.ms', 5_000)
  }

  #onCommand(command: Command, offset: number): void {
    const { environment, metastore, runtime } = this.#of
    const effects = metastore.apply(command.operation)
    if (command.operation.kind === 'terminateCluster') this.#isTerminated = true
    this.#statuses.set(command.id, {
      status: 'SUCCESS',
      message: 'Statement written to command topic and applied',
      queryId: 'query' in command.operation ? (command.operation.query?.id ?? null) : null,
    })
    if (this.#replaying) return
    const settled = runtime.apply(effects).catch((error: unknown) => {
      environment.logger.error(`command "${command.id}" was not carried out entirely`, { error })
    })
    this.#settling.set(offset, settled)
    void settled.then(() => this.#settling.delete(offset))
  }
}
