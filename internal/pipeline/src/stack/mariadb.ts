import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { freePort } from '@varve/internal-peers'

import { openStatementWriter, rowsOf, runScript, type Database } from './database.ts'
import { startProgram } from './program.ts'
import { asUser, runAs } from './server-user.ts'

/** Starts MariaDB on loopback with a binlog of whole rows, over a folder of its own below `directory`; user and password `debezium`. */
export async function startMariadb(directory: string): Promise<Database> {
  const home = join(directory, 'mariadb')
  const data = join(home, 'data')
  mkdirSync(home)
  chmodSync(directory, 0o755)
  const port = await freePort()
  await runAs('mysql', home, 'mariadb-install-db', [
    ...['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'],
    '--skip-test-db',
  ])
  const socket = join(home, 'socket')
  const root = { command: 'mariadb', args: ['--no-defaults', '-S', socket, '-u', 'root'] }
  const program = await startProgram({
    ...asUser('mysql', 'mariadbd', [
      ...['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--pid-file=${home}/pid`],
      ...['--bind-address=127.0.0.1', `--port=${port}`, '--server-id=1', `--log-bin=${data}/bin`],
      ...['--binlog-format=ROW', '--binlog-row-image=FULL', '--binlog-row-metadata=FULL'],
      ...['--gtid-strict-mode=1', '--character-set-server=utf8mb4', '--default-time-zone=+00:00'],
      '--innodb-flush-log-at-trx-commit=0',
    ]),
    log: join(directory, 'mariadb.log'),
    isReady: async () => (await runScript(root, 'SELECT 1;')).includes('1'),
    timeoutMs: 60_000,
  })
  await runScript(
    root,
    "CREATE USER debezium@'%' IDENTIFIED BY 'debezium'; GRANT ALL ON *.* TO debezium@'%';",
  )
  const client = {
    command: 'mariadb',
    args: [
      ...['--no-defaults', '-h', '127.0.0.1', '-P', String(port), '-u', 'debezium', '-pdebezium'],
      ...['-N', '-B', '--raw', '--default-character-set=utf8mb4'],
    ],
  }
  return {
    kind: 'mariadb',
    port,
    execute: async (sql) => void (await runScript(client, sql)),
    select: async (sql) => rowsOf(await runScript(client, sql)),
    openWriter: () => openStatementWriter(client),
    close: () => program.end(),
  }
}
