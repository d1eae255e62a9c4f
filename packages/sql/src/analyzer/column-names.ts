import type { Expression } from '../ast/expression.ts'
import { SqlError } from '../errors.ts'
import { isSystemColumn, pseudoColumnTypes, type Scope } from './scope.ts'
import type { ProjectionItem } from './select-items.ts'

/**
 * Names the columns of a projection: alias, else the plain column's name (with its source in front where several have it), else the field's, else
 * `KSQL_COL_<n>`.
 */
export function nameItems(
  items: readonly ProjectionItem[],
  scope: Scope,
  persistent: boolean,
): string[] {
  const taken = new Set(scope.sources.flatMap((source) => source.columns.map((c) => c.name)))
  const generated = new NameGenerator(taken)
  const names = items.map((item) => {
    if (item.alias !== undefined) {
      const { expression } = item
      const keepsName = expression.kind === 'column' && expression.name === item.alias
      if (persistent && isSystemColumn(item.alias) && keepsName && !item.expanded) {
        throw reservedInSelect(item.alias, item)
      }
      if (persistent && isSystemColumn(item.alias) && !item.expanded) {
        throw new SqlError(
          `\`${item.alias}\` is a reserved column name. You cannot use it as an alias for a column.`,
          {
            span: item.span,
            hint: 'Please use a different alias.',
          },
        )
      }
      return item.alias
    }
    const name = nameOf(item.expression, scope, generated)
    if (persistent && !item.expanded && item.expression.kind === 'column' && isSystemColumn(name)) {
      throw reservedInSelect(name, item)
    }
    return name
  })
  return names
}

function reservedInSelect(name: string, { span }: ProjectionItem): SqlError {
  return new SqlError(
    `Reserved column name in select: \`${name}\`. Please remove or alias the column.`,
    { span },
  )
}

function nameOf(expression: Expression, scope: Scope, generated: NameGenerator): string {
  if (expression.kind === 'column') {
    const found = scope.find(expression)
    const clashes =
      scope.isJoin &&
      found.length === 1 &&
      (pseudoColumnTypes.has(expression.name) ||
        scope.find({ ...expression, qualifier: undefined }).length > 1)
    return clashes
      ? `${scope.sources[found[0]!.source]!.alias}_${expression.name}`
      : expression.name
  }
  return expression.kind === 'dereference'
    ? generated.field(expression.field)
    : generated.expression()
}

class NameGenerator {
  readonly #taken: Set<string>
  #next = 0

  constructor(taken: ReadonlySet<string>) {
    this.#taken = new Set(taken)
  }

  expression(): string {
    for (;;) {
      const name = `KSQL_COL_${this.#next}`
      this.#next += 1
      if (!this.#taken.has(name)) return name
    }
  }

  field(name: string): string {
    let unique = name
    for (let n = 1; this.#taken.has(unique); n++) unique = `${name}_${n}`
    this.#taken.add(unique)
    return unique
  }
}
