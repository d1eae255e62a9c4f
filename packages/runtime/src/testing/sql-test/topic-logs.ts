import type { TestOutputRecord } from '@varve/streams'

/** The records of all topics of a test in the order they were written, and how far each topic has been asserted. */
export class TopicLogs {
  readonly #records: TestOutputRecord[] = []
  readonly #asserted = new Map<string, number>()

  /** All, over all topics. */
  get records(): readonly TestOutputRecord[] {
    return this.#records
  }

  append(record: TestOutputRecord): void {
    this.#records.push(record)
  }

  /** Takes the next record of a topic that was not asserted yet. */
  take(topic: string): TestOutputRecord | undefined {
    const asserted = this.#asserted.get(topic) ?? 0
    const record = this.#of(topic)[asserted]
    if (record !== undefined) this.#asserted.set(topic, asserted + 1)
    return record
  }

  /** Records of a topic that were not asserted yet. */
  left(topic: string): readonly TestOutputRecord[] {
    return this.#of(topic).slice(this.#asserted.get(topic) ?? 0)
  }

  #of(topic: string): readonly TestOutputRecord[] {
    return this.#records.filter((record) => record.topic === topic)
  }
}
