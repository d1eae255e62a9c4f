import { expect, test } from 'vitest'

import { runSqlTests, type SqlTestOutcome } from './run-sql-tests.ts'

const pens = `CREATE STREAM pens (maker STRING KEY, price INT) WITH (kafka_topic='pens', value_format='JSON');
CREATE TABLE sold AS SELECT maker, SUM(price) AS total FROM pens GROUP BY maker;
`

async function one(text: string): Promise<SqlTestOutcome> {
  const outcomes = await runSqlTests(text, 'file')
  expect(outcomes).toHaveLength(1)
  return outcomes[0]!
}

test('rows asserted in order pass', async () => {
  const text = `${pens}
    INSERT INTO pens VALUES ('ada', 2);
    INSERT INTO pens (ROWTIME, maker, price) VALUES (70, 'ada', 3);
    ASSERT VALUES sold (maker, total) VALUES ('ada', 2);
    ASSERT VALUES sold (maker, total, rowtime) VALUES ('ada', 5, 70);
    --@no.more.output: sold
    ASSERT STREAM pens (maker STRING KEY, price INT) WITH (kafka_topic='pens', value_format='json');
    ASSERT TABLE sold (maker STRING PRIMARY KEY, total INT);`
  expect(await one(text)).toEqual({ name: 'file', line: 1 })
})

test.each([
  ['a value', "ASSERT VALUES sold VALUES ('ada', 3);", ['"ada"', '3'], ['"ada"', '2']],
  ['a key', "ASSERT VALUES sold VALUES ('bob', 2);", ['"bob"', '2'], ['"ada"', '2']],
  ['a time', 'ASSERT VALUES sold (rowtime) VALUES (1);', ['1'], ['0']],
  ['a tombstone', "ASSERT NULL VALUES sold (maker) KEY ('ada');", ['"ada"'], ['"ada"']],
])('%s that differs fails, with both rows', async (_, assertion, expected, actual) => {
  const { failure } = await one(`${pens}INSERT INTO pens VALUES ('ada', 2);\n\n${assertion}`)
  expect(failure).toMatchObject({ line: 5, expected, actual })
})

test('a row that is not there fails, and so does one that no assertion took', async () => {
  const missing = await one(`${pens}ASSERT VALUES sold VALUES ('ada', 2);`)
  expect(missing.failure!.message).toBe('Expected a row of SOLD, but there is no further one.')
  const more = await one(`${pens}INSERT INTO pens VALUES ('ada', 2);\n--@no.more.output: sold\n`)
  expect(more.failure).toMatchObject({
    line: 4,
    message: 'sold has one record that no assertion took.',
  })
})

test.each([
  ['other columns', 'ASSERT TABLE sold (maker STRING PRIMARY KEY, total BIGINT);'],
  ['another key', 'ASSERT STREAM pens (maker STRING, price INT);'],
  ['another kind', 'ASSERT STREAM sold;'],
  ['another format', "ASSERT STREAM pens WITH (value_format='AVRO');"],
  ['no such source', 'ASSERT TABLE nope;'],
])('a definition with %s fails', async (_, assertion) => {
  expect((await one(pens + assertion)).failure).toMatchObject({ line: 3 })
})

test('each test has a catalog of its own, and what stands before the first one', async () => {
  const text = `${pens}
    --@test: first
    INSERT INTO pens VALUES ('ada', 2);
    ASSERT VALUES sold VALUES ('ada', 2);
    --@test: second
    INSERT INTO pens VALUES ('ada', 7);
    ASSERT VALUES sold VALUES ('ada', 7);
    --@test: third
    CREATE STREAM pens (a INT) WITH (kafka_topic='other', value_format='JSON');`
  const outcomes = await runSqlTests(text, 'file')
  expect(outcomes.map(({ name, line }) => `${name} ${line}`)).toEqual([
    'first 4',
    'second 7',
    'third 10',
  ])
  expect(outcomes[1]!.failure).toBeUndefined()
  expect(outcomes[2]!.failure!.message).toContain('already exists')
  expect(await runSqlTests(text, 'file', { filter: 'sec' })).toHaveLength(1)
})

