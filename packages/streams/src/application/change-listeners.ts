import { InvalidOptionError } from '@varve/base'

import type { Topology } from '../topology/topology.ts'
import type { CommittedChange } from './options.ts'

type ChangeListener = (change: CommittedChange) => void

/** Who is told of the committed changes of which nodes. */
export class ChangeListeners {
  /** Names of the nodes that somebody listens to. */
  readonly watched: Set<string> = new Set()
  readonly #topology: Topology
  readonly #onWatched: (nodeName: string, watched: boolean) => void
  readonly #listeners = new Map<string, Set<ChangeListener>>()

  /** @param onWatched called when a node gets a listener, and when it has lost its last */
  constructor(topology: Topology, onWatched: (nodeName: string, watched: boolean) => void) {
    this.#topology = topology
    this.#onWatched = onWatched
  }

  /** Adds a listener until the result is disposed of. @throws InvalidOptionError when there is no such node */
  add<K, V>(nodeName: string, listener: (change: CommittedChange<K, V>) => void): Disposable {
    if (!this.#topology.nodes.some((node) => node.name === nodeName)) {
      throw new InvalidOptionError('nodeName', `there is no node "${nodeName}"`)
    }
    let listeners = this.#listeners.get(nodeName)
    if (listeners === undefined) this.#listeners.set(nodeName, (listeners = new Set()))
    const added = listener as ChangeListener
    listeners.add(added)
    this.#watch(nodeName, true)
    return {
      [Symbol.dispose]: () => {
        listeners.delete(added)
        if (listeners.size === 0) this.#watch(nodeName, false)
      },
    }
  }

  /** Tells of changes that are committed. */
  show(changes: readonly (CommittedChange & { readonly node: string })[]): void {
    for (const { node, ...change } of changes) {
      for (const listener of this.#listeners.get(node) ?? []) listener(change)
    }
  }

  #watch(nodeName: string, watched: boolean): void {
    if (watched) this.watched.add(nodeName)
    else this.watched.delete(nodeName)
    this.#onWatched(nodeName, watched)
  }
}
