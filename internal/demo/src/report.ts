import { isDeepStrictEqual } from 'node:util'

const started = performance.now()

/** What the demo prints and how it judges. */
export class Report {
  passed = 0
  failed = 0

  say(line: string): void {
    process.stdout.write(`${line}\n`)
  }

  /** A new part of the run, with the seconds since its beginning. */
  step(title: string): void {
    this.say(`\n[${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s] ${title}`)
  }

  /** A line that the next one writes over on a terminal. */
  progress(line: string): void {
    if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K  ${line}`)
    else this.say(`  ${line}`)
  }

  endProgress(): void {
    if (process.stdout.isTTY) process.stdout.write('\n')
  }

  check(what: string, actual: unknown, expected: unknown): void {
    if (isDeepStrictEqual(actual, expected)) {
      this.passed++
      this.say(`  ✔ ${what}`)
    } else {
      this.fail(`${what}: expected ${inspect(expected)}, got ${inspect(actual)}`)
    }
  }

  fail(what: string): void {
    this.failed++
    this.say(`  ✘ ${what}`)
  }
}

function inspect(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? String(v) : v))
}
