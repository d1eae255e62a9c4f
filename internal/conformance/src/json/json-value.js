/** A number as it is written. */
export class JsonNumber {
  text
  constructor(text) {
    this.text = text
  }
  /** Written with a point or an exponent. */
  get fractional() {
    return /[.eE]/.test(this.text)
  }
}
/** Members in written order; of two with one name the later counts. */
export class JsonObject {
  members
  constructor(members) {
    this.members = members
  }
  get(name) {
    return this.members.get(name)
  }
  has(name) {
    return this.members.has(name)
  }
}
export function isArray(json) {
  return Array.isArray(json)
}
/** Compact text; numbers as they were written. */
export function formatJson(json) {
  if (json instanceof JsonNumber) return json.text
  if (json instanceof JsonObject) {
    return `{${Array.from(json.members, ([name, value]) => `${JSON.stringify(name)}:${formatJson(value)}`).join(',')}}`
  }
  if (isArray(json)) return `[${json.map(formatJson).join(',')}]`
  return JSON.stringify(json)
}
