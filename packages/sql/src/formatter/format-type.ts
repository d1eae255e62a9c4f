import type { TypeNode } from '../ast/type.ts'
import { formatIdentifier } from './format-identifier.ts'

/** A type as written, canonically. */
export function formatTypeNode(type: TypeNode): string {
  switch (type.kind) {
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'ARRAY':
      return `ARRAY<${formatTypeNode(type.element)}>`
    case 'MAP':
      return `MAP<${formatTypeNode(type.key)}, ${formatTypeNode(type.value)}>`
    case 'STRUCT':
      return `STRUCT<${type.fields
        .map((field) => `${formatIdentifier(field.name)} ${formatTypeNode(field.type)}`)
        .join(', ')}>`
    case 'CUSTOM':
      return formatIdentifier(type.name)
    default:
      return type.kind
  }
}
