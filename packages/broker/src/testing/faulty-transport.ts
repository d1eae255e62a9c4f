import { TimeoutError, type Clock } from '@varve/base'
import type { ApiMessages, ApiName, SendOptions, Target, Transport } from '@varve/kafka-protocol'

/** What happens to a request. */
export type TransportFault =
  /** Takes effect; its answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** Never arrives; the sender hears nothing but its time-out. */
  | { readonly kind: 'lose-request' }
  /** Arrives late. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Arrives twice, as after a retry whose first try got through; the second answer is the one heard. */
  | { readonly kind: 'duplicate' }
  /** Is refused without effect. */
  | { readonly kind: 'refuse'; readonly error: Error }

/** Decides about a request; `undefined` lets it through. */
export type FaultRule = (
  api: ApiName,
  request: ApiMessages[ApiName]['request'],
) => TransportFault | undefined

/**
 * A transport that fails as networks do, around a real one. Rules are asked in the order they were added; the first that answers decides.
 *
 * @example
 * ```ts
 * const faulty = new FaultyTransport(broker, systemClock)
 * faulty.once('EndTxn', { kind: 'lose-answer' })
 * ```
 */
export class FaultyTransport implements Transport {
  readonly #inner: Transport
  readonly #clock: Clock
  readonly #rules = new Set<FaultRule>()
  readonly #sent = new Map<ApiName, number>()

  /** `inner` stays the caller's: closing the wrapper does not close it. */
  constructor(inner: Transport, clock: Clock) {
    this.#inner = inner
    this.#clock = clock
  }

  /** Adds a rule; the answer takes it away again. */
  rule(rule: FaultRule): Disposable {
    this.#rules.add(rule)
    return { [Symbol.dispose]: () => void this.#rules.delete(rule) }
  }

  /** Lets the `n`-th coming request of this kind (default the next) fail, once. */
  once(api: ApiName, fault: TransportFault, n = 1): void {
    let left = n
    const rule: FaultRule = (sent) => {
      if (sent !== api || --left > 0) return undefined
      this.#rules.delete(rule)
      return fault
    }
    this.#rules.add(rule)
  }

  /** Requests of this kind so far. */
  sentCount(api: ApiName): number {
    return this.#sent.get(api) ?? 0
  }

  async send<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options?: SendOptions,
  ): Promise<ApiMessages[A]['response']> {
    this.#sent.set(api, this.sentCount(api) + 1)
    const fault = this.#faultFor(api, request)
    switch (fault?.kind) {
      case undefined:
        return this.#inner.send(target, api, request, options)
      case 'lose-answer':
        await this.#inner.send(target, api, request, options)
        return this.#silence(api, options)
      case 'lose-request':
        return this.#silence(api, options)
      case 'delay':
        await this.#clock.sleep(fault.delayMs, options?.signal)
        return this.#inner.send(target, api, request, options)
      case 'duplicate':
        await this.#inner.send(target, api, request, options)
        return this.#inner.send(target, api, request, options)
      case 'refuse':
        throw fault.error
    }
  }

  async close(): Promise<void> {
    this.#rules.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #faultFor(api: ApiName, request: ApiMessages[ApiName]['request']): TransportFault | undefined {
    for (const rule of [...this.#rules]) {
      const fault = rule(api, request)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  /** Rejects when the sender's patience is over; at once when it named none. */
  async #silence(api: ApiName, options?: SendOptions): Promise<never> {
    if (options?.timeoutMs !== undefined) {
      await this.#clock.sleep(options.timeoutMs, options.signal)
    }
    throw new TimeoutError(`no answer to ${api}`)
  }
}
