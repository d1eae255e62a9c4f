import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import type { Answer, Request } from './engine-child.ts'

/** What an engine is opened on. */
export interface EngineOptions {
  readonly directory: string
  readonly brokers: string
  readonly registryUrl: string
  readonly serviceId: string
}

/** An engine that can be killed. */
export class EngineProcess {
  readonly #options: EngineOptions
  #child: ChildProcess | undefined
  #next = 1
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly string[]>>()

  constructor(options: EngineOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { directory, brokers, registryUrl, serviceId } = this.#options
    const child = fork(
      fileURLToPath(new URL('engine-child.ts', import.meta.url)),
      [directory, brokers, registryUrl, serviceId],
      { execArgv: ['--conditions=@varve/source'] },
    )
    this.#child = child
    const endWithParent = (): void => void child.kill('SIGKILL')
    process.once('exit', endWithParent)
    const ready = Promise.withResolvers<void>()
    child.on('message', (answer: Answer) => {
      if (answer.kind === 'ready') ready.resolve()
      else this.#settle(answer)
    })
    child.once('exit', (code, signal) => {
      process.off('exit', endWithParent)
      const error = new Error(`the engine ended: ${code ?? signal}`)
      ready.reject(error)
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    await ready.promise
  }

  execute(sql: string): Promise<readonly string[]> {
    return this.#ask({ kind: 'execute', sql })
  }

  /** Rows of a query, columns parted by tabs. */
  query(sql: string): Promise<readonly string[]> {
    return this.#ask({ kind: 'query', sql })
  }

  /** Kills the process without warning. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  #ask(request: { kind: Request['kind']; sql: string }): Promise<readonly string[]> {
    const id = this.#next++
    const waiting = Promise.withResolvers<readonly string[]>()
    this.#waiting.set(id, waiting)
    this.#child!.send({ ...request, id })
    return waiting.promise
  }

  #settle(answer: Exclude<Answer, { readonly kind: 'ready' }>): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (answer.kind === 'rows') waiting?.resolve(answer.rows)
    else waiting?.reject(new Error(answer.message))
  }
}
