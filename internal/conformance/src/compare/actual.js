import { formatExactDecimal } from './decimal.ts'
export const actualNull = { kind: 'null' }
/** For messages. */
export function formatActual(actual) {
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
