import type { AnalyzedJoin } from '../analyzer/join-condition.ts'
import { inferringFormats, internalKeyFormat, withoutSchemaId } from '../analyzer/formats.ts'
import { canonicalColumn, type Scope } from '../analyzer/scope.ts'
import { columnsIn } from '../ast/visit.ts'
import { SqlError } from '../errors.ts'
import {
  narrow,
  placesOfBoth,
  repartitionTable,
  requireSameType,
  type JoinInputs,
} from './join-sides.ts'
import { isKeyedBy, planExpression, typeOn, type Planning, type Relation } from './relation.ts'

/** Whether a table is joined with another one's primary key on something else than its own. */
export function isForeignKeyJoin(join: AnalyzedJoin, left: Relation, planning: Planning): boolean {
  const canonical = planning.scope.canonical(join.left)
  return left.kind === 'TABLE' && !isKeyedBy(left.keys, canonical)
}

/** Joins a table with the rows of another one that it refers to; the result is keyed as the left table. @throws SqlError */
export function planForeignKeyJoin(
  join: AnalyzedJoin,
  inputs: JoinInputs,
  rightSource: Relation,
  planning: Planning,
): Relation {
  const { type, condition } = join.node
  const { scope } = planning
  check(join, inputs, rightSource, scope)
  const mentioned = columnsIn(join.left).map((column) => {
    const resolved = scope.resolve(column, 'JOIN ON')
    return canonicalColumn(resolved.source, resolved.name)
  })
  const leftType = typeOn(inputs.left, join.left, 'JOIN ON', planning).type
  if (leftType === null) {
    throw new SqlError('the foreign key is NULL', { span: condition.span })
  }
  requireSameType(join, leftType, rightSource.keys[0]!.type, planning)
  const wanted = new Set([...inputs.needed, ...mentioned])
  const left = narrow(inputs.left, wanted, 'PrependAliasLeft', planning)
  const narrowed = narrow(rightSource, inputs.needed, 'PrependAliasRight', planning)
  const rightDefinition = scope.sources[join.source]!.definition
  // References are written as keys of the right side: in a registry's format that takes a schema of the query's own.
  const right = inferringFormats.has(rightDefinition.keyFormat.format)
    ? repartitionTable(
        narrowed,
        'RightSourceKeyed',
        {
          keyFormat: withoutSchemaId(rightDefinition.keyFormat),
          valueFormat: withoutSchemaId(rightDefinition.valueFormat),
        },
        inputs.defaultKeyFormat,
      )
    : narrowed
  const { alias, definition } = scope.sources[0]!
  const keys = left.keys.map((key) => ({ ...key, name: `${alias}_${key.name}` }))
  const keyColumns = keys.map((key) => ({ name: key.name, type: key.type }))
  return {
    node: {
      kind: 'foreignKeyJoin',
      step: 'Join',
      schema: {
        keyColumns,
        valueColumns: [...left.node.schema.valueColumns, ...right.node.schema.valueColumns],
      },
      type: type === 'LEFT' ? 'LEFT' : 'INNER',
      left: left.node,
      right: right.node,
      foreignKey: planExpression(left, join.left, 'JOIN ON', planning),
      formats: {
        keyFormat: internalKeyFormat(definition.keyFormat, keyColumns, inputs.defaultKeyFormat),
        valueFormat: inputs.leftFormats.valueFormat,
      },
    },
    kind: 'TABLE',
    keys,
    places: placesOfBoth(left, right),
    foreignKeyOf: { alias, columns: left.keys.map((key) => key.name) },
    aggregated: false,
  }
}

function check(join: AnalyzedJoin, inputs: JoinInputs, right: Relation, scope: Scope): void {
  const { type, condition, span } = join.node
  if (inputs.ordinal > 0) {
    throw new SqlError(
      `Invalid join condition: foreign-key table-table joins are not supported as part of n-way joins. Got ${scope.describe(condition)}.`,
      { span: condition.span, hint: 'Put the foreign-key join first, or into a query of its own.' },
    )
  }
  if (type !== 'INNER' && type !== 'LEFT') {
    throw new SqlError(`${type} OUTER JOIN on a foreign key is not supported`, {
      span,
      hint: 'INNER and LEFT joins are.',
    })
  }
  if (inputs.left.window !== undefined || right.window !== undefined) {
    throw new SqlError('Foreign-key table-table joins are not supported on windowed tables.', {
      span,
    })
  }
}
