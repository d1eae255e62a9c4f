import { createServer } from 'node:net'

import type { Release } from './lock-file.ts'

/** Listens on `address`, which only one process can; undefined when another does. Nobody is meant to connect. */
export function acquireSocketName(address: string): Promise<Release | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    })
    // Exclusive: children of node:cluster would otherwise share the primary's listener and all succeed.
    server.listen({ path: address, exclusive: true }, () => {
      server.unref()
      resolve(
        () =>
          new Promise((done) => {
            server.close(() => done())
          }),
      )
    })
  })
}
