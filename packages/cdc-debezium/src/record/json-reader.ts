import { JsonNumber } from '@varve/serde'

import type { Raw } from '../connect/raw.ts'
import { MemberNames, RawMembers } from '../connect/raw-members.ts'

/** What an object looked like when one last stood at this place: names as they stand in the text, and what lay below. */
class Form {
  /** `"name":` each. */
  readonly texts: readonly string[]
  readonly names: MemberNames
  readonly below: (Form | undefined)[]

  constructor(texts: readonly string[], names: MemberNames, below: (Form | undefined)[]) {
    this.texts = texts
    this.names = names
    this.below = below
  }
}

const MAX_DEPTH = 60
/** Members of an object that is remembered. */
const MAX_MEMBERS = 2_000
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
// JSON between records has no control characters: what has is read elsewhere.
// oxlint-disable-next-line no-control-regex
const UNUSUAL = /[\u0000-\u001f]/

/** The text is not as converters write it: read it whole. */
const unusual: unique symbol = Symbol('unusual')

/**
 * Reads JSON as converters write it, without white space, one record like the other: names are compared with those that stood at the same place before,
 * so that an object costs a list of values. Whole numbers of up to 15 digits are numbers, all others keep their text. (Hot.)
 */
export class JsonReader {
  #text = ''
  #at = 0
  /** Where the next backslash is; behind the text when there is none. */
  #escape = 0
  #form: Form | undefined
  /** What the object read last looked like. */
  #last: Form | undefined

  /** The document; undefined for text of any other kind, errors too: read that whole, and slowly. */
  read(text: string): Raw | undefined {
    if (UNUSUAL.test(text)) return undefined
    this.#text = text
    this.#at = 0
    this.#escape = -1
    const value = this.#value(0, this.#form)
    this.#text = ''
    if (value === unusual || this.#at !== text.length) return undefined
    this.#form = this.#last
    return value
  }

  #value(depth: number, form: Form | undefined): Raw | typeof unusual {
    const text = this.#text
    const code = text.charCodeAt(this.#at)
    switch (code) {
      case 0x22:
        return this.#string()
      case 0x7b:
        return depth > MAX_DEPTH ? unusual : this.#object(depth + 1, form)
      case 0x5b:
        return depth > MAX_DEPTH ? unusual : this.#array(depth + 1, form)
      case 0x6e:
        return this.#literal('null', null)
      case 0x74:
        return this.#literal('true', true)
      case 0x66:
        return this.#literal('false', false)
      default:
        return this.#number(code)
    }
  }

  #object(depth: number, form: Form | undefined): RawMembers | typeof unusual {
    const text = this.#text
    this.#at++
    if (form !== undefined) {
      const { texts, below } = form
      const values: Raw[] = []
      let i = 0
      for (; i < texts.length; i++) {
        const name = texts[i]!
        if (!text.startsWith(name, this.#at)) break
        this.#at += name.length
        const value = this.#value(depth, below[i])
        if (value === unusual) return unusual
        if (this.#last !== undefined) {
          below[i] = this.#last
          this.#last = undefined
        }
        values.push(value)
        const end = text.charCodeAt(this.#at++)
        if (end === 0x2c) continue
        if (end !== 0x7d) return unusual
        if (++i < texts.length) return this.#otherForm(form, i, values, true, depth)
        this.#last = form
        return new RawMembers(form.names, values)
      }
      return this.#otherForm(form, i, values, false, depth)
    }
    if (text.charCodeAt(this.#at) === 0x7d) {
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
    if (count === 0 && this.#text.charCodeAt(this.#at) === 0x7d) {
      this.#at++
      return new RawMembers(NO_NAMES, [])
    }
    return this.#newForm(names, texts, below, values, depth)
  }

  /** Members whose names are not known beforehand. */
  #newForm(
    names: string[],
    texts: string[],
    below: (Form | undefined)[],
    values: Raw[],
    depth: number,
  ): RawMembers | typeof unusual {
    const text = this.#text
    for (;;) {
      const start = this.#at
      if (text.charCodeAt(start) !== 0x22) return unusual
      const name = this.#string()
      if (name === unusual || text.charCodeAt(this.#at++) !== 0x3a) return unusual
      names.push(name)
      texts.push(text.slice(start, this.#at))
      this.#last = undefined
      const value = this.#value(depth, undefined)
      if (value === unusual) return unusual
      below.push(this.#last)
      values.push(value)
      const end = text.charCodeAt(this.#at++)
      if (end === 0x7d) return this.#finish(names, texts, below, values)
      if (end !== 0x2c) return unusual
    }
  }

  #finish(
    list: readonly string[],
    texts: readonly string[],
    below: (Form | undefined)[],
    values: readonly Raw[],
  ): RawMembers | typeof unusual {
    const names = new MemberNames(list)
    // A name that stands twice.
    if (names.places.size !== list.length) return unusual
    this.#last = list.length > MAX_MEMBERS ? undefined : new Form(texts, names, below)
    return new RawMembers(names, values)
  }

  #array(depth: number, form: Form | undefined): Raw | typeof unusual {
    const text = this.#text
    const elements: Raw[] = []
    this.#at++
    if (text.charCodeAt(this.#at) === 0x5d) {
      this.#at++
      return elements as Raw
    }
    let expected = form
    for (;;) {
      const value = this.#value(depth, expected)
      if (value === unusual) return unusual
      if (this.#last !== undefined) expected = this.#last
      elements.push(value)
      const end = text.charCodeAt(this.#at++)
      if (end === 0x2c) continue
      if (end !== 0x5d) return unusual
      this.#last = expected
      return elements as Raw
    }
  }

  #string(): string | typeof unusual {
    const text = this.#text
    const start = this.#at + 1
    let end = text.indexOf('"', start)
    if (end < 0) return unusual
    if (this.#escape < start) {
      const next = text.indexOf('\\', start)
      this.#escape = next < 0 ? text.length : next
    }
    if (this.#escape > end) {
      this.#at = end + 1
      return text.slice(start, end)
    }
    for (let at = this.#escape; ;) {
      const code = text.charCodeAt(at)
      if (code === 0x22) {
        end = at
        break
      }
      if (at >= text.length) return unusual
      at += code === 0x5c ? 2 : 1
    }
    this.#at = end + 1
    try {
      return JSON.parse(text.slice(start - 1, end + 1)) as string
    } catch {
      return unusual
    }
  }

  #number(first: number): number | JsonNumber | typeof unusual {
    const text = this.#text
    const start = this.#at
    let at = first === 0x2d ? start + 1 : start
    const digits = at
    let value = 0
    let code = text.charCodeAt(at)
    while (code >= 0x30 && code <= 0x39) {
      value = value * 10 + (code - 0x30)
      code = text.charCodeAt(++at)
    }
    const length = at - digits
    const isWhole = code !== 0x2e && code !== 0x65 && code !== 0x45
    if (
      isWhole &&
      length > 0 &&
      length <= 15 &&
      (length === 1 || text.charCodeAt(digits) !== 0x30)
    ) {
      this.#at = at
      if (first !== 0x2d) return value
      return value === 0 ? new JsonNumber('-0') : -value
    }
    while (at < text.length && '0123456789+-.eE'.includes(text[at]!)) at++
    const number = text.slice(start, at)
    if (!NUMBER.test(number)) return unusual
    this.#at = at
    return new JsonNumber(number)
  }

  #literal<T>(word: string, value: T): T | typeof unusual {
    if (!this.#text.startsWith(word, this.#at)) return unusual
    this.#at += word.length
    return value
  }
}

const NO_NAMES = new MemberNames([])
