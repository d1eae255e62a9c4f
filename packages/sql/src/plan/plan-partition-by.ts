import type { FormatSpec } from '@varve/serde'

import { checkKeyType, internalKeyFormat } from '../analyzer/formats.ts'
import type { Clause } from '../analyzer/scope.ts'
import type { Expression } from '../ast/expression.ts'
import type { TypedExpression } from '../expression/typed-expression.ts'
import { formatOperand } from '../formatter/format-expression.ts'
import type { InternalFormats } from './physical-plan.ts'
import { namedExpression, type Planning, type Relation } from './relation.ts'

/** A key column to be. */
export interface NewKey {
  readonly expression: Expression
  readonly name: string
}

/** How a stream is re-keyed. */
export interface PartitionByOptions {
  readonly step: string
  /** Through an internal topic. */
  readonly repartition: boolean
  readonly clause: Clause
  readonly defaultKeyFormat: FormatSpec
  readonly formats: InternalFormats
  /** Canonical texts of the columns that something above uses: old keys among them are carried on in the value. */
  readonly needed: ReadonlySet<string>
  /** The key's name in messages where it differs. */
  readonly keyLabel?: string
  /** Write the key as its column is named in full. */
  readonly keyTexts?: readonly string[]
}

/**
 * Gives a stream a new key; no keys for PARTITION BY NULL. The old key columns go on as value columns, so that what stands above can use them.
 *
 * @throws SqlError
 */
export function planPartitionBy(
  input: Relation,
  keys: readonly NewKey[],
  options: PartitionByOptions,
  planning: Planning,
): Relation {
  // Keys are typed on the input: over key columns they can be computed although the value is null.
  const carried = carryKeys(input, `${options.step}-Prepare`, options.needed)
  const named = keys.map((key) =>
    namedExpression(key.name, input, key.expression, options.clause, planning),
  )
  for (const key of named) {
    const name = options.keyLabel ?? key.name
    checkKeyType({ name, type: key.type }, keys[0]?.expression.span)
  }
  const keyColumns = named.map(({ name, type }) => ({ name, type }))
  const places = new Map(
    [...carried.places].filter(([, place]) => place.kind !== 'column' || place.side !== 'key'),
  )
  for (const [index, key] of named.entries()) {
    const canonical = planning.scope.canonical(keys[index]!.expression)
    if (!places.has(canonical)) {
      places.set(canonical, {
        kind: 'column',
        type: key.type,
        side: 'key',
        index,
        name: key.name,
      })
    }
  }
  return {
    node: {
      kind: 'partitionBy',
      step: options.step,
      schema: { keyColumns, valueColumns: carried.node.schema.valueColumns },
      source: carried.node,
      keys: named.map(({ name, text, tree }) => ({ name, text, tree })),
      formats: {
        keyFormat: internalKeyFormat(
          options.formats.keyFormat,
          keyColumns,
          options.defaultKeyFormat,
        ),
        valueFormat: options.formats.valueFormat,
      },
      repartition: options.repartition,
      keysUseValue: named.map((key) => usesValue(key.tree)),
    },
    kind: 'STREAM',
    keys: named.map((key, i) => ({
      name: key.name,
      type: key.type,
      canonicals: [planning.scope.canonical(keys[i]!.expression)],
      texts: [options.keyTexts?.[i] ?? formatOperand(keys[i]!.expression)],
    })),
    places,
    keyKind: options.clause === 'PARTITION BY' ? 'partitioning expression' : 'join expression',
    aggregated: false,
  }
}

/** Copies the key columns into the value, where something may still want them. Nothing to do when none lies in the key. */
function carryKeys(input: Relation, step: string, needed: ReadonlySet<string>): Relation {
  const inKey = [...input.places].filter(
    ([canonical, place]) =>
      place.kind === 'column' && place.side === 'key' && needed.has(canonical),
  )
  if (inKey.length === 0) return input
  const { valueColumns } = input.node.schema
  const names = new Set(valueColumns.map((column) => column.name))
  const added = inKey.map(([canonical, place], i) => {
    let name = place.kind === 'column' ? place.name : 'KEY'
    while (names.has(name)) name = `KEY_${name}`
    names.add(name)
    return { canonical, place, name, index: valueColumns.length + i }
  })
  const places = new Map(input.places)
  for (const { canonical, place, name, index } of added) {
    places.set(canonical, { kind: 'column', type: place.type!, side: 'value', index, name })
  }
  const columns = [
    ...valueColumns.map(({ name, type }, index) => ({
      name,
      text: name,
      tree: { kind: 'column', type, side: 'value', index, name } as const,
    })),
    ...added.map(({ name, place }) => ({ name, text: name, tree: place })),
  ]
  return {
    ...input,
    places,
    node: {
      kind: 'project',
      step,
      schema: {
        ...input.node.schema,
        valueColumns: columns.map(({ name, tree }) => ({ name, type: tree.type! })),
      },
      source: input.node,
      table: false,
      columns,
    },
  }
}

function usesValue(tree: TypedExpression): boolean {
  return JSON.stringify(tree).includes('"side":"value"')
}
