import { bitTypes } from './bits.ts'
import { decimalTypes } from './decimal.ts'
import { geometryTypes } from './geometry.ts'
import type { LogicalType } from './logical-type.ts'
import { textTypes } from './text.ts'
import { timeStructuredTypes } from './time-structured.ts'
import { timeTextTypes } from './time-text.ts'
import { timeTypes } from './time.ts'
import { vectorTypes } from './vector.ts'

/** Semantic types by schema name. A name that is not here is passed through as its base type. */
export const logicalTypes: ReadonlyMap<string, LogicalType> = new Map([
  ...timeTypes,
  ...timeTextTypes,
  ...timeStructuredTypes,
  ...decimalTypes,
  ...textTypes,
  ...bitTypes,
  ...geometryTypes,
  ...vectorTypes,
])
