import { VirtualClock } from '@varve/base/testing'
import { expect, test } from 'vitest'

import { ScriptTestDriver } from '../testing/script-test-driver.ts'

const setup = `CREATE STREAM s (id INT KEY, a INT, b STRING) WITH (kafka_topic='s', partitions=1, value_format='JSON');
  CREATE STREAM o AS SELECT * FROM s;`

async function refusalOf(sql: string): Promise<string> {
  const driver = new ScriptTestDriver({ clock: new VirtualClock() })
  try {
    for (const parsed of driver.parse(setup)) await driver.execute(parsed)
    for (const parsed of driver.parse(sql)) await driver.execute(parsed)
  } catch (error) {
    return (error as Error).message
  } finally {
    driver.close()
  }
  return ''
}

test('a replacement that loses or changes columns is refused with both schemas', async () => {
  expect(await refusalOf('CREATE OR REPLACE STREAM o AS SELECT id, a FROM s;')).toBe(
    "Cannot upgrade data source: DataSource 'O' has schema = `ID` INTEGER KEY, `A` INTEGER, `B` STRING which is not upgradeable to `ID` INTEGER KEY, `A` INTEGER. (The following columns are changed, missing or reordered: [`B` STRING])",
  )
  expect(
    await refusalOf('CREATE OR REPLACE STREAM o AS SELECT a, b FROM s PARTITION BY a;'),
  ).toContain('(The following key columns are changed, missing or reordered: [`ID` INTEGER KEY])')
  expect(
    await refusalOf("CREATE OR REPLACE STREAM o WITH (value_format='AVRO') AS SELECT * FROM s;"),
  ).toBe(
    "Cannot upgrade data source: DataSource 'O' has value format = JSON which is not upgradeable to AVRO",
  )
  expect(
    await refusalOf("CREATE OR REPLACE STREAM o WITH (kafka_topic='p') AS SELECT * FROM s;"),
  ).toContain('has topic = O which is not upgradeable to p')
})

test('columns are added once, under names that are free', async () => {
  expect(await refusalOf('ALTER STREAM s ADD COLUMN c INT;')).toBe('')
  expect(await refusalOf('ALTER STREAM s ADD COLUMN a INT;')).toBe(
    'Cannot add column `A` to schema. A column with the same name already exists.',
  )
  expect(await refusalOf('ALTER STREAM s ADD COLUMN ROWTIME BIGINT;')).toContain(
    "'ROWTIME' is a reserved column name",
  )
  expect(await refusalOf('ALTER STREAM o ADD COLUMN c INT;')).toBe(
    'ALTER command is not supported for CREATE ... AS statements.',
  )
})

test('a name that differs in case alone is suggested', async () => {
  expect(await refusalOf('DROP STREAM "s";')).toBe(
    'Stream s does not exist.\nDid you mean S? Hint: try removing double quotes from the source name.',
  )
})
