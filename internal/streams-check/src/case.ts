/** A JSON object as cases hold them. */
export interface JsonObject {
  readonly [field: string]: Json
}

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A value of a record. */
export type CaseValue = JsonObject | null

/** One node of a case's topology; which fields it has depends on `op`. */
export interface CaseNode {
  readonly id: string
  readonly op: string
  readonly topic?: string
  readonly from?: string | readonly string[]
  readonly left?: string
  readonly right?: string
  readonly type?: 'inner' | 'left' | 'outer'
  readonly store?: string
  readonly versionedMs?: number
  readonly where?: { readonly field: string; readonly cmp: string; readonly value: number }
  readonly field?: string
  readonly fn?: string
  readonly by?: number
  readonly as?: string
  readonly groupBy?: string
  readonly emit?: 'close'
  readonly eager?: boolean
  readonly foreignKey?: string
  readonly graceMs?: number
  readonly window?: {
    readonly type?: 'tumbling' | 'hopping' | 'session' | 'sliding'
    readonly sizeMs?: number
    readonly advanceMs?: number
    readonly gapMs?: number
    readonly differenceMs?: number
    readonly graceMs?: number
    readonly retentionMs?: number
    readonly beforeMs?: number
    readonly afterMs?: number
  }
}

/** One step of a case. */
interface CaseInput {
  readonly topic?: string
  readonly key?: string | null
  readonly value?: CaseValue
  readonly timestamp?: number
  readonly advanceWallClockMs?: number
  readonly commit?: boolean
}

/** A case: topology, settings, inputs. */
export interface Case {
  readonly id: string
  readonly topology: { readonly nodes: readonly CaseNode[] }
  readonly config?: {
    readonly cacheBytes?: number
    readonly store?: 'rocksdb' | 'memory'
    readonly emitIntervalMs?: number
    readonly props?: JsonObject
  }
  readonly inputs: readonly CaseInput[]
}

/** A row of a store or a topic, with the window where there is one. */
export interface ResultRow {
  readonly key: string | null
  readonly window?: { readonly start: number; readonly end: number }
  readonly value: Json
  readonly timestamp?: number
}

/** What came out of a case. */
export interface CaseResult {
  readonly id: string
  readonly outputs: readonly (ResultRow & { readonly input: number; readonly topic: string })[]
  readonly stores: Readonly<Record<string, readonly ResultRow[]>>
  readonly closing: readonly string[]
  readonly lateDropped: number
  readonly error?: string
  readonly errorInput?: number
}

/** The value at a dotted path; `undefined` where there is none. */
export function at(value: Json | undefined, path: string): Json | undefined {
  let found: Json | undefined = value
  for (const name of path.split('.')) {
    if (found === null || typeof found !== 'object' || Array.isArray(found)) return undefined
    found = (found as JsonObject)[name]
  }
  return found ?? undefined
}

/** The number at a path, 0 where there is none. */
export function numberAt(value: Json | undefined, path: string): number {
  const found = at(value, path)
  if (typeof found === 'number') return Math.trunc(found)
  return typeof found === 'string' ? Math.trunc(Number(found)) || 0 : Number(found === true)
}

/** The text at a path, null where there is none. */
export function textAt(value: Json | undefined, path: string): string | null {
  const found = at(value, path)
  if (found === undefined || found === null) return null
  return typeof found === 'object' ? '' : String(found)
}
