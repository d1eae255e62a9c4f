import type { VirtualClock } from '@varve/base/testing'
import type { Row } from '@varve/serde'
import {
  positionAt,
  skipBlanks,
  SqlError,
  type DataSource,
  type FunctionRegistry,
  type ParsedStatement,
} from '@varve/sql'
import type { TestOutputRecord } from '@varve/streams'

import { ScriptTestDriver } from '../script-test-driver.ts'
import type { TestQuery } from '../test-query.ts'
import { AssertionFailure } from './assertion-failure.ts'
import { checkRecord, type DecodedRecord } from './check-record.ts'
import { checkSource } from './check-source.ts'
import type { SqlTestStep } from './read-test-file.ts'
import { TopicLogs } from './topic-logs.ts'

/** One test while it runs: a catalog, its queries, and the records of its topics. */
export class SqlTestRun {
  readonly #text: string
  readonly #clock: VirtualClock
  readonly #driver: ScriptTestDriver
  readonly #logs = new TopicLogs()

  constructor(text: string, clock: VirtualClock, functions?: FunctionRegistry) {
    this.#text = text
    this.#clock = clock
    this.#driver = new ScriptTestDriver({
      clock,
      createMissingTopics: true,
      ...(functions === undefined ? {} : { functions }),
    })
  }

  /** Takes the next step. @throws AssertionFailure, SqlError, EngineError, UnsupportedError */
  async step(step: SqlTestStep): Promise<void> {
    switch (step.kind) {
      case 'time':
        this.#moveClock(step.ms)
        return
      case 'noMoreOutput':
        this.#checkNoMoreOutput(step.source)
        return
      case 'statement':
        for (const statement of this.#parse(step)) await this.#execute(statement)
    }
  }

  /** Line of a step in the file, from 1. */
  lineOf(step: SqlTestStep): number {
    const { kind, offset } = step
    const at = kind === 'statement' ? skipBlanks(this.#text, offset) : offset
    return positionAt(this.#text, at).line
  }

  /** What queries passed over so far, one line each. */
  notes(): string[] {
    return this.#driver.queries.flatMap((query) =>
      query.passedOver.map((why) => `${query.id}: ${why}`),
    )
  }

  close(): void {
    this.#driver.close()
  }

  /** One statement, with everything around it blanked out: errors carry their place in the file. */
  #parse({
    offset,
    end,
  }: {
    readonly offset: number
    readonly end: number
  }): readonly ParsedStatement[] {
    const before = this.#text.slice(0, offset).replace(/[^\n]/g, ' ')
    try {
      return this.#driver.parse(before + this.#text.slice(offset, end), {
        substituteVariables: true,
      })
    } catch (error) {
      throw this.#located(error)
    }
  }

  async #execute(parsed: ParsedStatement): Promise<void> {
    const { statement } = parsed
    try {
      if (statement.kind === 'assertValues') {
        const assertion = this.#driver.analyzeAssertion(statement)
        const { target } = assertion
        await this.#prepare(target, this.#logs.peek(target.topic))
        checkRecord(assertion, this.#logs.take(target.topic), (record) =>
          this.#decode(target, record),
        )
        return
      }
      if (statement.kind === 'assertSource') {
        checkSource(statement, this.#driver.metastore)
        return
      }
      const result = await this.#driver.execute(parsed)
      if (result.kind === 'inserted') await this.#write({ ...result.record, headers: [] })
      if (result.kind === 'query') await this.#catchUp(result.query)
    } catch (error) {
      throw this.#located(error)
    }
  }

  /** Writes a record, and what queries make of it, and what others make of that. */
  async #write(record: TestOutputRecord): Promise<void> {
    const waiting = [record]
    for (const next of waiting) {
      this.#logs.append(next)
      for (const query of this.#driver.queries) {
        if (!query.sourceTopics.includes(next.topic)) continue
        waiting.push(...(await query.pipe(next.topic, next)))
      }
    }
  }

  /** A new query reads tables from their beginning, streams as `auto.offset.reset` says. */
  async #catchUp(query: TestQuery): Promise<void> {
    const { sourceTopics } = query
    const past = this.#logs.records.filter(
      ({ topic }) =>
        sourceTopics.includes(topic) && (query.startsAtEarliest || !query.streamTopics.has(topic)),
    )
    for (const record of [...past]) {
      for (const output of await query.pipe(record.topic, record)) await this.#write(output)
    }
  }

  #decode(source: DataSource, record: TestOutputRecord): DecodedRecord {
    const readers = this.#driver.access.readers(source)
    const value: Row | null = record.value === null ? null : readers.value.deserialize(record.value)
    return { key: readers.key.deserialize(record.key), value, timestamp: record.timestamp }
  }

  /** Fetches what decoding the record needs. */
  async #prepare(source: DataSource, record: TestOutputRecord | undefined): Promise<void> {
    const { key, value } = this.#driver.access.readers(source)
    if (record?.key !== undefined && record.key !== null) await key.prepare?.(record.key)
    if (record?.value !== undefined && record.value !== null) await value.prepare?.(record.value)
  }

  #checkNoMoreOutput(name: string): void {
    const { topic } = this.#driver.access.find(name)
    const left = this.#logs.leftCount(topic)
    if (left === 0) return
    throw new AssertionFailure(
      `${name} has ${left === 1 ? 'one record' : `${left} records`} that no assertion took.`,
    )
  }

  #moveClock(ms: number): void {
    const now = this.#clock.now()
    if (ms < now) throw new AssertionFailure('The clock cannot go back.')
    this.#clock.advanceSync(ms - now)
  }

  #located(error: unknown): unknown {
    return error instanceof SqlError ? error.withText(this.#text) : error
  }
}
