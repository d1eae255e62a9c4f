import { appendFileSync, chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { freePort } from '@varve/internal-peers'

import { openStatementWriter, rowsOf, runScript, type Database } from './database.ts'
import { postgresFolder } from './installed.ts'
import { startProgram } from './program.ts'
import { asUser, runAs } from './server-user.ts'

/** Starts PostgreSQL on loopback with logical decoding, over a folder of its own below `directory`. */
export async function startPostgres(directory: string): Promise<Database> {
  const folder = postgresFolder()!
  const home = join(directory, 'postgres')
  const data = join(home, 'data')
  mkdirSync(home)
  chmodSync(directory, 0o755)
  const port = await freePort()
  await runAs('postgres', home, `${folder}/initdb`, [
    ...['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
  ])
  appendFileSync(
    join(data, 'postgresql.conf'),
    `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${home}'\nwal_level = logical\nfsync = off\ntimezone = 'UTC'\n`,
  )
  const client = {
    command: 'psql',
    args: [
      ...['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-X', '-q', '-A', '-t'],
      ...['-F', '\t', '-v', 'ON_ERROR_STOP=1'],
    ],
  }
  const program = await startProgram({
    ...asUser('postgres', `${folder}/postgres`, ['-D', data]),
    log: join(directory, 'postgres.log'),
    isReady: async () => (await runScript(client, 'SELECT 1;')).trim() === '1',
    timeoutMs: 60_000,
  })
  return {
    kind: 'postgres',
    port,
    execute: async (sql) => void (await runScript(client, sql)),
    select: async (sql) => rowsOf(await runScript(client, sql)),
    openWriter: () => openStatementWriter(client),
    close: () => program.end(),
  }
}
