import type { Kafka } from '@varve/kafka'

import type { CommandFollower } from './command-follower.ts'

/** What is well and what is not. */
export interface EngineHealth {
  /** The catalog is complete. */
  readonly metastore: boolean
  /** The broker answers. */
  readonly kafka: boolean
  /** Commands are followed. */
  readonly commandRunner: boolean
}

/** Asks the broker, and looks at the catalog. */
export async function checkHealth(
  kafka: Kafka,
  commands: CommandFollower,
  status: string,
): Promise<EngineHealth> {
  const brokerAnswers = await kafka.admin.listTopics().then(
    () => true,
    () => false,
  )
  return {
    metastore: commands.isOpen,
    kafka: brokerAnswers,
    commandRunner: status === 'running',
  }
}
