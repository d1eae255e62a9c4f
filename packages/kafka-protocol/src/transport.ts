import type { ApiMessages, ApiName } from './messages/index.ts'

/**
 * Which node a request goes to. The transport resolves it and forgets what it knew when told so by {@link Transport.forget}.
 *
 * - `any`: any live node (CreateTopics goes to the controller by itself)
 * - `node`: the node with that id, as Metadata and FindCoordinator name it
 */
export type Target =
  | { readonly kind: 'any' }
  | { readonly kind: 'controller' }
  | { readonly kind: 'node'; readonly nodeId: number }

/** How one request is sent. */
export interface SendOptions {
  /** Milliseconds until the send rejects with TimeoutError. The request may have taken effect all the same. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Requests of one lane are answered in order; a long-polling fetch goes on a lane of its own. Default `main`. */
  readonly lane?: 'main' | 'fetch'
}

/**
 * The seam between whoever speaks Kafka and whoever answers: sends one decoded request to one node and returns its decoded answer.
 *
 * Messages are plain data with byte arrays, so they cross a `MessagePort` as they are. Error codes inside a response are data;
 * a rejection means that no answer came (refused, timed out, closed).
 */
export interface Transport extends AsyncDisposable {
  send<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options?: SendOptions,
  ): Promise<ApiMessages[A]['response']>
  close(): Promise<void>
}
