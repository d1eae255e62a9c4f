import { messageOf } from '@varve/base'
import { Engine } from '@varve/runtime'
import { startServer } from '@varve/runtime/server'
import { InMemorySchemaRegistry } from '@varve/serde'

import { SchemaSource } from '../codec/schema-source.ts'
import { decodeBase64 } from '../codec/side-codec.ts'
import { TopicCodec } from '../codec/topic-codec.ts'
import { isArray, JsonObject, type Json } from '../json/json-value.ts'
import type { SuiteCase } from '../suite/case.ts'
import { declaredTopics } from '../suite/declared-topics.ts'
import { registerSchemas } from '../suite/register-schemas.ts'
import { CaseFailure, type Passed } from '../verdict.ts'
import { outputsDifference } from './check-outputs.ts'
import { responsesDifference, type ActualResponse } from './compare-responses.ts'
import { describeSources, type DescribedSource } from './describe-sources.ts'
import { errorDifference } from './expected-error.ts'
import { textRows } from './protobuf-rows.ts'
import { readTopic } from './read-topic.ts'
import { RestClient, RowTimeout, type RowStream } from './rest-client.ts'
import { settle } from './settle.ts'

const engineConfig = {
  'ksql.headers.columns.enabled': true,
  'auto.offset.reset': 'earliest',
  'ksql.query.pull.table.scan.enabled': true,
  'ksql.query.pull.interpreter.enabled': true,
  'ksql.query.push.v2.enabled': true,
  'ksql.query.push.v2.registry.installed': true,
  'processing.guarantee': 'exactly_once_v2',
  'num.stream.threads': 1,
  'commit.interval.ms': 50,
  'cache.max.bytes.buffering': 0,
}

/** How long a row may take, milliseconds. */
const rowTimeoutMs = 10_000

/** How long a query that has sent what is expected may go on to send more, milliseconds. */
const surplusTimeoutMs = 150

/** Runs a case against a server of its own. @throws CaseFailure */
export async function runRestCase(testCase: SuiteCase): Promise<Passed> {
  await using engine = await Engine.open({ directory: ':memory:', config: engineConfig })
  await using server = await startServer({ engine, port: 0, shutdownGraceMs: 100 })
  return { checks: await new RestCaseRun(testCase, engine, server.url).run() }
}

class RestCaseRun {
  readonly #case: SuiteCase
  readonly #engine: Engine
  readonly #client: RestClient
  readonly #responses: ActualResponse[] = []
  #sources: readonly DescribedSource[] = []

  constructor(testCase: SuiteCase, engine: Engine, url: string) {
    this.#case = testCase
    this.#engine = engine
    this.#client = new RestClient(url, testCase.properties)
  }

  async run(): Promise<number> {
    const { statements, source } = this.#case
    const expectedError = source.get('expectedError')
    const wanted = expectedError instanceof JsonObject ? expectedError : undefined
    await this.#prepare()
    const firstQuery = statements.findIndex((statement) => statement.startsWith('SELECT '))
    const admin = firstQuery < 0 ? statements : statements.slice(0, firstQuery)
    const queries = firstQuery < 0 ? [] : statements.slice(firstQuery)
    if (admin.length > 0) {
      const failure = await this.#execute(admin)
      if (failure !== undefined) return this.#checkError(wanted, failure.error, admin.at(-1)!)
    }
    this.#sources = await describeSources(this.#engine)
    const checked = await this.#runQueries(queries, wanted)
    if (wanted !== undefined && checked === 0) throw new CaseFailure('error: none was raised')
    return checked + (await this.#checkOutputs()) + this.#checkResponses()
  }

  async #prepare(): Promise<void> {
    const { schemaRegistry, kafka } = this.#engine
    const topics = declaredTopics(this.#case)
    if (!(schemaRegistry instanceof InMemorySchemaRegistry)) {
      throw new Error('the engine has no registry of its own')
    }
    await registerSchemas(topics, schemaRegistry)
    for (const { name, partitions, replicas } of topics) {
      await kafka.admin.createTopic({
        name,
        partitionCount: partitions,
        replicationFactor: replicas,
        configs: { 'retention.ms': '-1' },
      })
    }
  }

  /** Sends the statements in front of the queries. */
  async #execute(statements: readonly string[]): Promise<{ readonly error: unknown } | undefined> {
    try {
      const entities = await this.#client.execute(statements.join('\n'))
      for (const content of entities) this.#responses.push({ kind: 'admin', content })
      return undefined
    } catch (error) {
      return { error }
    }
  }

