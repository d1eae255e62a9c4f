import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { WebSocketServer } from 'ws'

import { silentLogger } from '../engine/engine-options.ts'
import { handleRequest } from './handle-request.ts'
import { createSniffingServer } from './protocol-sniffer.ts'
import { resolveLimits, type ServerOptions } from './server-options.ts'
import { answerWebSocket } from './web-socket-query.ts'

/** Clients of WebSockets have nothing to say after the request: what they send is bounded, bytes. */
const webSocketBytesMax = 1_024

/** A server that listens. */
export interface VarveServer extends AsyncDisposable {
  /** `http://127.0.0.1:8088`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Stops listening, ends push queries, gives running requests their grace, then cuts what is left. Idempotent. */
  close(): Promise<void>
}

/**
 * Serves an engine.
 *
 * @throws Error with code `EADDRINUSE` when the port is taken
 */
export async function startServer(options: ServerOptions): Promise<VarveServer> {
  const context = { engine: options.engine, limits: resolveLimits(options.limits) }
  const logger = options.logger ?? silentLogger
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const onRequest = (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void => {
    const handled = handleRequest(request, response, context, { logger, stopping: stopping.signal })
    running.add(handled)
    void handled.finally(() => running.delete(handled))
  }
  const http1 = createHttpServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, onRequest)
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 1_000 } }, onRequest)
  const sockets = new Set<Socket>()
  const sessions = new Set<ServerHttp2Session>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', (error) => logger.warn('an HTTP/2 session failed', { error }))
  })
  http2.on('sessionError', (error) => logger.warn('an HTTP/2 session failed', { error }))
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: webSocketBytesMax })
  http1.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    if (!/^\/ws\/query(\?|$)/.test(request.url ?? '') || stopping.signal.aborted) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const answered = answerWebSocket(webSocket, request, context, stopping.signal)
      running.add(answered)
      void answered.finally(() => running.delete(answered))
    })
  })
  http1.on('clientError', (_error, socket) => socket.destroy())
  const server = createSniffingServer(http1, http2)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 8088, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    stopping.abort()
    const grace = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, options.shutdownGraceMs ?? 5_000)
    await Promise.allSettled(running)
    for (const session of sessions) session.close()
    http1.closeIdleConnections()
    // Idle keep-alive connections belong to no server that could end them.
    for (const socket of sockets) if (socket.listenerCount('data') > 0) socket.end()
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, 250)
    await closed
    clearTimeout(cut)
    clearTimeout(grace)
  }
  const closeOnce = (): Promise<void> => (closing ??= close())
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    port,
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  }
}
