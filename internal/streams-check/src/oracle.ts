import { spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import type { Case, CaseResult } from './case.ts'

const buildFolder = fileURLToPath(new URL('../target', import.meta.url))

/** Where two results of a case differ first. */
export interface Difference {
  readonly what: string
  readonly expected: unknown
  readonly actual: unknown
}

interface Comparison {
  firstDifference(expected: CaseResult, actual: CaseResult): Difference | undefined
}

/** The program that makes cases and runs them through the real Kafka Streams. */
export class Oracle {
  readonly #folder: string
  readonly #compare: Comparison

  private constructor(folder: string, compare: Comparison) {
    this.#folder = folder
    this.#compare = compare
  }

  /** @param folder Of the program, with its own comparison beside it. */
  static async open(folder: string): Promise<Oracle> {
    // Its programs do nothing when they are called by another path than their own.
    const own = realpathSync(folder)
    const compare = (await import(pathToFileURL(join(own, 'compare.mjs')).href)) as Comparison
    return new Oracle(own, compare)
  }

  /** Cases of a seed; case i is the same whatever their number. */
  async generate(seed: string, count: number, store?: 'memory'): Promise<Case[]> {
    const args = ['--seed', seed, '--count', String(count)]
    const options = store === undefined ? args : [...args, '--store', store]
    const program = join(this.#folder, 'generate.mjs')
    const cases = parseLines<Case>(await run(process.execPath, [program, ...options], ''))
    if (cases.length !== count) throw new Error(`${cases.length} cases made of ${count} asked for`)
    return cases
  }

  /** What Kafka Streams makes of the cases. */
  async run(cases: readonly Case[]): Promise<CaseResult[]> {
    const input = cases.map((test) => `${JSON.stringify(test)}\n`).join('')
    const results = parseLines<CaseResult>(await run(join(this.#folder, 'run.sh'), [], input))
    if (results.length !== cases.length)
      throw new Error(`${results.length} results of ${cases.length} cases`)
    return results
  }

  difference(expected: CaseResult, actual: CaseResult): Difference | undefined {
    return this.#compare.firstDifference(expected, actual)
  }

  /** Two results as files for the oracle's own program, whose text is returned: it shows where they differ. */
  async explain(test: Case, expected: CaseResult, actual: CaseResult): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'varve-streams-check-'))
    try {
      const write = (name: string, value: unknown): string => {
        const path = join(folder, name)
        writeFileSync(path, `${JSON.stringify(value)}\n`)
        return path
      }
      const files = [write('expected', expected), write('actual', actual)]
      const program = join(this.#folder, 'compare.mjs')
      return await run(process.execPath, [program, '--cases', write('case', test), ...files], '', 1)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

function parseLines<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]))
}

/** Runs a program to its end; answers what it wrote. */
function run(
  command: string,
  args: readonly string[],
  input: string,
  codeMax = 0,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, STREAMS_ORACLE_BUILD: buildFolder },
    })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code !== null && code <= codeMax) resolve(Buffer.concat(output).toString())
      else reject(new Error(`${command} ended with ${code}: ${Buffer.concat(errors).toString()}`))
    })
    child.stdin.on('error', reject)
    child.stdin.end(input)
  })
}
