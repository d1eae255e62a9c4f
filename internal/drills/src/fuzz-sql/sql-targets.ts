import {
  analyze,
  createFunctionRegistry,
  format,
  parse,
  SqlError,
  type DataSource,
  type ParsedStatement,
} from '@varve/sql'

import type { FuzzTarget } from '../fuzz/fuzz-target.ts'

const statements: readonly string[] = [
  "CREATE STREAM a (id INT KEY, v STRUCT<x INT, y ARRAY<STRING>>, p DECIMAL(4, 2)) WITH (kafka_topic='a', value_format='JSON');",
  "CREATE OR REPLACE TABLE b (id STRING PRIMARY KEY, m MAP<STRING, DOUBLE>) WITH (kafka_topic='b', format='AVRO', partitions=3);",
  "CREATE STREAM c WITH (value_format='PROTOBUF') AS SELECT id, UCASE(name) AS n, CASE WHEN i > 1 THEN 'a' ELSE 'b' END AS c FROM s WHERE i BETWEEN 1 AND 5 AND name LIKE 'x%';",
  'CREATE TABLE d AS SELECT i, COUNT(*) AS n, TOPK(id, 3) AS t FROM s WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 1 MINUTE) GROUP BY i HAVING COUNT(*) > 2 EMIT FINAL;',
  'CREATE STREAM e AS SELECT s.id, t.v, s.name FROM s LEFT JOIN t ON s.i = t.id PARTITION BY s.name;',
  'CREATE STREAM f AS SELECT * FROM s JOIN u WITHIN (1 HOUR, 2 HOURS) GRACE PERIOD 1 DAY ON s.id = u.id;',
  'SELECT id, TRANSFORM(l, x => REDUCE(l, x, (a, y) => a + y * i)), st->x, l[1], m[name] FROM s EMIT CHANGES LIMIT 5;',
  "SELECT * FROM q WHERE id = 5 OR id IN (1, 2, 3) AND v > '2020-01-01';",
  "INSERT INTO s (id, name, l) VALUES (1, 'it''s', ARRAY[1, 2]);",
  'INSERT INTO u SELECT id, i FROM s;',
  "DEFINE n = 'S'; SELECT * FROM ${n} EMIT CHANGES; UNDEFINE n;",
  "SET 'auto.offset.reset' = 'earliest'; DROP STREAM IF EXISTS a DELETE TOPIC; EXPLAIN SELECT * FROM s EMIT CHANGES;",
  'ALTER STREAM s ADD COLUMN x INT, ADD y STRING; TERMINATE ALL; SHOW TOPICS EXTENDED; DESCRIBE s EXTENDED;',
  "ASSERT SCHEMA SUBJECT 'x' ID 5 TIMEOUT 1 SECOND; PRINT 'a' FROM BEGINNING LIMIT 3; CREATE TYPE z AS STRUCT<a INT>;",
  '-- a comment\nSELECT CAST(i AS DECIMAL(10, 2)), 1.5e3, -2.50, `a b`, "c" /* more */ FROM s EMIT CHANGES;',
  'SELECT MAP(1 := 2), STRUCT(a := 1)->a, NULLIF(i, 2) IS DISTINCT FROM id, NOT (i <> 3) FROM s EMIT CHANGES;',
]

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Scripts as text, damaged byte by byte. */
const scriptTarget: FuzzTarget = {
  name: 'sql-text',
  make: (random) => encoder.encode(random.pick(statements)),
  run: (input) => tryScript(decoder.decode(input)),
  allocationMax: (bytes) => 8_388_608 + bytes * 8_192,
}

/** Each byte of the input is a word of the language: damage makes other sentences rather than other words. */
const words: readonly string[] = [
  ...new Set(statements.join(' ').match(/'(?:[^']|'')*'|\w+|\$\{\w+\}|[^\s\w]/g)),
].slice(0, 255)
const wordsTarget: FuzzTarget = {
  name: 'sql-words',
  make: (random) => {
    const text = random.pick(statements.filter((statement) => !statement.includes('--')))
    const tokens = text.match(/'(?:[^']|'')*'|\w+|\$\{\w+\}|[^\s\w]/g)!
    return Uint8Array.from(tokens, (token) => words.indexOf(token))
  },
  run: (input) => {
    const text = Array.from(input, (byte) => words[byte % words.length]!).join(' ')
    // Operators of two characters were cut into their halves.
    return tryScript(text.replaceAll(/([-=:<>|!]) (?=[>=|])/g, '$1'))
  },
  allocationMax: (bytes) => 8_388_608 + bytes * 65_536,
}

/** The parser and the analyzer. */
export const sqlTargets: readonly FuzzTarget[] = [scriptTarget, wordsTarget]

const catalog = createCatalog()
const functions = createFunctionRegistry()

/** @throws Error when a place lies outside of the text, or a statement reads otherwise from its canonical text */
function tryScript(text: string): void {
  let parsed: readonly ParsedStatement[]
  try {
    parsed = parse(text)
  } catch (error) {
    checkPlace(error, text)
    throw error
  }
  for (const each of parsed) {
    const { span } = each.statement
    if (span.offset < 0 || span.end > text.length) throw new Error('a statement lies outside')
    const canonical = format(each.statement)
    const [again] = parse(canonical)
    if (again === undefined || format(again.statement) !== canonical) {
      throw new Error(`${canonical} is not read as it was written`)
    }
    try {
      analyze(each, { catalog, functions, topic: () => ({ partitions: 1, replicas: 1 }) })
    } catch (error) {
      checkPlace(error, text)
      // Wrong statements are what most inputs are: the parser took them, which is what counts as decoded.
      if (
        !(error instanceof SqlError) &&
        (error as { code?: string }).code !== 'VARVE_UNSUPPORTED'
      ) {
        throw error
      }
    }
  }
}

function checkPlace(error: unknown, text: string): void {
  if (!(error instanceof SqlError) || error.span === undefined) return
  const { offset, end } = error.span
  if (offset < 0 || offset > text.length || end > text.length) {
    throw new Error(`the error points outside of the text: ${error.message}`, { cause: error })
  }
  error.withText(text).render()
}

function createCatalog(): { source(name: string): DataSource | undefined; type(): undefined } {
  const source = (
    name: string,
    kind: DataSource['kind'],
    valueColumns: DataSource['valueColumns'],
    createdByQuery = false,
  ): DataSource => ({
    name,
    kind,
    topic: name,
    keyFormat: { format: 'KAFKA' },
    valueFormat: { format: 'JSON' },
    keyColumns: [{ name: 'ID', type: { kind: 'INTEGER' } }],
    valueColumns,
    headerColumns: [],
    isSource: false,
    createdByQuery,
    sql: '',
  })
  const int = { kind: 'INTEGER' } as const
  const text = { kind: 'STRING' } as const
  const sources = new Map(
    [
      source('S', 'STREAM', [
        { name: 'I', type: int },
        { name: 'NAME', type: text },
        { name: 'L', type: { kind: 'ARRAY', element: int } },
        { name: 'M', type: { kind: 'MAP', key: text, value: int } },
        { name: 'ST', type: { kind: 'STRUCT', fields: [{ name: 'X', type: int }] } },
      ]),
      source('U', 'STREAM', [{ name: 'I', type: int }]),
      source('T', 'TABLE', [{ name: 'V', type: text }]),
      source('Q', 'TABLE', [{ name: 'V', type: { kind: 'TIMESTAMP' } }], true),
    ].map((each) => [each.name, each]),
  )
  return { source: (name) => sources.get(name), type: () => undefined }
}
