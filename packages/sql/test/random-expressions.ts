import fc from 'fast-check'

/** Columns of a stream with one of each type, and a null one of most. */
export const columnsSql = `k INT KEY, i INT, ni INT, b BIGINT, nb BIGINT, d DOUBLE, nd DOUBLE, p DECIMAL(6, 2), np DECIMAL(6, 2), t STRING, nt STRING,
  f BOOLEAN, nf BOOLEAN, ts TIMESTAMP, dt DATE, a ARRAY<INT>, na ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<x INT, y STRING>, nst STRUCT<x INT, y STRING>`

type Kind = 'INT' | 'BIGINT' | 'DOUBLE' | 'DECIMAL' | 'STRING' | 'BOOLEAN' | 'ARRAY' | 'MAP'

const leaves: Readonly<Record<Kind, readonly string[]>> = {
  INT: [
    'i',
    'ni',
    'k',
    '0',
    '1',
    '7',
    '-3',
    '2147483647',
    'st->x',
    'nst->x',
    "m['one']",
    'a[1]',
    'a[-1]',
    'na[1]',
  ],
  BIGINT: ['b', 'nb', '9007199254740993', '-9223372036854775808', 'ROWTIME'],
  DOUBLE: ['d', 'nd', '1.5E0', '-0E0', '1E300'],
  DECIMAL: ['p', 'np', '1.25', '-0.05', '1000.00'],
  STRING: [
    't',
    'nt',
    "''",
    "'a%b'",
    "'x\"`\\${t}''; return 1; //'",
    'st->y',
    "'\u2028'",
    "'*/ throw 1 /*'",
  ],
  BOOLEAN: ['f', 'nf', 'TRUE', 'FALSE'],
  ARRAY: ['a', 'na', 'ARRAY[1, 2, 3]'],
  MAP: ['m', "MAP('u' := 1, 'v' := 2)"],
}

