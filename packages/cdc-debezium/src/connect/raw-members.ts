import type { Raw } from './raw.ts'

/** Names of an object's members, shared by all objects of that form. */
export class MemberNames {
  readonly list: readonly string[]
  readonly places: ReadonlyMap<string, number>

  /** The names must differ. */
  constructor(list: readonly string[]) {
    this.list = list
    this.places = new Map(list.map((name, i) => [name, i]))
  }
}

/**
 * A raw object whose names are known before its values: records of Avro, and objects of JSON that look like those before them. A map that is not changed;
 * making one costs a list and no hashing.
 */
export class RawMembers implements ReadonlyMap<string, Raw> {
  readonly #names: MemberNames
  readonly #values: readonly Raw[]

  /** Values in the order of the names. Both are kept. */
  constructor(names: MemberNames, values: readonly Raw[]) {
    this.#names = names
    this.#values = values
  }

  get size(): number {
    return this.#values.length
  }

  /** Names of the members: the same object for objects that look alike. */
  get names(): MemberNames {
    return this.#names
  }

  /** The member at a place of {@link names}. */
  at(place: number): Raw {
    return this.#values[place]!
  }

  get(name: string): Raw | undefined {
    const place = this.#names.places.get(name)
    return place === undefined ? undefined : this.#values[place]
  }

  has(name: string): boolean {
    return this.#names.places.has(name)
  }

  forEach(visit: (value: Raw, name: string, map: ReadonlyMap<string, Raw>) => void): void {
    this.#values.forEach((value, i) => visit(value, this.#names.list[i]!, this))
  }

  keys(): MapIterator<string> {
    return this.#names.list.values()
  }

  values(): MapIterator<Raw> {
    return this.#values.values()
  }

  *entries(): Generator<[string, Raw], undefined> {
    for (let i = 0; i < this.#values.length; i++) yield [this.#names.list[i]!, this.#values[i]!]
  }

  [Symbol.iterator](): Generator<[string, Raw], undefined> {
    return this.entries()
  }
}
