import { execFile } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../..', import.meta.url))
const target = fileURLToPath(new URL('../../target/streams-bench', import.meta.url))

/** The Java program that runs the same topologies with Kafka Streams; its source lies beside the repository or where `VARVE_SHARED` says. */
export class KafkaStreamsBench {
  readonly #source: string

  private constructor(source: string) {
    this.#source = source
  }

  /** `undefined` when its source is not there. */
  static find(): KafkaStreamsBench | undefined {
    const shared = process.env['VARVE_SHARED'] ?? resolve(root, '../shared')
    const source = resolve(shared, 'kafka-stack/streams-bench')
    return existsSync(`${source}/pom.xml`) ? new KafkaStreamsBench(source) : undefined
  }

  /** Compiles it with Maven, once. */
  async build(): Promise<void> {
    if (existsSync(`${target}/target/classes/bench/StreamsBench.class`)) return
    cpSync(this.#source, target, { recursive: true })
    await run('mvn', ['-q', '-B', '-f', `${target}/pom.xml`, 'package'], { timeout: 600_000 })
  }

  /** Runs a command of it and returns the JSON it prints. */
  async run(
    command: 'load' | 'run',
    settings: Readonly<Record<string, string | number>>,
  ): Promise<unknown> {
    const { stdout } = await run(
      'java',
      [
        '-Xmx1g',
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
        '-cp',
        `${target}/target/classes:${target}/target/lib/*`,
        'bench.StreamsBench',
        command,
        ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
      ],
      { timeout: 900_000, maxBuffer: 64 * 2 ** 20 },
    )
    return JSON.parse(stdout.trim().split('\n').at(-1)!)
  }
}
