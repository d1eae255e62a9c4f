import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { format, parse, SqlError } from '../src/index.ts'
import { withoutSpans } from './without-spans.ts'

const fragments =
  `SELECT * FROM s ; , . ( ) [ ] -> => := = <> < <= || + - / % 'text' "q" \`b\` 1 2.5 1e3 .5 9223372036854775808 CREATE STREAM TABLE AS WITH
  INSERT INTO VALUES NULL TRUE NOT IN LIKE BETWEEN AND OR IS CASE WHEN THEN ELSE END CAST ARRAY MAP STRUCT GROUP BY PARTITION WINDOW TUMBLING SIZE
  JOIN ON WITHIN EMIT CHANGES LIMIT SHOW STREAMS DESCRIBE DROP SET DEFINE \${v} -- /* */ x y KEY PRIMARY DECIMAL(3,2) 봄 '봄' ' \` "`.split(
    /\s+/,
  )

describe('parsing', () => {
  test('any text gives statements or a SqlError that lies inside of it', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.array(fc.constantFrom(...fragments), { maxLength: 40 }).map((words) => words.join(' ')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          for (const { statement } of parse(text)) {
            expect(statement.span.offset).toBeGreaterThanOrEqual(0)
            expect(statement.span.end).toBeLessThanOrEqual(text.length)
          }
        } catch (error) {
          if (!(error instanceof SqlError)) throw error
          expect(error.render()).toContain(error.message)
          if (error.span === undefined) return
          expect(error.span.offset).toBeLessThanOrEqual(text.length)
          expect(error.span.end).toBeLessThanOrEqual(text.length)
          const { line, column } = error.position!
          expect({ line: error.span.line, column: error.span.column }).toEqual({ line, column })
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('an expression that parses keeps its tree when formatted and parsed again', () => {
    fc.assert(
      fc.property(expressionText, (text) => {
        const first = parse(`SELECT ${text} FROM s;`)[0]!.statement
        const second = parse(format(first))[0]!.statement
        expect(withoutSpans(second)).toEqual(withoutSpans(first))
      }),
      { numRuns: 1000 },
    )
  })

  test('a sign in front of a number with a postfix applies to the whole', () => {
    const [first] = parse('SELECT -2.50->f, -1[1], (-1)[1] FROM s;')
    expect(withoutSpans(parse(format(first!.statement))[0]!.statement)).toEqual(
      withoutSpans(first!.statement),
    )
  })

  test('a statement of a megabyte parses', () => {
    const items = Array.from({ length: 70_000 }, (_, i) => `'value ${i}'`).join(', ')
    const list = `SELECT a FROM s WHERE a IN (${items}) EMIT CHANGES;`
    expect(list.length).toBeGreaterThan(1_000_000)
    expect(parse(list)).toHaveLength(1)
    const terms = Array.from({ length: 40_000 }, (_, i) => `a = ${i}`).join(' OR ')
    const [chain] = parse(`SELECT a FROM s WHERE ${terms} EMIT CHANGES;`)
    expect(format(chain!.statement)).toContain('39999')
  })

  test.each([
    ['parentheses', `${'('.repeat(5000)}1${')'.repeat(5000)}`],
    ['NOT', `${'NOT '.repeat(5000)}a`],
    ['signs', `${'- '.repeat(5000)}a`],
    ['CASE', `${'CASE WHEN a THEN '.repeat(5000)}1${' END'.repeat(5000)}`],
    ['sums', Array(5000).fill('a').join(' + ')],
    ['subscripts', `a${'[1]'.repeat(5000)}`],
    ['casts', `${'CAST('.repeat(5000)}a${' AS INT)'.repeat(5000)}`],
    ['types', `CAST(a AS ${'ARRAY<'.repeat(5000)}INT${'>'.repeat(5000)})`],
  ])('%s nested without end are refused by a SqlError', (_, text) => {
    expect(() => parse(`SELECT ${text} FROM s;`)).toThrow(SqlError)
  })
})

const { expression: expressionText } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: fc.constantFrom('a', 's.b', '`c d`', '1', '-1', '2.50', '1e10', "'it''s'", 'NULL', 'TRUE'),
  expression: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '||', '=', '<>', '<', 'AND', 'OR'),
        tie('expression'),
      )
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(
          '->f',
          '[1]',
          ' IS NULL',
          ' IS NOT NULL',
          " LIKE 'x%'",
          ' NOT IN (1, 2)',
          ' BETWEEN 1 AND 2',
        ),
      )
      .map(([operand, suffix]) => `(${operand})${suffix}`),
    fc.tuple(fc.constantFrom('NOT', '-', '+'), tie('expression')).map(([p, e]) => `${p} (${e})`),
    fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map((e) => `F(${e.join(', ')})`),
    fc
      .array(tie('expression'), { minLength: 1, maxLength: 3 })
      .map((e) => `ARRAY[${e.join(', ')}]`),
    tie('expression').map((e) => `CASE WHEN ${e} THEN 1 ELSE ${e} END`),
    tie('expression').map((e) => `TRANSFORM(l, x => ${e})`),
  ),
}))
