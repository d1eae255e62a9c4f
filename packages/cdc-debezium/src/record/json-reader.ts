import { JsonNumber } from '@varve/serde'

import type { Raw } from '../connect/raw.ts'
import { MemberNames, RawMembers } from '../connect/raw-members.ts'
import { BytePattern } from './byte-pattern.ts'
import { bigintOfDigits } from './long-digits.ts'

/** What an object looked like when one last stood at this place: names as they stand in the text, and what lay below. */
class Form {
  /** `"name":` each. */
  readonly texts: readonly BytePattern[]
  readonly names: MemberNames
  readonly below: (Form | undefined)[]
  readonly constants: readonly Constant[]

  constructor(texts: readonly BytePattern[], names: MemberNames, below: (Form | undefined)[]) {
    this.texts = texts
    this.names = names
    this.below = below
    this.constants = texts.map(() => new Constant())
  }
}

/** Longest text that is remembered as a member's constant value. */
const MAX_CONSTANT = 64
/** Records in which a member may have another value before it is no longer watched. */
const MAX_MISSES = 8

/**
 * A member that has the same value in one record after the other (a connector's version, a table's name, null) is compared with its text of before,
 * name, value and end at once.
 */
class Constant {
  /** `"name":value,` or with the closing brace; undefined while there is none. */
  text: BytePattern | undefined
  /** What the member was last. */
  value: Raw = false
  #misses = 0

  /** Whether it is worth to {@link see} values. */
  get isWatched(): boolean {
    return this.#misses <= MAX_MISSES
  }

  /** Learns from a value that was read: `bytes` are what {@link text} would be. */
  see(value: Raw, bytes: Uint8Array): void {
    if (value === this.value && bytes.length <= MAX_CONSTANT) {
      this.text = new BytePattern(bytes)
      return
    }
    this.#misses++
    this.text = undefined
    if (!this.isWatched) this.value = false
    // In memory of its own, not a piece of the whole record.
    else if (typeof value === 'string' && value.length <= MAX_CONSTANT)
      this.value = Buffer.from(value).toString()
    else this.value = value === null || value === true ? value : false
  }
}

const MAX_DEPTH = 60
/** Members of an object that is remembered. */
const MAX_MEMBERS = 2_000
/** Forms that are remembered, of all places together. */
const MAX_FORMS = 256
/** Characters of names in one that is. */
const MAX_FORM_TEXT = 32_768
/** Digits of whole numbers that are numbers or bigints; longer ones stay text. */
const MAX_DIGITS = 19
/** `Buffer`'s own, called on any bytes: a `Buffer` around them would double the time. */
const { utf8Slice } = Buffer.prototype as unknown as {
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string
}

/** The text is not as converters write it: read it whole. */
const unusual: unique symbol = Symbol('unusual')

/**
 * Reads JSON as converters write it, without white space, one record like the other: names are compared with those that stood at the same place before,
 * so that an object costs a list of values. Whole numbers of up to 19 digits are numbers, or bigints where those would lose digits; all others keep
 * their text. (Hot.)
 */
export class JsonReader {
  #bytes: Uint8Array = NO_BYTES
  #view: DataView = NO_VIEW
  /** The document's text where each byte is one character of it; otherwise strings are decoded one by one. */
  #text: string | undefined
  #end = 0
  #at = 0
  #form: Form | undefined
  /** What the object read last looked like. */
  #last: Form | undefined
  /** Forms by the texts of their names: a topic with several tables returns to each. */
  readonly #forms = new Map<string, Form>()

  /** The document in UTF-8; undefined for text of any other kind, errors too: read that whole, and slowly. Keeps nothing of the bytes. */
  read(bytes: Uint8Array): Raw | undefined {
    const { length } = bytes
    const text = utf8Slice.call(bytes, 0, length)
    this.#text = text.length === length ? text : undefined
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, length)
    this.#end = length
    this.#at = 0
    this.#last = undefined
    const value = this.#value(0, this.#form)
    this.#bytes = NO_BYTES
    this.#view = NO_VIEW
    this.#text = undefined
    if (value === unusual || this.#at !== length) return undefined
    this.#form = this.#last
    return value
  }

