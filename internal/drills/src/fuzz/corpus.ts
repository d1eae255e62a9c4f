import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../corpus/', import.meta.url))
/** Longer inputs stay out of the repository. */
const savedBytesMax = 1200

/** Inputs that decoders ended differently on, kept so that every later test tries them: base64, one a line. */
export function readCorpus(decoder: string): Uint8Array[] {
  const path = `${folder}${decoder}.txt`
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => new Uint8Array(Buffer.from(line, 'base64')))
}

/** Adds inputs to the corpus, one for every new end. */
export class CorpusWriter {
  readonly #added = new Map<string, string[]>()

  add(decoder: string, outcome: string, input: Uint8Array): void {
    if (input.length > savedBytesMax) return
    const lines = this.#added.get(decoder) ?? []
    lines.push(`# ${outcome.split('\n')[0]}`, Buffer.from(input).toString('base64'))
    this.#added.set(decoder, lines)
  }

  /** Writes what is new behind what is there. */
  save(): void {
    for (const [decoder, lines] of this.#added) {
      const path = `${folder}${decoder}.txt`
      const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
      const fresh: string[] = []
      for (let i = 0; i < lines.length; i += 2)
        if (!before.includes(`${lines[i]}\n`)) fresh.push(lines[i]!, lines[i + 1]!)
      if (fresh.length > 0) writeFileSync(path, `${before}${fresh.join('\n')}\n`)
    }
  }
}
