import { join } from 'node:path'

import { isNotFound, type FileSystem } from '@varve/vfs'

/** Where a repair puts what the database does not need any more: nothing is deleted. */
export class LostDirectory {
  readonly #fs: FileSystem
  readonly #path: string

  /** `lost` below the database's directory. */
  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs
    this.#path = join(directory, 'lost')
  }

  /** Moves a file there, under a name that is free; nothing when it is gone already. */
  async take(from: string, name: string): Promise<void> {
    const target = await this.#freeName(name)
    try {
      await this.#fs.rename(join(from, name), target)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  /** {@link take} that leaves the file where it is, too. */
  async copy(from: string, name: string): Promise<void> {
    const target = await this.#freeName(name)
    await this.#fs.writeFileAtomic(target, await this.#fs.readFile(join(from, name)))
  }

  async #freeName(name: string): Promise<string> {
    await this.#fs.mkdir(this.#path)
    let target = join(this.#path, name)
    for (let n = 1; await this.#fs.exists(target); n++) target = join(this.#path, `${name}.${n}`)
    return target
  }
}
