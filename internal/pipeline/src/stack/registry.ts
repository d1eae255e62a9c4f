import { join } from 'node:path'

import { freePort } from '@varve/internal-peers'

import { registryJar } from './installed.ts'
import { answersGet, startProgram } from './program.ts'

/** A schema registry. */
export interface Registry {
  readonly port: number
  /** The address of Confluent's API. */
  readonly url: string
  close(): Promise<void>
}

/** Starts Apicurio Registry on loopback; it keeps everything in memory. */
export async function startRegistry(directory: string): Promise<Registry> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const program = await startProgram({
    command: 'java',
    args: [
      '-Xmx512m',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-jar',
      registryJar(),
    ],
    log: join(directory, 'registry.log'),
    isReady: () => answersGet(`${url}/subjects`),
    timeoutMs: 90_000,
  })
  return { port, url, close: () => program.end('SIGKILL') }
}
