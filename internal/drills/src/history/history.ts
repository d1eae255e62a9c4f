import { LiveHistory, type LiveHistoryOptions } from './live-history.ts'
import { write } from './steps/write.ts'
import { allSteps, stepOf, type HistorySteps } from './steps/index.ts'

/** What a {@link History} is made of. */
export interface HistoryOptions extends LiveHistoryOptions {
  /** Default {@link allSteps}. */
  readonly steps?: HistorySteps
}

/** A random history of one database beside a model of it. */
export class History extends LiveHistory {
  readonly #steps: HistorySteps

  constructor(options: HistoryOptions) {
    super(options)
    this.#steps = options.steps ?? allSteps
  }

  /** Takes one random step. @throws what the database throws, and Error when it shows something else than the model */
  async next(): Promise<void> {
    const kind = this.#pickStep()
    this.step = kind
    await stepOf[kind](this)
  }

  /** Takes a step of this kind. */
  async take(kind: keyof HistorySteps): Promise<void> {
    this.step = kind
    await stepOf[kind](this)
  }

  /** Writes one random batch. */
  async writeOnce(): Promise<void> {
    this.step = 'write'
    await write(this)
  }

  #pickStep(): keyof HistorySteps {
    const entries = Object.entries(this.#steps) as [keyof HistorySteps, number][]
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
    let left = this.random.next() * total
    for (const [kind, weight] of entries) {
      left -= weight
      if (left < 0) return kind
    }
    return 'write'
  }
}