test.each([
  ['io.confluent.ksql.util.KsqlException', 'already exists', true],
  ['SqlError', 'already exists', true],
  ['EngineError', 'already exists', false],
  ['SqlError', 'something else', false],
  ['ParsingException', 'already exists', false],
  ['AssertionError', 'already exists', false],
])('an expected error %s: "%s"', async (name, message, passes) => {
  const { failure } = await one(`--@test: twice
    --@expected.error: ${name}
    --@expected.message: ${message}
    ${pens}${pens}`)
  expect(failure === undefined).toBe(passes)
})

test('an error that does not come fails the test', async () => {
  const { failure } = await one(`--@test: fine\n--@expected.message: boom\n${pens}`)
  expect(failure!.message).toContain('every statement succeeded')
})

test('a syntax error shows its place in the file, after the statements before it ran', async () => {
  const { failure } = await one(`${pens}ASSERT TABLE sold;\nCREATE STREEM x;`)
  expect(failure).toMatchObject({ line: 4 })
  expect(failure!.message).toContain('line 4:8')
})

test('the clock moves when told; INSERT without ROWTIME takes its time', async () => {
  expect(
    await one(`${pens}
      --@time: 1970-01-01T00:00:09Z
      INSERT INTO pens VALUES ('ada', 2);
      ASSERT VALUES sold (rowtime) VALUES (9000);`),
  ).not.toHaveProperty('failure')
})

test('SET and DEFINE hold from there on: a query begins where auto.offset.reset says', async () => {
  const after = `CREATE STREAM dear AS SELECT * FROM pens WHERE price > \${floor};
    INSERT INTO pens VALUES ('bob', 9);
    ASSERT VALUES dear VALUES`
  const insert = `DEFINE floor = '5';\nINSERT INTO pens VALUES ('ada', 8);\n`
  const latest = await one(`${pens}${insert}${after} ('bob', 9);`)
  expect(latest.failure).toBeUndefined()
  const earliest = await one(
    `${pens}${insert}SET 'auto.offset.reset' = 'earliest';\n${after} ('ada', 8);`,
  )
  expect(earliest.failure).toBeUndefined()
})

test('windows and tombstones are asserted by their columns', async () => {
  const text = `
    CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', format='AVRO');
    CREATE TABLE w AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 MILLISECONDS) GROUP BY k;
    CREATE TABLE big AS SELECT k, SUM(v) AS total FROM s GROUP BY k HAVING SUM(v) > 3;
    INSERT INTO s (rowtime, k, v) VALUES (15, 'a', 4);
    INSERT INTO s (rowtime, k, v) VALUES (16, 'a', -4);
    ASSERT VALUES w (k, windowstart, windowend, n) VALUES ('a', 10, 20, 1);
    ASSERT VALUES w (windowstart, n) VALUES (10, 2);
    ASSERT VALUES big VALUES ('a', 4);
    ASSERT NULL VALUES big (k) KEY ('a');`
  expect(await one(text)).toEqual({ name: 'file', line: 1 })
})

test('records that cannot be read are named beside the failure', async () => {
  const { failure } = await one(`
    CREATE STREAM raw (k STRING KEY, v STRING) WITH (kafka_topic='t', value_format='KAFKA');
    CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='t', value_format='JSON');
    CREATE STREAM d AS SELECT k, v + 1 AS v FROM s;
    INSERT INTO raw VALUES ('a', 'not JSON');
    ASSERT VALUES d VALUES ('a', 1);`)
  expect(failure!.notes).toHaveLength(1)
  expect(failure!.notes[0]).toContain('undecodable-value')
})

test('a directive that is not known, and text after the last statement, are refused', async () => {
  await expect(runSqlTests('--@tset: x\n', 'file')).rejects.toThrow('unknown directive')
  await expect(runSqlTests('SHOW STREAMS; SELECT', 'file')).rejects.toThrow('";"')
})
