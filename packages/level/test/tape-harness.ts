import { deepStrictEqual, fail, notStrictEqual, ok, strictEqual, throws } from 'node:assert/strict'

/** The part of tape's test object that abstract-level's suite uses. */
interface TapeTest {
  plan(count: number): void
  end(error?: unknown): void
  is(actual: unknown, expected: unknown, message?: string): void
  isNot(actual: unknown, expected: unknown, message?: string): void
  same(actual: unknown, expected: unknown, message?: string): void
  ok(value: unknown, message?: string): void
  pass(message?: string): void
  fail(message?: string): void
  throws(action: () => unknown, expected?: RegExp | ((error: unknown) => boolean)): void
  doesNotThrow(action: () => unknown): void
  test(name: string, body: TapeBody): void
}

/** A test of the suite: ends by its promise, by `end`, or when the planned number of assertions is there. */
export type TapeBody = (t: TapeTest) => unknown

/** Runs `body` as tape does. Rejects with the first failed assertion, and when their number is not the planned one. */
export async function runTapeTest(body: TapeBody): Promise<void> {
  const { promise: ended, resolve: end, reject } = Promise.withResolvers<void>()
  ended.catch(() => undefined) // awaited below, maybe after it has failed
  let planned: number | undefined
  let count = 0
  const inner: (() => Promise<void>)[] = []
  const counted = (check: () => void): void => {
    count++
    try {
      check()
    } catch (error) {
      reject(error)
    }
    if (count === planned) end()
  }
  const t: TapeTest = {
    plan: (n) => (planned = n),
    end: (error) => (error === undefined || error === null ? end() : reject(error)),
    is: (actual, expected, message) => counted(() => strictEqual(actual, expected, message)),
    isNot: (actual, expected, message) => counted(() => notStrictEqual(actual, expected, message)),
    same: (actual, expected, message) => counted(() => deepStrictEqual(actual, expected, message)),
    ok: (value, message) => counted(() => ok(value, message)),
    pass: () => counted(() => undefined),
    fail: (message) => counted(() => fail(message)),
    throws: (action, expected) =>
      counted(() => (expected === undefined ? throws(action) : throws(action, expected))),
    doesNotThrow: (action) => counted(() => void action()),
    test: (name, body) =>
      inner.push(() =>
        runTapeTest(body).catch((cause: unknown) => {
          throw new Error(`in "${name}"`, { cause })
        }),
      ),
  }
  const returned = body(t)
  if (returned instanceof Promise) await Promise.race([returned.then(() => end()), ended])
  // A test of tests is over with the last of them; each counts as an assertion of the plan.
  for (const test of inner) {
    await test()
    counted(() => undefined)
  }
  await ended
  if (returned instanceof Promise) await returned
  if (planned !== undefined) strictEqual(count, planned, 'planned number of assertions')
}
