/**
 * Makes row objects as the engine in a process does: own members by column name (`__proto__` included); folded names also readable in lower
 * case, through properties that are not enumerable.
 */
export function rowMaker(
  names: readonly string[],
): (values: readonly unknown[]) => Record<string, unknown> {
  const taken = new Set(names)
  const aliases = names.flatMap((name): [string, string][] => {
    const alias = name.toLowerCase()
    if (name !== name.toUpperCase() || alias === name || taken.has(alias)) return []
    return alias in Object.prototype ? [] : [[alias, name]]
  })
  return (values) => {
    const row = Object.fromEntries(names.map((name, i) => [name, values[i]]))
    for (const [alias, name] of aliases) {
      Object.defineProperty(row, alias, { value: row[name], configurable: true, writable: true })
    }
    return row
  }
}
