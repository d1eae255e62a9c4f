import { messageOf, systemClock } from '@varve/base'
import { InMemorySchemaRegistry } from '@varve/serde'
import { ScriptTestDriver } from '@varve/runtime/testing'
import { parse, type Catalog, type DataSource, type ParsedStatement } from '@varve/sql'

import { SchemaSource } from '../codec/schema-source.ts'
import { encodeBase64 } from '../codec/side-codec.ts'
import { TopicCodec } from '../codec/topic-codec.ts'
import { recordsDifference, type ActualRecord } from '../compare/compare-records.ts'
import type { JsonObject } from '../json/json-value.ts'
import type { CaseRecord, SuiteCase } from '../suite/case.ts'
import { declaredTopics } from '../suite/declared-topics.ts'
import { registerSchemas } from '../suite/register-schemas.ts'
import { CaseFailure, type Passed } from '../verdict.ts'
import { sourceDifference } from './expected-source.ts'
import { appendWritten, feedQueries, type RawRecord, type TopicLog } from './feed-queries.ts'
import { checkPostConditions } from './post-conditions.ts'
import {
  exceptionDifference,
  raisedByRecord,
  raisedByStatement,
  type Raised,
} from './raised-error.ts'

/** Property that only tells the runner how to read numbers. */
const exactNumbersProperty = 'use.exact.numeric.comparison'

const emitIntervalProperty = 'ksql.streams.__emit.interval.ms.kstreams.windowed.aggregation__'

const sinkPartitions = 4

const engineConfig = {
  'ksql.service.id': 'some.ksql.service.id',
  'auto.offset.reset': 'earliest',
  'ksql.headers.columns.enabled': true,
}

/** Runs a case on the engine's planner and operators, driven synchronously. @throws CaseFailure */
export async function runQueryCase(testCase: SuiteCase): Promise<Passed> {
  const { [exactNumbersProperty]: exact = true, ...properties } = testCase.properties
  const driver = new ScriptTestDriver({
    clock: systemClock,
    // As the mock registry of the original: it takes any schema.
    registry: new InMemorySchemaRegistry({ compatibility: 'NONE' }),
    config: engineConfig,
    properties,
    adoptTopics: true,
    emitIntervalMs: Number(properties[emitIntervalProperty] ?? 1_000),
  })
  try {
    const checks = await new QueryCaseRun(testCase, driver, String(exact) === 'true').run()
    const { recordedSources } = testCase
    // Of a case that must fail only older versions, which let it pass, have left a record.
    if (recordedSources === undefined || testCase.expectedException !== undefined) return { checks }
    return { checks, sourceDifference: recordedDifference(recordedSources, driver) ?? null }
  } finally {
    driver.close()
  }
}

function recordedDifference(
  recorded: readonly JsonObject[],
  driver: ScriptTestDriver,
): string | undefined {
  for (const expected of recorded) {
    const difference = sourceDifference(expected, driver.sources)
    if (difference !== undefined) return difference
  }
  return undefined
}

class QueryCaseRun {
  readonly #case: SuiteCase
  readonly #driver: ScriptTestDriver
  readonly #exactNumbers: boolean
  readonly #log: TopicLog = new Map()
  /** The last source seen over each topic: one that was dropped still says how its records are written. */
  readonly #sources = new Map<string, DataSource>()
  readonly #declared = new Set<string>()
  #queriesCreated = false

  constructor(testCase: SuiteCase, driver: ScriptTestDriver, exactNumbers: boolean) {
    this.#case = testCase
    this.#driver = driver
    this.#exactNumbers = exactNumbers
  }

