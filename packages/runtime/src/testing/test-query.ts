import type { Clock, Random } from '@varve/base'
import type { SchemaRegistry } from '@varve/serde'
import type { FunctionRegistry } from '@varve/sql'
import {
  TopologyTestDriver,
  type TestInputRecord,
  type TestOutputRecord,
  type Topology,
} from '@varve/streams'

import type { QueryInfo } from '../catalog/query-info.ts'
import type { PropertyValue } from '../engine/session.ts'
import { compilePlan, finish, type StepFailure } from '../lowering/compile-plan.ts'
import { streamTopicsOf } from '../query/pinned-offsets.ts'

/** What a {@link TestQuery} stands on. */
export interface TestQueryOptions {
  readonly registry: SchemaRegistry
  readonly functions: FunctionRegistry
  /** Of functions. */
  readonly clock: Clock
  readonly random: Random
  readonly property: (name: string) => PropertyValue | undefined
  /** How long results held back until a window closes are kept from being looked at again, milliseconds of the wall clock. */
  readonly emitIntervalMs: number
}

/** A persistent query that runs when records are piped into it: synchronously, uncached, its operators under a wall clock that stands at 0. */
export class TestQuery {
  readonly id: string
  readonly applicationId: string
  readonly statementText: string
  /** Rows that steps of the query could not use. */
  readonly failures: readonly StepFailure[]
  /** Topics that it reads as streams: `auto.offset.reset` says from where. Those it reads as tables it reads from their beginning. */
  readonly streamTopics: ReadonlySet<string>
  /** Whether `auto.offset.reset` was `earliest` when it was made. */
  readonly startsAtEarliest: boolean
  readonly #topology: Topology
  readonly #driver: TopologyTestDriver

  private constructor(
    info: QueryInfo,
    topology: Topology,
    failures: readonly StepFailure[],
    options: TestQueryOptions,
  ) {
    this.id = info.id
    this.applicationId = info.applicationId
    this.statementText = info.statementText
    this.failures = failures
    this.streamTopics = streamTopicsOf(info.plan.root)
    this.startsAtEarliest = options.property('auto.offset.reset') === 'earliest'
    this.#topology = topology
    this.#driver = new TopologyTestDriver(topology, {
      emitIntervalMs: options.emitIntervalMs,
    })
  }

  /** Builds the topology and registers the schemas it writes with. @throws UnsupportedError, SchemaRegistryError */
  static async start(info: QueryInfo, options: TestQueryOptions): Promise<TestQuery> {
    const { registry, functions, clock, random, property } = options
    const failures: StepFailure[] = []
    const { materialization } = info.plan
    const compiled = compilePlan(info.plan.root, {
      applicationId: info.applicationId,
      functions,
      functionEnvironment: { clock, random },
      registry,
      emit: info.plan.emit,
      failOnDeserializationError:
        String(property('ksql.fail.on.deserialization.error') ?? false) === 'true',
      failOnInvalidTimestamp:
        String(property('ksql.timestamp.throw.on.invalid') ?? false) === 'true',
      ...(materialization === undefined ? {} : { materialization }),
      emitFinalComplete: String(property('varve.emit.final.complete') ?? false) === 'true',
      onFailure: (failure) => failures.push(failure),
    })
    const topology = finish(compiled)
    await compiled.prepare()
    return new TestQuery(info, topology, failures, options)
  }

  /** Topics it reads, its own internal ones left out. */
  get sourceTopics(): readonly string[] {
    const internal = new Set(this.repartitionTopics)
    return this.#topology.subTopologies
      .flatMap((sub) => sub.sources.flatMap((source) => source.topics))
      .filter((topic) => !internal.has(topic))
  }

  /** Topics through which it sends rows to where their new key belongs. */
  get repartitionTopics(): readonly string[] {
    return this.#topology.subTopologies.flatMap((sub) =>
      sub.sinks.filter((sink) => sink.internal).map((sink) => sink.topic),
    )
  }

  /** Processes one record to its end and returns what the query wrote. @throws ProcessingError when it cannot go on */
  async pipe(topic: string, record: TestInputRecord): Promise<TestOutputRecord[]> {
    await this.#driver.pipeInputAsync(topic, record)
    return this.#driver.readOutput()
  }

  /** Records and rows that it left out, one text each. */
  get passedOver(): readonly string[] {
    return [
      ...this.failures.map(({ message }) => message),
      ...this.#driver.skipped.map(
        ({ topic, reason, message }) => `${topic}: ${reason}: ${message}`,
      ),
      ...Array.from(this.#driver.drops, ([reason, count]) => `${count} × ${reason}`),
    ]
  }

  close(): void {
    this.#driver.close()
  }
}
