import { assert, type Clock, type Random } from '@varve/base'
import { frameHeader, type SchemaRegistry } from '@varve/serde'
import type { FunctionRegistry } from '@varve/sql'
import {
  TopologyTestDriver,
  type Serde,
  type TestInputRecord,
  type TestOutputRecord,
  type Topology,
} from '@varve/streams'

import type { QueryInfo } from '../catalog/query-info.ts'
import type { PropertyValue } from '../engine/session.ts'
import { compilePlan, finish, type StepFailure } from '../lowering/compile-plan.ts'

/** What a {@link TestQuery} stands on. */
export interface TestQueryOptions {
  readonly registry: SchemaRegistry
  readonly functions: FunctionRegistry
  readonly clock: Clock
  readonly random: Random
  readonly property: (name: string) => PropertyValue | undefined
  /** How long results held back until a window closes are kept from being looked at again, milliseconds of the wall clock. */
  readonly emitIntervalMs: number
}

/** A persistent query that runs when records are piped into it: synchronously, uncached, under a wall clock that stands still. */
export class TestQuery {
  readonly id: string
  readonly applicationId: string
  readonly statementText: string
  /** Rows that steps of the query could not use. */
  readonly failures: readonly StepFailure[]
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
    this.#topology = topology
    this.#driver = new TopologyTestDriver(topology, {
      emitIntervalMs: options.emitIntervalMs,
      startWallClockMs: options.clock.now(),
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
      ...(materialization === undefined ? {} : { materialization }),
      onFailure: (failure) => failures.push(failure),
    })
    const topology = finish(compiled)
    await compiled.prepare()
    await loadInternalSchemas(topology, registry)
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
    await this.#prepare(topic, record)
    this.#driver.pipeInput(topic, record)
    return this.#driver.readOutput()
  }

  close(): void {
    this.#driver.close()
  }

  /** Fetches the schemas that the record was written with. One that cannot be had shows when the record is decoded. */
  async #prepare(topic: string, record: TestInputRecord): Promise<void> {
    const source = this.#topology.subTopologies
      .flatMap((sub) => sub.sources)
      .find((candidate) => candidate.topics.includes(topic))
    assert(source !== undefined, `query "${this.id}" reads topic "${topic}"`)
    if (record.key !== null) await source.keySerde.prepare?.(record.key).catch(() => undefined)
    if (record.value !== null)
      await source.valueSerde.prepare?.(record.value).catch(() => undefined)
  }
}

/** Repartition topics are read within {@link TestQuery.pipe}, which cannot wait: what is written there is known beforehand. */
async function loadInternalSchemas(topology: Topology, registry: SchemaRegistry): Promise<void> {
  const subjects = new Set(await registry.subjects())
  const load = async (serde: Serde<unknown>, subject: string): Promise<void> => {
    if (!subjects.has(subject)) return
    const { id } = await registry.latest(subject)
    await serde.prepare?.(frameHeader(id))
  }
  const internal = new Set(
    topology.subTopologies.flatMap((sub) =>
      sub.sinks.filter((sink) => sink.internal).map((sink) => sink.topic),
    ),
  )
  for (const source of topology.subTopologies.flatMap((sub) => sub.sources)) {
    for (const topic of source.topics.filter((name) => internal.has(name))) {
      await load(source.keySerde, `${topic}-key`)
      await load(source.valueSerde, `${topic}-value`)
    }
  }
}