/** SQL text of expressions of every kind that always type-check, with no regard to whether they evaluate. */
export const expressionSql: fc.Arbitrary<string> = (() => {
  const depthMax = 4
  const made = new Map<string, fc.Arbitrary<string>>()
  const make = (kind: Kind, depth: number): fc.Arbitrary<string> => {
    const id = `${kind}${depth}`
    let known = made.get(id)
    if (known === undefined) {
      known = build(kind, depth)
      made.set(id, known)
    }
    return known
  }
  const build = (kind: Kind, depth: number): fc.Arbitrary<string> => {
    const leaf = fc.constantFrom(...leaves[kind])
    if (depth >= depthMax) return leaf
    const of = (inner: Kind): fc.Arbitrary<string> => make(inner, depth + 1)
    const two = (
      a: fc.Arbitrary<string>,
      operators: readonly string[],
      b: fc.Arbitrary<string>,
    ): fc.Arbitrary<string> =>
      fc.tuple(a, fc.constantFrom(...operators), b).map(([x, o, y]) => `(${x} ${o} ${y})`)
    const call = (pattern: string, ...kinds: readonly Kind[]): fc.Arbitrary<string> =>
      fc.tuple(...kinds.map(of)).map((args) => {
        let at = 0
        return pattern.replaceAll('#', () => args[at++]!)
      })
    const number = fc.oneof(of('INT'), of('BIGINT'), of('DOUBLE'))
    const x = `x${depth}`
    const y = `y${depth}`
    const chooses = call(
      '(CASE WHEN # THEN # WHEN # THEN # ELSE # END)',
      'BOOLEAN',
      kind,
      'BOOLEAN',
      kind,
      kind,
    )
    const shared =
      kind === 'DECIMAL'
        ? []
        : [chooses, call('COALESCE(#, #)', kind, kind), call('IFNULL(#, #)', kind, kind)]
    const own: Readonly<Record<Kind, readonly fc.Arbitrary<string>[]>> = {
      INT: [
        two(of('INT'), ['+', '-', '*', '/', '%'], of('INT')),
        call('(- #)', 'INT'),
        call('CAST(# AS INT)', 'DOUBLE'),
        call('CAST(# AS INT)', 'STRING'),
        call('LEN(#)', 'STRING'),
        call('ARRAY_LENGTH(#)', 'ARRAY'),
        call('#[#]', 'ARRAY', 'INT'),
        call('#[#]', 'MAP', 'STRING'),
        call('STRUCT(u := #, w := #)->u', 'INT', 'STRING'),
        call(`REDUCE(#, #, (${x}, ${y}) => ${x} + ${y} * 2)`, 'ARRAY', 'INT'),
        call('ABS(#)', 'INT'),
      ],
      BIGINT: [
        two(of('BIGINT'), ['+', '-', '*', '/', '%'], fc.oneof(of('BIGINT'), of('INT'))),
        call('CAST(# AS BIGINT)', 'INT'),
        call('CAST(# AS BIGINT)', 'DECIMAL'),
        call('(- #)', 'BIGINT'),
      ],
      DOUBLE: [
        two(of('DOUBLE'), ['+', '-', '*', '/', '%'], number),
        call('CAST(# AS DOUBLE)', 'BIGINT'),
        call('SQRT(#)', 'DOUBLE'),
        call('(- #)', 'DOUBLE'),
      ],
      DECIMAL: [
        call('CAST(# AS DECIMAL(6, 2))', 'INT'),
        call('CAST(# AS DECIMAL(6, 2))', 'DOUBLE'),
        call('CAST((# + #) AS DECIMAL(6, 2))', 'DECIMAL', 'DECIMAL'),
        call('CAST((# / #) AS DECIMAL(6, 2))', 'DECIMAL', 'DECIMAL'),
      ],
      STRING: [
        two(of('STRING'), ['+', '||'], of('STRING')),
        call('CAST(# AS STRING)', 'BIGINT'),
        call('CAST(# AS STRING)', 'ARRAY'),
        call('SUBSTRING(#, #)', 'STRING', 'INT'),
        call('UCASE(#)', 'STRING'),
        call('REGEXP_REPLACE(#, #, #)', 'STRING', 'STRING', 'STRING'),
      ],
      BOOLEAN: [
        two(number, ['=', '<>', '<', '<=', '>', '>='], number),
        two(of('STRING'), ['=', '<>', '<', '>='], of('STRING')),
        two(of('DECIMAL'), ['=', '<', '>='], fc.oneof(of('DECIMAL'), of('INT'), of('DOUBLE'))),
        two(of('ARRAY'), ['=', 'IS DISTINCT FROM'], of('ARRAY')),
        two(of('INT'), ['IS DISTINCT FROM', 'IS NOT DISTINCT FROM'], of('BIGINT')),
        two(of('BOOLEAN'), ['AND', 'OR'], of('BOOLEAN')),
        call('(NOT #)', 'BOOLEAN'),
        call('(# IS NULL)', 'STRING'),
        call('(# IS NOT NULL)', 'BOOLEAN'),
        call('(# IN (#, #, 3))', 'INT', 'INT', 'INT'),
        call("(# NOT IN ('a', 'b', NULL))", 'STRING'),
        call('(# BETWEEN # AND #)', 'INT', 'INT', 'BIGINT'),
        call("(# LIKE 'a%b_')", 'STRING'),
        call("(# LIKE # ESCAPE '!')", 'STRING', 'STRING'),
        call("(ts > '2024-01-01') AND (dt <= ts) AND #", 'BOOLEAN').map((text) => `(${text})`),
      ],
      ARRAY: [
        call('ARRAY[#, #]', 'INT', 'INT'),
        call(`TRANSFORM(#, ${x} => ${x} / # + i)`, 'ARRAY', 'INT'),
        call(`FILTER(#, ${x} => ${x} > #)`, 'ARRAY', 'INT'),
        call(
          `TRANSFORM(#, ${x} => REDUCE(a, ${x}, (${y}, z${depth}) => ${y} + z${depth} + ${x}))`,
          'ARRAY',
        ),
        call('MAP_VALUES(#)', 'MAP'),
      ],
      MAP: [
        call("MAP('a' := #, # := 2)", 'INT', 'STRING'),
        call(`TRANSFORM(#, (${x}, ${y}) => ${x}, (${x}, ${y}) => ${y} * #)`, 'MAP', 'INT'),
      ],
    }
    return fc.oneof(leaf, ...shared, ...own[kind])
  }
  return fc.oneof(...(Object.keys(leaves) as Kind[]).map((kind) => make(kind, 0)))
})()
