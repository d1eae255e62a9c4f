import type { PrimitiveKind } from '@varve/serde'

import type { Span } from './position.ts'

/** A type as written; names made by CREATE TYPE are not resolved yet. */
export type TypeNode =
  | { readonly kind: PrimitiveKind; readonly span: Span }
  | {
      readonly kind: 'DECIMAL'
      readonly precision: number
      readonly scale: number
      readonly span: Span
    }
  | { readonly kind: 'ARRAY'; readonly element: TypeNode; readonly span: Span }
  | { readonly kind: 'MAP'; readonly key: TypeNode; readonly value: TypeNode; readonly span: Span }
  | { readonly kind: 'STRUCT'; readonly fields: readonly FieldNode[]; readonly span: Span }
  | { readonly kind: 'CUSTOM'; readonly name: string; readonly span: Span }

/** A field of a STRUCT as written. */
export interface FieldNode {
  readonly name: string
  readonly type: TypeNode
}
