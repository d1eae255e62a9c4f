import { join } from 'node:path'

import { CorruptionError, UnsupportedError } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

/** One topic as it is kept on disk. */
export interface StoredTopic {
  readonly name: string
  /** UUID with dashes. */
  readonly topicId: string
  readonly partitionCount: number
  readonly configs: Readonly<Record<string, string>>
}

const FILE = 'topics.json'

/**
 * The file that says which topics there are: `{"version":1,"topics":[…]}`, replaced as a whole.
 *
 * Kafka keeps this in its metadata log (KRaft), which a single node does not need; everything a partition directory holds is Kafka's own.
 * A partition directory that the file does not name belongs to no topic.
 */
export class TopicStore {
  readonly #fileSystem: FileSystem
  readonly #path: string

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem
    this.#path = join(directory, FILE)
  }

  /** Topics on disk; `undefined` when the file does not exist. @throws CorruptionError when it cannot be read as what it is. */
  async load(): Promise<StoredTopic[] | undefined> {
    if (!(await this.#fileSystem.exists(this.#path))) return undefined
    const text = new TextDecoder().decode(await this.#fileSystem.readFile(this.#path))
    let content: unknown
    try {
      content = JSON.parse(text)
    } catch (error) {
      throw new CorruptionError('topic list is no JSON', { file: this.#path, cause: error })
    }
    if (!isTopicFile(content)) throw new CorruptionError('bad topic list', { file: this.#path })
    if (content.version !== 1) {
      throw new UnsupportedError(`version ${content.version} of "${this.#path}"`)
    }
    return [...content.topics]
  }

  async save(topics: readonly StoredTopic[]): Promise<void> {
    const text = `${JSON.stringify({ version: 1, topics }, undefined, 1)}\n`
    await this.#fileSystem.writeFileAtomic(this.#path, new TextEncoder().encode(text))
  }
}

function isTopicFile(
  content: unknown,
): content is { readonly version: number; readonly topics: readonly StoredTopic[] } {
  if (typeof content !== 'object' || content === null) return false
  if (!('version' in content) || typeof content.version !== 'number') return false
  return 'topics' in content && Array.isArray(content.topics) && content.topics.every(isStoredTopic)
}

function isStoredTopic(value: unknown): value is StoredTopic {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'topicId' in value &&
    typeof value.topicId === 'string' &&
    'partitionCount' in value &&
    Number.isInteger(value.partitionCount) &&
    'configs' in value &&
    typeof value.configs === 'object' &&
    value.configs !== null
  )
}