  async run(): Promise<number> {
    const topics = declaredTopics(this.#case)
    for (const topic of topics) {
      this.#driver.createTopic(topic.name, topic)
      this.#declared.add(topic.name)
    }
    await registerSchemas(topics, this.#driver.registry)
    const raised = await this.#statements()
    const { expectedException: expected } = this.#case
    if (raised !== undefined) {
      if (expected === undefined) throw new CaseFailure(`a statement failed: ${describe(raised)}`)
      return checkException(expected, raised)
    }
    if (expected !== undefined && this.#case.inputs.length === 0) {
      throw new CaseFailure(`no error was raised, expected ${JSON.stringify(expected.message)}`)
    }
    if (!this.#queriesCreated) throw new CaseFailure('the statements created no query')
    const failure = await this.#feed()
    if (expected !== undefined) {
      if (failure === undefined) {
        throw new CaseFailure(`no error was raised, expected ${JSON.stringify(expected.message)}`)
      }
      return checkException(expected, failure)
    }
    if (failure !== undefined) throw new CaseFailure(`a record failed: ${describe(failure)}`)
    const checked = await this.#checkOutputs(this.#case.outputs ?? [])
    const schemas = await SchemaSource.load(this.#driver.registry)
    return checked + checkPostConditions(this.#case, this.#driver, schemas)
  }

  /** Executes the script; resolves to the error that it may expect. */
  async #statements(): Promise<Raised | undefined> {
    let script: readonly ParsedStatement[]
    try {
      // As a server parses: statements of tests are none of its language.
      script = parse(this.#case.statements.join('\n'), {
        substituteVariables: false,
        testStatements: false,
      })
    } catch (error) {
      return raisedByStatement(error, undefined, this.#catalog)
    }
    for (const [i, parsed] of script.entries()) {
      try {
        const result = await this.#driver.execute(parsed)
        if (result.kind === 'query') {
          this.#queriesCreated = true
          this.#recordSinks()
        }
        if (result.kind === 'inserted') appendWritten(this.#log, result.record)
      } catch (error) {
        const raised = raisedByStatement(error, parsed, this.#catalog)
        if (i < script.length - 1 && this.#case.expectedException !== undefined) {
          throw new CaseFailure(`statement ${i + 1} failed, before the last: ${describe(raised)}`)
        }
        return raised
      }
      for (const source of this.#driver.sources.values()) this.#sources.set(source.topic, source)
    }
    return undefined
  }

  /** The original books the topic of every sink with the same number of partitions. */
  #recordSinks(): void {
    for (const name of this.#driver.topics.names()) {
      if (this.#declared.has(name)) continue
      this.#declared.add(name)
      this.#driver.createTopic(name, { partitions: sinkPartitions, replicas: 1 })
    }
  }

  get #catalog(): Catalog {
    const { sources } = this.#driver
    return { source: (name) => sources.get(name), type: () => undefined }
  }

  async #feed(): Promise<Raised | undefined> {
    const schemas = await SchemaSource.load(this.#driver.registry)
    try {
      await feedQueries(
        this.#driver.queries,
        this.#case.inputs,
        (topic) => this.#codec(topic, schemas),
        this.#log,
      )
      return undefined
    } catch (error) {
      return raisedByRecord(error)
    }
  }

  async #checkOutputs(outputs: readonly CaseRecord[]): Promise<number> {
    const schemas = await SchemaSource.load(this.#driver.registry)
    const byTopic = Map.groupBy(outputs, ({ topic }) => topic)
    if (byTopic.size === 0 && this.#case.outputs !== undefined) return this.#checkSilence()
    for (const [topic, expected] of byTopic) {
      const codec = this.#codec(topic, schemas)
      const actual = (this.#log.get(topic) ?? []).map((record, i) =>
        decode(record, codec, `record ${i} of topic "${topic}"`),
      )
      const difference = recordsDifference(topic, expected, actual)
      if (difference !== undefined) throw new CaseFailure(difference)
    }
    return outputs.length
  }

  /** An empty list of outputs means that nothing came out. */
  #checkSilence(): number {
    const inputs = new Set(this.#case.inputs.map(({ topic }) => topic))
    for (const [topic, records] of this.#log) {
      if (!inputs.has(topic)) {
        throw new CaseFailure(`topic "${topic}" has ${records.length} records, expected none`)
      }
    }
    return 1
  }

  #codec(topic: string, schemas: SchemaSource): TopicCodec {
    const exactNumbers = this.#exactNumbers
    return new TopicCodec({ topic, source: this.#sources.get(topic), schemas, exactNumbers })
  }
}

function describe({ kind, error, text }: Raised): string {
  const place = kind === 'bug' && error instanceof Error ? `\n${error.stack ?? ''}` : ''
  return `(${kind}) ${text}${place}`
}

function checkException(
  expected: NonNullable<SuiteCase['expectedException']>,
  raised: Raised,
): number {
  const difference = exceptionDifference(expected, raised)
  if (difference !== undefined) throw new CaseFailure(difference)
  return 1
}

function decode(record: RawRecord, codec: TopicCodec, place: string): ActualRecord {
  try {
    return {
      key: codec.decodeKey(record.key),
      value: codec.decodeValue(record.value),
      timestamp: record.timestamp,
      headers: record.headers.map(({ key, value }) => ({
        key,
        value: value === null ? null : encodeBase64(value),
      })),
    }
  } catch (error) {
    throw new CaseFailure(`${place} cannot be read: ${messageOf(error)}`)
  }
}
