import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the ports that the kernel gives out by itself: what is free here stays free until the peer binds it. */
const portMin = 12_000
const portEnd = 32_000
const attemptsMax = 100

/** A port of the loopback interface that nobody listens on at the moment, and that no connection gets by chance. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(portMin, portEnd)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${portMin} and ${portEnd}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
