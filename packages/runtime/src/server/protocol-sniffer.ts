import type { Server as HttpServer } from 'node:http'
import type { Http2Server } from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'

/** How an HTTP/2 connection begins (RFC 9113 section 3.4); four bytes tell it from every HTTP/1.1 method. */
const preface = Buffer.from('PRI ', 'latin1')

/** A connection that says nothing for this long is dropped, milliseconds. */
const firstBytesTimeoutMs = 30_000

/**
 * A TCP server that hands each connection to the HTTP/1.1 or the HTTP/2 server by its first bytes, so both speak on one port without TLS.
 *
 * The bytes looked at are put back; both servers read what is buffered in a socket that they are given.
 */
export function createSniffingServer(http1: HttpServer, http2: Http2Server): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.setTimeout(firstBytesTimeoutMs, () => socket.destroy())
    let seen = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      const isHttp2 = startsLikePreface(seen)
      if (isHttp2 && seen.length < preface.length) return
      socket.off('data', onData)
      socket.setTimeout(0)
      hand(socket, seen, isHttp2 ? { server: http2, reads: true } : { server: http1, reads: false })
    }
    socket.on('data', onData)
  })
}

function startsLikePreface(bytes: Buffer): boolean {
  const n = Math.min(bytes.length, preface.length)
  return bytes.subarray(0, n).equals(preface.subarray(0, n))
}

/** `reads`: the server takes what is buffered by itself; resuming the socket would let it run past. */
function hand(
  socket: Socket,
  seen: Buffer,
  to: { readonly server: HttpServer | Http2Server; readonly reads: boolean },
): void {
  socket.removeAllListeners('timeout')
  socket.pause()
  socket.unshift(seen)
  to.server.emit('connection', socket)
  if (!to.reads) socket.resume()
}
