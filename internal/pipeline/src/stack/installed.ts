import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { isKafkaInstalled, type KafkaLine } from '@varve/internal-peers'

const target = fileURLToPath(new URL('../../target/', import.meta.url))

/** Folder of Connect's plugins for a line of Kafka. */
export function pluginFolder(line: KafkaLine): string {
  return `${target}plugins-${line}`
}

/** The registry's program. */
export function registryJar(): string {
  return globSync(`${target}registry/apicurio-registry-app-*-runner.jar`)[0]!
}

/** Folder of PostgreSQL's server programs, which Debian keeps out of the path. */
export function postgresFolder(): string | undefined {
  return globSync('/usr/lib/postgresql/*/bin').find((folder) => existsSync(`${folder}/initdb`))
}

/** What is missing of all that a pipeline needs; empty when it can run. */
export function missingParts(): readonly string[] {
  const missing: string[] = []
  for (const line of ['3', '4'] as const) {
    if (!isKafkaInstalled(line)) missing.push(`Kafka ${line} (internal/peers/install)`)
    if (!existsSync(`${target}.complete-plugins-${line}`))
      missing.push(`Debezium for Kafka ${line} (internal/pipeline/install)`)
  }
  if (!existsSync(`${target}.complete-registry`))
    missing.push('Apicurio Registry (internal/pipeline/install)')
  if (postgresFolder() === undefined || !isCommand('psql')) missing.push('PostgreSQL')
  for (const command of ['mariadbd', 'mariadb-install-db', 'mariadb'])
    if (!isCommand(command)) missing.push(command)
  return missing
}

function isCommand(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
