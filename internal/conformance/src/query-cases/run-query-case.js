import { VirtualClock } from '@varve/base/testing'
import { ScriptTestDriver } from '@varve/runtime/testing'
import { SchemaSource } from '../codec/schema-source.ts'
import { encodeBase64 } from '../codec/side-codec.ts'
import { TopicCodec } from '../codec/topic-codec.ts'
import { recordsDifference } from '../compare/compare-records.ts'
import { declaredTopics } from '../suite/declared-topics.ts'
import { registerSchemas } from '../suite/register-schemas.ts'
import { CaseFailure } from '../verdict.ts'
import { appendWritten, feedQueries } from './feed-queries.ts'
import { checkPostConditions } from './post-conditions.ts'
import { exceptionDifference, raisedByRecord, raisedByStatement } from './raised-error.ts'
/** Property that only tells the runner how to read numbers. */
const exactNumbersProperty = 'use.exact.numeric.comparison'
const emitIntervalProperty = 'ksql.streams.__emit.interval.ms.kstreams.windowed.aggregation__'
const engineConfig = {
  'ksql.service.id': 'some.ksql.service.id',
  'auto.offset.reset': 'earliest',
  'ksql.headers.columns.enabled': true,
}
/** Runs a case on the engine's planner and operators, driven synchronously. Returns how much was checked. @throws CaseFailure */
export async function runQueryCase(testCase) {
  const { [exactNumbersProperty]: exact = true, ...properties } = testCase.properties
  const driver = new ScriptTestDriver({
    clock: new VirtualClock(0),
    config: engineConfig,
    properties,
    adoptTopics: true,
    emitIntervalMs: Number(properties[emitIntervalProperty] ?? 1_000),
  })
  try {
    return await new QueryCaseRun(testCase, driver, String(exact) === 'true').run()
  } finally {
    driver.close()
  }
}
class QueryCaseRun {
  #case
  #driver
  #exactNumbers
  #log = new Map()
  /** The last source seen over each topic: one that was dropped still says how its records are written. */
  #sources = new Map()
  #queriesCreated = false
  constructor(testCase, driver, exactNumbers) {
    this.#case = testCase
    this.#driver = driver
    this.#exactNumbers = exactNumbers
  }
  async run() {
    const topics = declaredTopics(this.#case)
    for (const topic of topics) this.#driver.createTopic(topic.name, topic)
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
  async #statements() {
    let script
    try {
      script = this.#driver.parse(this.#case.statements.join('\n'))
    } catch (error) {
      return raisedByStatement(error, undefined)
    }
    for (const [i, parsed] of script.entries()) {
      try {
        const result = await this.#driver.execute(parsed)
        if (result.kind === 'query') this.#queriesCreated = true
        if (result.kind === 'inserted') appendWritten(this.#log, result.record)
      } catch (error) {
        const raised = raisedByStatement(error, parsed)
        if (i < script.length - 1 && this.#case.expectedException !== undefined) {
          throw new CaseFailure(`statement ${i + 1} failed, before the last: ${describe(raised)}`)
        }
        return raised
      }
      for (const source of this.#driver.sources.values()) this.#sources.set(source.topic, source)
    }
    return undefined
  }
  async #feed() {
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
  async #checkOutputs(outputs) {
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
  #checkSilence() {
    const inputs = new Set(this.#case.inputs.map(({ topic }) => topic))
    for (const [topic, records] of this.#log) {
      if (!inputs.has(topic)) {
        throw new CaseFailure(`topic "${topic}" has ${records.length} records, expected none`)
      }
    }
    return 1
  }
  #codec(topic, schemas) {
    const exactNumbers = this.#exactNumbers
    return new TopicCodec({ topic, source: this.#sources.get(topic), schemas, exactNumbers })
  }
}
function describe({ kind, error, text }) {
  const place = kind === 'bug' && error instanceof Error ? `\n${error.stack ?? ''}` : ''
  return `(${kind}) ${text}${place}`
}
function checkException(expected, raised) {
  const difference = exceptionDifference(expected, raised)
  if (difference !== undefined) throw new CaseFailure(difference)
  return 1
}
function decode(record, codec, place) {
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
    throw new CaseFailure(
      `${place} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
