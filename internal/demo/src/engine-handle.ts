import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import type { Reply, Request } from './messages.ts'

/** The engine's process, seen from the demo. */
export class EngineHandle {
  readonly url: string
  readonly #child: ChildProcess
  readonly #ended: Promise<void>

  private constructor(child: ChildProcess, url: string, ended: Promise<void>) {
    this.#child = child
    this.url = url
    this.#ended = ended
  }

  /** Starts the process and waits until its HTTP API answers. */
  static async start(
    directory: string,
    port: number,
    kafkaAddress: string | undefined,
  ): Promise<EngineHandle> {
    const child = fork(
      fileURLToPath(new URL('./engine-process.ts', import.meta.url)),
      [directory, String(port), ...(kafkaAddress === undefined ? [] : [kafkaAddress])],
      { execArgv: ['--conditions=@varve/source'] },
    )
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const url = await new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) =>
        reject(new Error(`the engine ended at its start (${code ?? signal})`)),
      )
      child.on('message', (reply: Reply) => {
        if (reply.kind === 'ready') resolve(reply.url)
      })
    })
    return new EngineHandle(child, url, ended)
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Has a request carried out; rejects with its failure, or when the process ends before it is done. */
  request(
    request: Request,
    onProgress: (sent: number) => void = () => {},
  ): Promise<readonly number[] | undefined> {
    return new Promise((resolve, reject) => {
      const onMessage = (reply: Reply): void => {
        if (reply.kind === 'ready' || reply.request !== request.kind) return
        if (reply.kind === 'progress') onProgress(reply.sent)
        else {
          stop()
          if (reply.kind === 'failed') reject(new Error(reply.message))
          else resolve(reply.result)
        }
      }
      const onExit = (): void => {
        stop()
        reject(new EngineGoneError())
      }
      const stop = (): void => {
        this.#child.off('message', onMessage).off('exit', onExit)
      }
      this.#child.on('message', onMessage).once('exit', onExit)
      this.#child.send(request)
    })
  }

  /** SIGKILL: nothing is flushed, nothing is said. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async close(): Promise<void> {
    this.#child.send({ kind: 'close' } satisfies Request)
    await this.#ended
  }
}

/** The process ended while a request was being carried out. */
export class EngineGoneError extends Error {
  constructor() {
    super('the engine is gone')
  }
}
