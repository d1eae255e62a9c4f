import type { ApiMessages, ApiName } from './messages/index.ts'

/**
 * Which node a request goes to. The transport knows how to reach nodes; leaders and coordinators are its caller's to find.
 *
 * - `any`: any live node
 * - `controller`: the node that takes changes of topics
 * - `node`: the node with that id, as Metadata and FindCoordinator name it
 */
export type Target =
  | { readonly kind: 'any' }
  | { readonly kind: 'controller' }
  | { readonly kind: 'node'; readonly nodeId: number }

/**
 * Requests of one lane to one node are answered in order, so what waits on purpose has a lane of its own: `fetch` for long polls,
 * `group` for JoinGroup and SyncGroup, which wait for the other members.
 */
export type Lane = 'main' | 'fetch' | 'group'

/** How one request is sent. */
export interface SendOptions {
  /** Milliseconds until the send rejects with TimeoutError. The request may have taken effect all the same. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Default `main`. */
  readonly lane?: Lane
}

/**
 * The seam between whoever speaks Kafka and whoever answers: sends one decoded request to one node and returns its decoded answer.
 *
 * Messages are plain data with byte arrays, so they cross a `MessagePort` as they are. Error codes inside a response are data;
 * a rejection means that no answer came (refused, timed out, closed).
 */
export interface Transport extends AsyncDisposable {
  /** Where it leads, for error messages: `127.0.0.1:9092, …`, `embedded broker in "/data"`. */
  readonly address?: string
  send<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options?: SendOptions,
  ): Promise<ApiMessages[A]['response']>
  close(): Promise<void>
}
