import { isVarveError } from '@varve/base'
import type { Kafka } from '@varve/kafka'
import type { SchemaRegistry } from '@varve/serde'
import type { DataSource } from '@varve/sql'

import type { Metastore } from '../catalog/metastore.ts'
import { commandFormatVersion } from '../command/command.ts'
import type { CommandFollower } from './command-follower.ts'
import { deleteTopic } from './delete-topic.ts'
import { EngineError } from './engine-error.ts'

/** What ending a service works on. */
export interface TerminationEnvironment {
  readonly kafka: Kafka
  readonly registry: SchemaRegistry
  readonly metastore: Metastore
  readonly commands: CommandFollower
  readonly commandTopic: string
}

/** Attempts to get the command in when other instances write at the same time. */
const attemptsMax = 10

/** Ends the service: see {@link Engine.terminateCluster}. @throws EngineError for a pattern that is none */
export async function terminateCluster(
  patterns: readonly string[],
  environment: TerminationEnvironment,
): Promise<void> {
  const { kafka, registry, metastore, commands, commandTopic } = environment
  const matchers = patterns.map(toMatcher)
  await commands.log.catchUp()
  const topics = sinkTopics(metastore.sources().values()).filter((topic) =>
    matchers.some((matcher) => matcher.test(topic)),
  )
  await commands.settled(await append(commands))
  for (const topic of topics) await deleteTopic(kafka, registry, topic)
  await commands.close()
  try {
    await kafka.admin.deleteTopic(commandTopic)
  } catch (error) {
    // Another instance was asked for the same.
    if (!isVarveError(error) || error.code !== 'VARVE_NOT_FOUND') throw error
  }
}

/** Offset of the accepted command. */
async function append(commands: CommandFollower): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { log } = commands
    const offset = await log.append({
      version: commandFormatVersion,
      id: 'cluster/TerminateCluster/terminate',
      after: log.lastAccepted,
      statement: 'TERMINATE CLUSTER;',
      properties: {},
      operation: { kind: 'terminateCluster' },
    })
    if (offset !== undefined) return offset
  }
  throw new EngineError('failed', 'other instances kept changing the catalog at the same time')
}

/** Only what queries made may be deleted: topics that were there before belong to somebody else. */
function sinkTopics(sources: Iterable<DataSource>): string[] {
  const topics = new Set<string>()
  for (const source of sources) if (source.createdByQuery) topics.add(source.topic)
  return [...topics]
}

function toMatcher(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`)
  } catch (cause) {
    throw new EngineError('statement', `Invalid pattern: ${pattern}`, { cause })
  }
}
