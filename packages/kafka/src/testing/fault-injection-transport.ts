import { TimeoutError, VarveError } from '@varve/base'
import type { ApiMessages, ApiName, SendOptions, Target, Transport } from '@varve/kafka-protocol'

/**
 * What befalls a request:
 *
 * - `refuse`: it never arrives
 * - `lose-answer`: it takes effect, its answer is lost
 * - `duplicate`: it arrives twice, the second answer is lost
 */
export type TransportFault = 'refuse' | 'lose-answer' | 'duplicate'

/** A transport that fails on command and remembers what was sent. Does not own the transport under it. */
export class FaultInjectionTransport implements Transport {
  readonly #inner: Transport
  readonly #faults = new Map<ApiName, TransportFault[]>()
  readonly #sent: ApiName[] = []
  #dead = false

  constructor(inner: Transport) {
    this.#inner = inner
  }

  get address(): string {
    return this.#inner.address ?? 'the broker'
  }

  /** Names of the requests sent so far, in order. */
  get sent(): readonly ApiName[] {
    return this.#sent
  }

  /** The next `times` requests of that name meet the fault. */
  inject(api: ApiName, fault: TransportFault, times = 1): void {
    const faults = this.#faults.get(api) ?? []
    for (let count = 0; count < times; count++) faults.push(fault)
    this.#faults.set(api, faults)
  }

  /** Forgets the faults that nothing met yet. */
  heal(): void {
    this.#faults.clear()
  }

  /** From now on nothing is answered, as when the process was killed. */
  kill(): void {
    this.#dead = true
  }

  /** Ends {@link FaultInjectionTransport.kill}, as after SIGSTOP and SIGCONT. */
  revive(): void {
    this.#dead = false
  }

  async send<A extends ApiName>(
    target: Target,
    api: A,
    request: ApiMessages[A]['request'],
    options?: SendOptions,
  ): Promise<ApiMessages[A]['response']> {
    if (this.#dead) throw new VarveError('VARVE_KAFKA', `${api}: the connection is dead`)
    this.#sent.push(api)
    const fault = this.#faults.get(api)?.shift()
    if (fault === 'refuse') throw new VarveError('VARVE_KAFKA', `${api} was refused on purpose`)
    const answer = await this.#inner.send(target, api, request, options)
    if (fault === 'duplicate') await this.#inner.send(target, api, request, options)
    if (this.#dead) throw new VarveError('VARVE_KAFKA', `${api}: the connection is dead`)
    if (fault === 'lose-answer') throw new TimeoutError(`${api}: its answer was lost on purpose`)
    return answer
  }

  /** Leaves the transport under it open. */
  close(): Promise<void> {
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
