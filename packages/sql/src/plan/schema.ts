import type { Columns } from '@varve/serde'

import type { WindowInfo } from '../catalog/data-source.ts'
import type { TypedExpression } from '../expression/typed-expression.ts'

/** What flows between plan nodes: rows of key columns and value columns. */
export interface PlanSchema {
  readonly keyColumns: Columns
  readonly valueColumns: Columns
  /** Present when keys carry a window. */
  readonly window?: WindowInfo
}

/** An expression in a plan: its text for people, its tree for the compiler. */
export interface PlanExpression {
  readonly text: string
  readonly tree: TypedExpression
}

/** A named expression. */
export interface NamedPlanExpression extends PlanExpression {
  readonly name: string
}
