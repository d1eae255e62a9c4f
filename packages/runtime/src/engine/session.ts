import type { VariableValue } from './query-types.ts'

/** Value of a property. */
export type PropertyValue = string | number | boolean

/** Properties and variables that statements are executed with; SET, UNSET, DEFINE and UNDEFINE change them. */
export class Session {
  readonly #properties = new Map<string, PropertyValue>()
  readonly #variables = new Map<string, VariableValue>()

  /** A session that starts with these values laid over those of `base`. */
  static over(
    base: Session,
    properties: Readonly<Record<string, PropertyValue>> = {},
    variables: Readonly<Record<string, VariableValue>> = {},
  ): Session {
    const session = new Session()
    for (const [name, value] of base.#properties) session.#properties.set(name, value)
    for (const [name, value] of base.#variables) session.#variables.set(name, value)
    for (const [name, value] of Object.entries(properties)) session.setProperty(name, value)
    for (const [name, value] of Object.entries(variables)) session.setVariable(name, value)
    return session
  }

  /** Properties by name. */
  get properties(): ReadonlyMap<string, PropertyValue> {
    return this.#properties
  }

  /** Variables by upper-case name: their names are case-insensitive. */
  get variables(): ReadonlyMap<string, VariableValue> {
    return this.#variables
  }

  setProperty(name: string, value: PropertyValue): void {
    this.#properties.set(propertyName(name), value)
  }

  /** Whether the property was set. */
  unsetProperty(name: string): boolean {
    return this.#properties.delete(propertyName(name))
  }

  setVariable(name: string, value: VariableValue): void {
    this.#variables.set(name.toUpperCase(), value)
  }

  /** Whether the variable was defined. */
  unsetVariable(name: string): boolean {
    return this.#variables.delete(name.toUpperCase())
  }
}

/** A property under the name it has without the prefix that ksqlDB allows to leave out. */
function propertyName(name: string): string {
  for (const prefix of ['ksql.streams.consumer.', 'ksql.streams.producer.', 'ksql.streams.']) {
    if (name.startsWith(prefix)) return name.slice(prefix.length)
  }
  return name
}