  /** Feeds the inputs and asks the queries; returns how many expected errors came. */
  async #runQueries(queries: readonly string[], wanted: JsonObject | undefined): Promise<number> {
    const conditions = this.#case.source.get('inputConditions')
    const [first] = queries
    if (
      conditions instanceof JsonObject &&
      conditions.get('waitForActivePushQuery') === true &&
      first !== undefined
    ) {
      await this.#ask(first, 'query', () => this.#feed())
      return 0
    }
    await this.#feed()
    await settle(
      this.#engine.kafka,
      this.#sources.flatMap(({ topic, readQueries }) =>
        readQueries.map((queryId) => ({ queryId, topic })),
      ),
    )
    let errors = 0
    const kinds =
      this.#case.source.get('testPullWithProtoFormat') === true
        ? (['query', 'queryProto'] as const)
        : (['query'] as const)
    for (const kind of kinds) {
      for (const query of queries) {
        try {
          await this.#ask(query, kind)
        } catch (error) {
          errors += this.#checkError(wanted, error, query)
          continue
        }
        if (wanted !== undefined) throw new CaseFailure('error: none was raised by a query')
      }
    }
    return errors
  }

  #checkError(wanted: JsonObject | undefined, error: unknown, statement: string): number {
    if (wanted === undefined) {
      throw new CaseFailure(`error: none was expected, got ${messageOf(error)}`, { cause: error })
    }
    const difference = errorDifference(wanted, error, statement)
    if (difference !== undefined) throw new CaseFailure(difference)
    return 1
  }

  async #ask(
    sql: string,
    kind: 'query' | 'queryProto',
    onStarted?: () => Promise<void>,
  ): Promise<void> {
    const rows = await this.#client.query(sql, { protobuf: kind === 'queryProto' })
    try {
      const elements: Json[] = []
      if (onStarted !== undefined) {
        const header = await rows.next(rowTimeoutMs)
        if (header !== undefined) elements.push(header)
        await onStarted()
      }
      await collect(rows, elements, this.#expectedElements(), /EMIT\s+CHANGES/i.test(sql))
      this.#responses.push({ kind, content: kind === 'query' ? elements : textRows(elements) })
    } finally {
      await rows.close()
    }
  }

  /** How many elements the next response should have. */
  #expectedElements(): number {
    const responses = this.#case.source.get('responses')
    const next = isArray(responses) ? responses[this.#responses.length] : undefined
    const rows = next instanceof JsonObject ? next.get('query') : undefined
    return isArray(rows) ? rows.length : 0
  }

  async #feed(): Promise<void> {
    const { inputs } = this.#case
    if (inputs.length === 0) return
    const schemas = await SchemaSource.load(this.#engine.schemaRegistry)
    await using producer = this.#engine.kafka.producer()
    await producer.init()
    for (const [topic, records] of Map.groupBy(inputs, (input) => input.topic)) {
      const codec = this.#codec(topic, schemas)
      for (const record of records) {
        producer.send({
          topic,
          key: codec.encodeKey(record),
          value: codec.encodeValue(record),
          timestamp: Number(record.timestamp ?? 0n),
          headers: record.headers.map(({ key, value }) => ({
            key,
            value: value === null ? null : decodeBase64(value),
          })),
        })
      }
    }
    await producer.flush()
  }

  async #checkOutputs(): Promise<number> {
    const outputs = this.#case.outputs ?? []
    const schemas = await SchemaSource.load(this.#engine.schemaRegistry)
    for (const [topic, expected] of Map.groupBy(outputs, (output) => output.topic)) {
      const records = await readTopic(this.#engine.kafka, topic)
      const difference = outputsDifference(topic, expected, records, this.#codec(topic, schemas))
      if (difference !== undefined) throw new CaseFailure(difference)
    }
    return outputs.length
  }

  #checkResponses(): number {
    const expected = this.#case.source.get('responses')
    if (!isArray(expected)) return 0
    const difference = responsesDifference(expected, this.#responses)
    if (difference !== undefined) throw new CaseFailure(difference)
    return expected.length
  }

  #codec(topic: string, schemas: SchemaSource): TopicCodec {
    const source = this.#sources.find((each) => each.topic === topic)
    return new TopicCodec({ topic, source, schemas, exactNumbers: true })
  }
}

/** Reads a response to its end; of a query that does not end, what is expected and a moment more. */
async function collect(
  rows: RowStream,
  elements: Json[],
  expected: number,
  endless: boolean,
): Promise<void> {
  for (;;) {
    const timeoutMs = endless && elements.length >= expected ? surplusTimeoutMs : rowTimeoutMs
    try {
      const element = await rows.next(timeoutMs)
      if (element === undefined) return
      elements.push(element)
    } catch (error) {
      if (!(error instanceof RowTimeout)) throw error
      if (endless) return
      throw new CaseFailure('response: the answer did not end')
    }
  }
}
