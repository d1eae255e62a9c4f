import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Engine } from '@varve/runtime'
import { startServer, type VarveServer } from '@varve/runtime/server'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { ShellSession } from '../src/shell/session.ts'

let engine: Engine
let server: VarveServer
beforeAll(async () => {
  engine = await Engine.open({ directory: ':memory:' })
  server = await startServer({ engine, port: 0 })
})
afterAll(async () => {
  await server.close()
  await engine.close()
})

function session(options: Partial<ConstructorParameters<typeof ShellSession>[0]> = {}): {
  shell: ShellSession
  text: () => string
} {
  let written = ''
  const shell = new ShellSession({
    serverUrl: server.url,
    output: { write: (text) => void (written += text), terminalWidth: () => 80 },
    ...options,
  })
  return {
    shell,
    text: () => {
      const text = written
      written = ''
      return text
    },
  }
}

test('statements, answers, and both kinds of queries look as a shell user expects', async () => {
  const { shell, text } = session({ queryRowLimit: 2 })
  await shell.runText(`
    SET 'auto.offset.reset' = 'earliest';
    CREATE STREAM names (id INT KEY, name STRING) WITH (kafka_topic = 'names', partitions = 1, value_format = 'json');
    INSERT INTO names (id, name) VALUES (1, '봄 맞이 이벤트');
    INSERT INTO names (id, name) VALUES (22, 'plain; with a semicolon');`)
  expect(text()).toContain('Stream created')

  await shell.runStatement('SHOW STREAMS;')
  expect(text()).toMatch(
    / Stream Name +\| Kafka Topic +\| Key Format \| Value Format \| Windowed\n-+\n/,
  )

  await shell.runStatement('SELECT * FROM names EMIT CHANGES;')
  expect(text().split('\n').slice(0, 5)).toEqual([
    `+${'-'.repeat(38)}+${'-'.repeat(38)}+`,
    '| ID                                   | NAME                                 |',
    `+${'-'.repeat(38)}+${'-'.repeat(38)}+`,
    '| 1                                    | 봄 맞이 이벤트                       |',
    '| 22                                   | plain; with a semicolon              |',
  ])

  await shell.runStatement(
    'CREATE TABLE latest AS SELECT id, LATEST_BY_OFFSET(name) AS name FROM names GROUP BY id EMIT CHANGES;',
  )
  expect(text()).toContain('Created query with ID CTAS_LATEST_')
  await expect
    .poll(async () => {
      await shell.runStatement('SELECT * FROM latest;')
      return text().trimEnd().split('\n')
    })
    .toEqual([
      ' ID | NAME',
      '-'.repeat(30),
      ' 1  | 봄 맞이 이벤트',
      ' 22 | plain; with a semicolon',
      '-'.repeat(30),
      'Query terminated',
    ])

  await shell.runStatement('DESCRIBE names;')
  expect(text()).toContain('ID    | INTEGER (key)')
})

test("a wrong statement shows the server's message and ends the script", async () => {
  const { shell } = session()
  await expect(shell.runText('SELECT FROM; SHOW STREAMS;')).rejects.toThrow(/line 1:8/)
  await expect(shell.runText('SELECT name,\n  FROM names;')).rejects.toThrow(
    /1 \| SELECT name,\n +\^\n/,
  )
  await expect(shell.runText('SHOW STREAMS')).rejects.toThrow('without ";"')
})

test('variables and properties stay with the session', async () => {
  const { shell, text } = session()
  await shell.runText(
    "DEFINE topic = 'defined'; SET 'auto.offset.reset'='earliest'; SET 'auto.offset.reset'='latest';",
  )
  expect(text()).toContain("from 'earliest' to 'latest'")
  await shell.runText(
    "CREATE STREAM defined (v INT) WITH (kafka_topic = '${topic}', partitions = 1, value_format = 'json');",
  )
  expect(engine.sources.find((source) => source.name === 'DEFINED')?.topic).toBe('defined')
  text()
  await shell.runText('SHOW VARIABLES;')
  expect(text()).toContain(' topic         | defined')
})

test('JSON output and scripts', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'varve-cli-'))
  try {
    const path = join(directory, "it's.sql")
    await writeFile(path, 'SHOW TABLES;')
    const { shell, text } = session({ format: 'JSON' })
    await shell.runStatement(`RUN SCRIPT '${path.replaceAll("'", "''")}';`)
    expect(JSON.parse(text())).toMatchObject({ '@type': 'tables' })
  } finally {
    await rm(directory, { recursive: true })
  }
})
