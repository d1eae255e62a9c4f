/** A JSON value whose numbers keep their spelling: `5.0500000` and `5.05` are different expectations. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject

/** A number as it is written. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** Written with a point or an exponent. */
  get fractional(): boolean {
    return /[.eE]/.test(this.text)
  }
}

/** Members in written order; of two with one name the later counts. */
export class JsonObject {
  readonly members: ReadonlyMap<string, Json>

  constructor(members: ReadonlyMap<string, Json>) {
    this.members = members
  }

  get(name: string): Json | undefined {
    return this.members.get(name)
  }

  has(name: string): boolean {
    return this.members.has(name)
  }
}

export function isArray(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json)
}

/** Compact text; numbers as they were written. */
export function formatJson(json: Json): string {
  if (json instanceof JsonNumber) return json.text
  if (json instanceof JsonObject) {
    return `{${Array.from(json.members, ([name, value]) => `${JSON.stringify(name)}:${formatJson(value)}`).join(',')}}`
  }
  if (isArray(json)) return `[${json.map(formatJson).join(',')}]`
  return JSON.stringify(json)
}
