import type { TestOutputRecord } from '@varve/streams'

interface TopicLog {
  readonly records: TestOutputRecord[]
  /** So many of them were asserted. */
  asserted: number
}

/** The records of all topics of a test in the order they were written, and how far each topic has been asserted. */
export class TopicLogs {
  readonly #records: TestOutputRecord[] = []
  readonly #topics = new Map<string, TopicLog>()

  /** All, over all topics. */
  get records(): readonly TestOutputRecord[] {
    return this.#records
  }

  append(record: TestOutputRecord): void {
    this.#records.push(record)
    const log = this.#topics.get(record.topic)
    if (log === undefined) this.#topics.set(record.topic, { records: [record], asserted: 0 })
    else log.records.push(record)
  }

  /** The next record of a topic that was not asserted yet. */
  peek(topic: string): TestOutputRecord | undefined {
    const log = this.#topics.get(topic)
    return log?.records[log.asserted]
  }

  /** Takes what {@link peek} shows. */
  take(topic: string): TestOutputRecord | undefined {
    const record = this.peek(topic)
    if (record !== undefined) this.#topics.get(topic)!.asserted++
    return record
  }

  /** How many records of a topic were not asserted yet. */
  leftCount(topic: string): number {
    const log = this.#topics.get(topic)
    return log === undefined ? 0 : log.records.length - log.asserted
  }
}
