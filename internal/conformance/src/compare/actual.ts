import { formatExactDecimal, type ExactDecimal } from './decimal.ts'

/** A value read off a topic, with the kind it has in its format. */
export type Actual =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'int32' | 'int64' | 'bigint'; readonly value: bigint }
  | { readonly kind: 'float' | 'double'; readonly value: number }
  | { readonly kind: 'decimal'; readonly value: ExactDecimal }
  /** Base64. */
  | { readonly kind: 'bytes'; readonly value: string }
  | { readonly kind: 'list'; readonly value: readonly Actual[] }
  | { readonly kind: 'map'; readonly value: ReadonlyMap<string, Actual> }
  | { readonly kind: 'windowed'; readonly value: Actual; readonly window: RecordWindow }

/** The window in a key. Times in milliseconds. */
export interface RecordWindow {
  readonly type: 'time' | 'session'
  readonly start: bigint
  readonly end: bigint
}

export const actualNull: Actual = { kind: 'null' }

/** For messages. */
export function formatActual(actual: Actual): string {
  switch (actual.kind) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(actual.value)
    case 'string':
      return JSON.stringify(actual.value)
    case 'int32':
    case 'int64':
    case 'bigint':
    case 'float':
    case 'double':
      return `${actual.kind} ${actual.value}`
    case 'decimal':
      return `decimal ${formatExactDecimal(actual.value)}`
    case 'bytes':
      return `bytes "${actual.value}"`
    case 'list':
      return `[${actual.value.map(formatActual).join(', ')}]`
    case 'map':
      return `{${Array.from(actual.value, ([name, value]) => `${JSON.stringify(name)}: ${formatActual(value)}`).join(', ')}}`
    case 'windowed':
      return `${formatActual(actual.value)} in ${actual.window.type} window ${actual.window.start}..${actual.window.end}`
  }
}
