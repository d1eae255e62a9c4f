import type { Database } from '../stack/database.ts'
import { tableOf } from './event-participation.ts'

/** Makes the statements of a history: submissions that come, change and go, and names that change. Deterministic. */
export class ChangeMaker {
  readonly #kind: Database['kind']
  readonly #live: number[] = []
  #next = 10
  #state: number

  constructor(kind: Database['kind'], seed: number) {
    this.#kind = kind
    this.#state = seed
  }

  /** Submissions made so far, those that went again included. */
  get inserted(): number {
    return this.#next - 10
  }

  /** One transaction of so many statements. */
  transaction(statements: number): string {
    const list = Array.from({ length: statements }, () => this.#statement())
    return `BEGIN;\n${list.join('\n')}\nCOMMIT;\n`
  }

  #statement(): string {
    const submit = tableOf(this.#kind, 'SUBMIT')
    const choice = this.#random(10)
    if (choice === 0)
      return `UPDATE ${tableOf(this.#kind, 'NAME')} SET name = 'name ${this.#random(1e6)}' WHERE id = ${103 + this.#random(18)};`
    const at = this.#random(Math.max(1, this.#live.length))
    const user = this.#live[at]
    if (user !== undefined && choice <= 2) {
      this.#live[at] = this.#live.at(-1)!
      this.#live.pop()
      return `DELETE FROM ${submit} WHERE user_id = ${user};`
    }
    if (user !== undefined && choice <= 4)
      return `UPDATE ${submit} SET event_id = ${101 + this.#random(20)} WHERE user_id = ${user};`
    const id = this.#next++
    this.#live.push(id)
    const time = new Date(1_710_928_800_000 + id * 1000).toISOString().slice(0, 19)
    return `INSERT INTO ${submit} VALUES (${id}, ${101 + this.#random(20)}, '${time.replace('T', ' ')}');`
  }

  /** Numerical Recipes' linear congruential generator. */
  #random(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * below)
  }
}
