import { join } from 'node:path'

import { CorruptionError } from '@varve/base'
import type { FileSystem } from '@varve/vfs'

import { SerialQueue } from '../serial-queue.ts'

const FILE = 'producer-ids'
const BLOCK_SIZE = 1000

/**
 * Hands out producer ids, each once in the life of the directory: a block is taken on disk before its first id is given, so a crash skips ids and
 * never repeats one. The file holds the first id of the next block as text.
 */
export class ProducerIds {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #blocks = new SerialQueue()
  #next = 0
  #blockEnd = 0
  #stored: number

  private constructor(fileSystem: FileSystem, path: string, stored: number) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#stored = stored
  }

  /** Opens the file in `directory`. @throws CorruptionError when it holds no number. */
  static async open(fileSystem: FileSystem, directory: string): Promise<ProducerIds> {
    const path = join(directory, FILE)
    if (!(await fileSystem.exists(path))) return new ProducerIds(fileSystem, path, 0)
    const text = new TextDecoder().decode(await fileSystem.readFile(path)).trim()
    if (!/^\d{1,16}$/.test(text)) throw new CorruptionError('bad producer id file', { file: path })
    return new ProducerIds(fileSystem, path, Number(text))
  }

  /** An id that nobody had before. */
  async allocate(): Promise<number> {
    while (this.#next === this.#blockEnd) {
      await this.#blocks.run(async () => {
        if (this.#next < this.#blockEnd) return
        const first = this.#stored
        const text = new TextEncoder().encode(`${first + BLOCK_SIZE}\n`)
        await this.#fileSystem.writeFileAtomic(this.#path, text)
        this.#stored = first + BLOCK_SIZE
        this.#next = first
        this.#blockEnd = first + BLOCK_SIZE
      })
    }
    return this.#next++
  }
}
