import type { SeededRandom } from '@varve/base/testing'

import { sortedKeys, type Change, type Content } from './content.ts'
import type { FamilySetup } from './setup.ts'
import { textOf } from './latin1.ts'

/** Few keys, so that writes meet: short and long, with common beginnings, with bytes at both ends, and the empty one. */
const keys: readonly string[] = [
  '',
  '\x00',
  '\x00\x00',
  '\xff',
  '\xff\xff\xff\xff',
  ...Array.from({ length: 12 }, (_, i) => `key${String(i).padStart(2, '0')}`),
  ...Array.from({ length: 6 }, (_, i) => `key0${i}/tail`),
  ...Array.from({ length: 4 }, (_, i) => `${'p'.repeat(150)}${i}`),
  'key',
  'z',
]

/** Keys that may be deleted by singleDelete begin so: each is put at most once. */
const singlePrefix = 'once-'

/** Every key that changes can touch but those put once. */
export const knownKeys = keys

/** Makes random changes; numbers run through the life of a history, so that no value repeats. */
export class ChangeMaker {
  readonly #random: SeededRandom
  /** Keys put once that were deleted once: a second time would be undefined. */
  readonly #spent = new Set<string>()
  #number = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** One that goes on from here by itself: what it does changes nothing of what this one makes. */
  fork(random: SeededRandom): ChangeMaker {
    const other = new ChangeMaker(random)
    for (const key of this.#spent) other.#spent.add(key)
    other.#number = this.#number
    return other
  }

  /** Changes of one batch to one family whose content is `content`. */
  batch(family: FamilySetup, content: Content, count: number): Change[] {
    return Array.from({ length: count }, () => this.#change(family, content))
  }

  /** A range of keys in the family's order, the second not before the first. */
  range({ reverse }: FamilySetup): readonly [string, string] {
    const a = this.#random.pick(keys)
    const b = this.#random.pick(keys)
    return a < b === reverse ? [b, a] : [a, b]
  }

  value(family: FamilySetup): string {
    const random = this.#random
    const n = ++this.#number
    if (family.merge === 'uint64add') return textOf(random.bytes(8))
    switch (random.below(20)) {
      case 0:
        return ''
      case 1:
        return `${n}|${textOf(random.bytes(2000))}`
      case 2:
        return random.below(6) === 0 ? `${n}|${'long '.repeat(9000)}` : `${n}|`
      default:
        return `${n}|${'value '.repeat(random.below(25))}`
    }
  }

  #change(family: FamilySetup, content: Content): Change {
    const random = this.#random
    const key = random.pick(keys)
    const choice = random.below(20)
    if (choice < 3) return { kind: 'delete', key }
    if (choice === 3) {
      const [begin, end] = this.range(family)
      return { kind: 'deleteRange', key: begin, end }
    }
    if (choice === 4)
      return {
        kind: 'put',
        key: `${singlePrefix}${++this.#number}`,
        value: this.value(family),
      }
    if (choice === 5) {
      const once = sortedKeys(content, family).filter(
        (known) => known.startsWith(singlePrefix) && !this.#spent.has(known),
      )
      if (once.length > 0) {
        const spent = random.pick(once)
        this.#spent.add(spent)
        return { kind: 'singleDelete', key: spent }
      }
    }
    if (choice < 11 && family.merge !== 'none')
      return { kind: 'merge', key, value: this.value(family) }
    return { kind: 'put', key, value: this.value(family) }
  }
}