  #value(depth: number, form: Form | undefined): Raw | typeof unusual {
    if (this.#at >= this.#end) return unusual
    const code = this.#bytes[this.#at]!
    switch (code) {
      case 0x22:
        return this.#string()
      case 0x7b:
        return depth > MAX_DEPTH ? unusual : this.#object(depth + 1, form)
      case 0x5b:
        return depth > MAX_DEPTH ? unusual : this.#array(depth + 1, form)
      case 0x6e:
        return this.#literal(NULL, null)
      case 0x74:
        return this.#literal(TRUE, true)
      case 0x66:
        return this.#literal(FALSE, false)
      default:
        return this.#number(code)
    }
  }

  /** The byte at hand, which is passed over; 0 at the end. */
  #next(): number {
    return this.#at < this.#end ? this.#bytes[this.#at++]! : 0
  }

  #object(depth: number, form: Form | undefined): RawMembers | typeof unusual {
    this.#at++
    if (form !== undefined) {
      const { texts, below, constants } = form
      const view = this.#view
      const values: Raw[] = []
      for (let i = 0; i < texts.length;) {
        const start = this.#at
        const constant = constants[i]!
        let end
        if (constant.text?.matches(view, start) === true) {
          this.#at += constant.text.length
          values.push(constant.value)
          end = this.#bytes[this.#at - 1]
        } else {
          const name = texts[i]!
          if (!name.matches(view, start)) return this.#otherForm(form, i, values, false, depth)
          this.#at += name.length
          const value = this.#value(depth, below[i])
          if (value === unusual) return unusual
          if (this.#last !== undefined) {
            below[i] = this.#last
            this.#last = undefined
          }
          values.push(value)
          end = this.#next()
          if (typeof value !== 'number' && constant.isWatched && (end === 0x2c || end === 0x7d))
            constant.see(value, this.#bytes.subarray(start, this.#at))
        }
        i++
        if (end === 0x2c) {
          if (i === texts.length) return this.#otherForm(form, i, values, false, depth)
        } else if (end !== 0x7d) return unusual
        else if (i < texts.length) return this.#otherForm(form, i, values, true, depth)
      }
      if (texts.length > 0) {
        this.#last = form
        return new RawMembers(form.names, values)
      }
    }
    if (this.#bytes[this.#at] === 0x7d) {
      this.#at++
      return new RawMembers(NO_NAMES, [])
    }
    return this.#newForm([], [], [], [], depth)
  }

  /** The object leaves the form that was expected, after `count` members. */
  #otherForm(
    form: Form,
    count: number,
    values: Raw[],
    ended: boolean,
    depth: number,
  ): RawMembers | typeof unusual {
    const names = form.names.list.slice(0, count)
    const texts = form.texts.slice(0, count)
    const below = form.below.slice(0, count)
    if (ended) return this.#finish(names, texts, below, values)
    if (count === 0 && this.#bytes[this.#at] === 0x7d) {
      this.#at++
      return new RawMembers(NO_NAMES, [])
    }
    return this.#newForm(names, texts, below, values, depth)
  }

  /** Members whose names are not known beforehand. */
  #newForm(
    names: string[],
    texts: BytePattern[],
    below: (Form | undefined)[],
    values: Raw[],
    depth: number,
  ): RawMembers | typeof unusual {
    for (;;) {
      const start = this.#at
      if (this.#bytes[start] !== 0x22) return unusual
      const name = this.#string()
      if (name === unusual || this.#next() !== 0x3a) return unusual
      names.push(name)
      texts.push(new BytePattern(this.#bytes.subarray(start, this.#at)))
      this.#last = undefined
      const value = this.#value(depth, undefined)
      if (value === unusual) return unusual
      below.push(this.#last)
      values.push(value)
      const end = this.#next()
      if (end === 0x7d) return this.#finish(names, texts, below, values)
      if (end !== 0x2c) return unusual
    }
  }

  #finish(
    list: readonly string[],
    texts: readonly BytePattern[],
    below: (Form | undefined)[],
    values: readonly Raw[],
  ): RawMembers | typeof unusual {
    // Names may be written in several ways: what is known by a list of names has texts of its own.
    const key = JSON.stringify([list, texts.map(({ length }) => length)])
    let form = this.#forms.get(key)
    if (form === undefined) {
      const names = new MemberNames(list)
      // A name that stands twice.
      if (names.places.size !== list.length) return unusual
      if (list.length > MAX_MEMBERS || key.length > MAX_FORM_TEXT) {
        this.#last = undefined
        return new RawMembers(names, values)
      }
      form = new Form(texts, names, below)
      if (this.#forms.size >= MAX_FORMS) this.#forms.delete(this.#forms.keys().next().value!)
      this.#forms.set(key, form)
    }
    this.#last = form
    return new RawMembers(form.names, values)
  }

  #array(depth: number, form: Form | undefined): Raw | typeof unusual {
    const elements: Raw[] = []
    this.#at++
    if (this.#bytes[this.#at] === 0x5d) {
      this.#at++
      return elements as Raw
    }
    let expected = form
    for (;;) {
      const value = this.#value(depth, expected)
      if (value === unusual) return unusual
      if (this.#last !== undefined) expected = this.#last
      elements.push(value)
      const end = this.#next()
      if (end === 0x2c) continue
      if (end !== 0x5d) return unusual
      this.#last = expected
      return elements as Raw
    }
  }

  #string(): string | typeof unusual {
    const bytes = this.#bytes
    const end = this.#end
    const start = this.#at + 1
    let at = start
    while (at < end) {
      const code = bytes[at]!
      if (code === 0x22) {
        this.#at = at + 1
        const text = this.#text
        return text === undefined ? utf8Slice.call(bytes, start, at) : text.slice(start, at)
      }
      if (code === 0x5c) return this.#escapedString(start, at)
      if (code < 0x20) return unusual
      at++
    }
    return unusual
  }

  /** A string whose first escape is at `at`. */
  #escapedString(start: number, at: number): string | typeof unusual {
    const bytes = this.#bytes
    let end = at
    while (end < this.#end && bytes[end] !== 0x22) end += bytes[end] === 0x5c ? 2 : 1
    if (end >= this.#end) return unusual
    this.#at = end + 1
    try {
      return JSON.parse(utf8Slice.call(bytes, start - 1, end + 1)) as string
    } catch {
      return unusual
    }
  }

  #number(first: number): number | bigint | JsonNumber | typeof unusual {
    const bytes = this.#bytes
    const end = this.#end
    const start = this.#at
    let at = first === 0x2d ? start + 1 : start
    const digits = at
    let value = 0
    let code = 0
    for (; at < end; at++) {
      code = bytes[at]!
      if (code < 0x30 || code > 0x39) break
      value = value * 10 + (code - 0x30)
    }
    const length = at - digits
    if (length === 0 || (length > 1 && bytes[digits] === 0x30)) return unusual
    if (at === end || (code !== 0x2e && code !== 0x65 && code !== 0x45)) {
      this.#at = at
      // Digits were lost only if the number is not safe.
      if (value <= Number.MAX_SAFE_INTEGER) {
        if (first !== 0x2d) return value
        return value === 0 ? new JsonNumber('-0') : -value
      }
      if (length > MAX_DIGITS) return new JsonNumber(this.#slice(start, at))
      const whole = bigintOfDigits(bytes, digits, at)
      return first === 0x2d ? -whole : whole
    }
    if (code === 0x2e) {
      const fraction = at + 1
      at = this.#digitsFrom(fraction)
      if (at === fraction) return unusual
      code = at < end ? bytes[at]! : 0
    }
    if (code === 0x65 || code === 0x45) {
      at++
      if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
      const exponent = at
      at = this.#digitsFrom(exponent)
      if (at === exponent) return unusual
    }
    this.#at = at
    return new JsonNumber(this.#slice(start, at))
  }

  #digitsFrom(start: number): number {
    let at = start
    while (at < this.#end && this.#bytes[at]! >= 0x30 && this.#bytes[at]! <= 0x39) at++
    return at
  }

  /** Text of bytes that are ASCII. */
  #slice(start: number, end: number): string {
    return this.#text?.slice(start, end) ?? utf8Slice.call(this.#bytes, start, end)
  }

  #literal<T>(word: BytePattern, value: T): T | typeof unusual {
    if (!word.matches(this.#view, this.#at)) return unusual
    this.#at += word.length
    return value
  }
}

const NO_BYTES = new Uint8Array(0)
const NO_VIEW = new DataView(NO_BYTES.buffer)
const NO_NAMES = new MemberNames([])
const NULL = new BytePattern(Buffer.from('null'))
const TRUE = new BytePattern(Buffer.from('true'))
const FALSE = new BytePattern(Buffer.from('false'))
