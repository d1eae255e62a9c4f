import type { RecordWindow } from '../compare/actual.ts'
import type { Json, JsonObject } from '../json/json-value.ts'

/** A header of a record: key and base64 of the value. */
export interface CaseHeader {
  readonly key: string
  readonly value: string | null
}

/** A record that a case feeds or expects. */
export interface CaseRecord {
  readonly topic: string
  readonly key: Json
  readonly value: Json
  /** Milliseconds; absent: 0 for inputs, not checked for outputs. */
  readonly timestamp: bigint | undefined
  readonly window: RecordWindow | undefined
  readonly headers: readonly CaseHeader[]
}

/** A topic that exists before the statements run. */
export interface CaseTopic {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
  readonly key: CaseSchema | undefined
  readonly value: CaseSchema | undefined
}

/** A schema to register for one side of a topic. */
export interface CaseSchema {
  readonly format: string
  /** Text as the registry takes it. */
  readonly text: string
  readonly id: number | undefined
  readonly references: readonly { readonly name: string; readonly text: string }[]
}

/** `expectedException` of a query case. */
export interface ExpectedException {
  readonly type: string | undefined
  readonly message: string | undefined
  readonly cause: string | undefined
  readonly causeMessage: string | undefined
}

/** One run: a case with its format and configuration filled in. */
export interface SuiteCase {
  readonly suite: 'qtt' | 'rqtt'
  readonly file: string
  /** Name in the file. */
  readonly name: string
  /** `<suite>/<file>#<name>`, then ` - <format>` and ` - <property>=<value>` where the case is expanded. Unique. */
  readonly id: string
  readonly statements: readonly string[]
  readonly properties: Readonly<Record<string, string | number | boolean>>
  readonly topics: readonly CaseTopic[]
  readonly inputs: readonly CaseRecord[]
  readonly outputs: readonly CaseRecord[] | undefined
  readonly expectedException: ExpectedException | undefined
  /** The case as it stands in the file, for members that few cases have. */
  readonly source: JsonObject
  /** Every stream and table that there is after the statements, recorded from the original; absent where nobody recorded it. */
  readonly recordedSources: readonly JsonObject[] | undefined
  readonly inScope: boolean
  readonly tags: readonly string[]
}
