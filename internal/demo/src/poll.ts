const EVERY_MS = 100

/** Asks again until the answer is yes. @throws Error when that takes longer than `timeoutMs` */
export async function pollUntil(
  what: string,
  ask: () => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}
