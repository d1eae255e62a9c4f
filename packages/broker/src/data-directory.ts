import { dirname, join } from 'node:path'

import { CorruptionError, type Random } from '@varve/base'
import type { FileLock, FileSystem } from '@varve/vfs'

import {
  base64Uuid,
  CLEANER_FILE,
  formatOffsetCheckpoint,
  LOG_START_FILE,
  parseOffsetCheckpoint,
  RECOVERY_POINT_FILE,
} from './log/checkpoint-file.ts'
import { partitionDirectoryName } from './log/log-files.ts'
import type { PartitionLog } from './log/partition-log.ts'
import type { LogCheckpoints } from './topics/topic-registry.ts'

const META_FILE = 'meta.properties'
const LOCK_FILE = '.lock'
const CLEAN_FILE = '.kafka_cleanshutdown'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The top of a broker's directory: its lock, its identity, its checkpoints, and the mark of a close in good order. */
export class DataDirectory {
  readonly path: string
  readonly clusterId: string
  readonly #fileSystem: FileSystem
  readonly #lock: FileLock

  private constructor(path: string, clusterId: string, fileSystem: FileSystem, lock: FileLock) {
    this.path = path
    this.clusterId = clusterId
    this.#fileSystem = fileSystem
    this.#lock = lock
  }

  /** Makes the directory when missing and locks it. @throws LockedError while another broker has it open. */
  static async open(
    path: string,
    fileSystem: FileSystem,
    random: Random,
    nodeId: number,
  ): Promise<DataDirectory> {
    if (!(await fileSystem.exists(path))) {
      await fileSystem.mkdir(path)
      await fileSystem.syncDirectory(dirname(path))
    }
    const lock = await fileSystem.lock(join(path, LOCK_FILE))
    try {
      const clusterId = await clusterIdOf(join(path, META_FILE), fileSystem, random, nodeId)
      return new DataDirectory(path, clusterId, fileSystem, lock)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** What the last broker left about its logs. A damaged checkpoint only costs time: everything is recovered. */
  async loadCheckpoints(): Promise<LogCheckpoints> {
    return {
      cleanShutdown: await this.#fileSystem.exists(join(this.path, CLEAN_FILE)),
      recoveryPoints: await this.#loadOffsets(RECOVERY_POINT_FILE),
      logStarts: await this.#loadOffsets(LOG_START_FILE),
      cleanOffsets: await this.#loadOffsets(CLEANER_FILE),
    }
  }

  /** From now on a death is a crash. */
  async markOpen(): Promise<void> {
    const path = join(this.path, CLEAN_FILE)
    if (!(await this.#fileSystem.exists(path))) return
    await this.#fileSystem.remove(path)
    await this.#fileSystem.syncDirectory(this.path)
  }

  /** Everything is on disk and closed. */
  async markClean(): Promise<void> {
    const text = encoder.encode('{"version":0,"brokerEpoch":-1}')
    await this.#fileSystem.writeFileAtomic(join(this.path, CLEAN_FILE), text)
  }

  saveRecoveryPoints(logs: Iterable<PartitionLog>): Promise<void> {
    return this.#saveOffsets(RECOVERY_POINT_FILE, logs, (log) => log.recoveryPoint)
  }

  saveLogStarts(logs: Iterable<PartitionLog>): Promise<void> {
    return this.#saveOffsets(LOG_START_FILE, logs, (log) =>
      log.logStartOffset > log.segments[0]!.baseOffset ? log.logStartOffset : undefined,
    )
  }

  saveCleanOffsets(logs: Iterable<PartitionLog>): Promise<void> {
    return this.#saveOffsets(CLEANER_FILE, logs, (log) =>
      log.cleanOffset > 0 ? log.cleanOffset : undefined,
    )
  }

  /** Writes all checkpoints anew, so that none is left of a partition that is gone: a later one of the same name must not inherit it. */
  async saveCheckpoints(logs: readonly PartitionLog[]): Promise<void> {
    await this.saveLogStarts(logs)
    await this.saveRecoveryPoints(logs)
    await this.saveCleanOffsets(logs)
  }

  async unlock(): Promise<void> {
    await this.#lock.release()
  }

  async #saveOffsets(
    name: string,
    logs: Iterable<PartitionLog>,
    offsetOf: (log: PartitionLog) => number | undefined,
  ): Promise<void> {
    const entries = []
    for (const log of logs) {
      const offset = offsetOf(log)
      if (offset !== undefined) {
        entries.push({ topic: log.topic, partition: log.partition, offset })
      }
    }
    const text = encoder.encode(formatOffsetCheckpoint(entries))
    await this.#fileSystem.writeFileAtomic(join(this.path, name), text)
  }

  async #loadOffsets(name: string): Promise<Map<string, number>> {
    const path = join(this.path, name)
    const offsets = new Map<string, number>()
    if (!(await this.#fileSystem.exists(path))) return offsets
    try {
      const text = decoder.decode(await this.#fileSystem.readFile(path))
      for (const { topic, partition, offset } of parseOffsetCheckpoint(text, path)) {
        offsets.set(partitionDirectoryName(topic, partition), offset)
      }
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error
    }
    return offsets
  }
}

/** The cluster id in `meta.properties`, written with a new one when the file is missing. */
async function clusterIdOf(
  path: string,
  fileSystem: FileSystem,
  random: Random,
  nodeId: number,
): Promise<string> {
  if (await fileSystem.exists(path)) {
    const text = decoder.decode(await fileSystem.readFile(path))
    const found = /^cluster\.id=(\S+)$/m.exec(text)?.[1]
    if (found === undefined) throw new CorruptionError('no cluster.id', { file: path })
    return found
  }
  const clusterId = base64Uuid(random.uuid())
  const directoryId = base64Uuid(random.uuid())
  const lines = [
    'version=1',
    `node.id=${nodeId}`,
    `cluster.id=${clusterId}`,
    `directory.id=${directoryId}`,
  ]
  await fileSystem.writeFileAtomic(path, encoder.encode(`${lines.join('\n')}\n`))
  return clusterId
}
