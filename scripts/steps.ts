import { spawnSync } from 'node:child_process'

/** One command of a judged sequence. */
export interface Step {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Runs every step, also after a failure, prints what it does, and ends with `N passed, N failed`. Returns the exit code. */
export function runSteps(steps: readonly Step[]): number {
  const failed: string[] = []
  for (const step of steps) {
    console.log(`\n▶ ${step.name}: ${[step.command, ...step.args].join(' ')}`)
    const start = performance.now()
    const result = spawnSync(step.command, step.args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...step.env },
    })
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    const ok = result.status === 0
    console.log(`${ok ? '✔' : '✘'} ${step.name} (${seconds} s)`)
    if (!ok) failed.push(step.name)
  }
  if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`)
  console.log(`${steps.length - failed.length} passed, ${failed.length} failed`)
  return failed.length === 0 ? 0 : 1
}
