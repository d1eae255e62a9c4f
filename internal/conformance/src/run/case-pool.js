import { fork } from 'node:child_process'
/** Processes that run cases side by side. */
const poolSize = 2
/** A case without a verdict after this time counts as failed, milliseconds. */
const caseTimeoutMs = 60_000
/** Runs cases in processes of their own; `onVerdict` hears of each as it comes. */
export async function runCases(directory, selection, ids, onVerdict) {
  const queue = ids.values()
  const work = async () => {
    let child
    try {
      for (const id of queue) {
        child ??= new CaseProcess(directory, selection)
        const verdict = await child.run(id)
        if (!child.alive) child = undefined
        onVerdict(id, verdict)
      }
    } finally {
      child?.close()
    }
  }
  await Promise.all(Array.from({ length: Math.min(poolSize, ids.length) }, work))
}
class CaseProcess {
  #child
  #alive = true
  constructor(directory, selection) {
    const file = new URL('./case-child.ts', import.meta.url)
    this.#child = fork(file, [directory, JSON.stringify(selection)], {
      execArgv: ['--conditions=@varve/source'],
    })
    this.#child.once('exit', () => (this.#alive = false))
  }
  get alive() {
    return this.#alive
  }
  /** Never rejects: a process that dies or stays silent is a verdict too. */
  run(id) {
    const { promise, resolve } = Promise.withResolvers()
    const start = performance.now()
    const fail = (reason) => {
      this.#alive = false
      this.#child.kill('SIGKILL')
      const durationMs = Math.round(performance.now() - start)
      resolve({ passed: false, reason, checks: 0, durationMs })
    }
    const onExit = (code) => fail(`the process ended with code ${code}`)
    const timer = setTimeout(
      () => fail(`no verdict within ${caseTimeoutMs / 1_000} seconds`),
      caseTimeoutMs,
    )
    this.#child.once('exit', onExit)
    this.#child.once('message', (verdict) => resolve(verdict))
    this.#child.send(id, (error) => {
      if (error !== null) fail(`the case could not be handed over: ${error.message}`)
    })
    return promise.finally(() => {
      clearTimeout(timer)
      this.#child.off('exit', onExit)
      this.#child.removeAllListeners('message')
    })
  }
  close() {
    if (this.#child.connected) this.#child.disconnect()
  }
}
