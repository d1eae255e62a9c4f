import type { ReadOnlyKeyValueStore, ReadOnlyWindowStore } from '../state/store.ts'
import type { ApplicationMetrics, ApplicationState, CommittedChange, Position } from './options.ts'

/** Running streams application: what `StreamsApplication` implements. */
export interface StreamsApplicationApi extends AsyncDisposable {
  readonly applicationId: string
  readonly state: ApplicationState
  /** Creates and validates internal topics, joins the group, restores. Resolves when first `running`; rejects with what prevented it. */
  start(): Promise<void>
  /** Commits, leaves the group, closes stores. Idempotent; also after an error. */
  close(): Promise<void>
  /**
   * Stops taking records after a commit; membership and reads go on. Resolves when all tasks stand still. The state is `paused` as soon as all
   * of them are here too: tasks that are on their way or restoring arrive standing still.
   */
  pause(): Promise<void>
  /** Takes records again; also takes back a {@link pause} that is still under way. */
  resume(): void
  /**
   * Committed rows of a key-value store over all tasks of this process.
   *
   * @throws NotOpenError here and at each read: while tasks are on their way or restoring, since what is here is not all there is then, and
   * while no task with the store runs here
   */
  store<K, V>(name: string): ReadOnlyKeyValueStore<K, V>
  /** Committed rows of a window or session store over all tasks of this process. @throws NotOpenError as {@link store} does */
  windowStore<K, V>(name: string): ReadOnlyWindowStore<K, V>
  /**
   * Calls the listener with each change that the named node forwards (or a sink node writes), once it is committed, in order per task.
   * The listener must not throw; an aborted transaction's changes are never shown.
   */
  subscribe<K, V>(nodeName: string, listener: (change: CommittedChange<K, V>) => void): Disposable
  /** Input offsets that the committed state of this process contains. */
  position(): Position
  /** Resolves when what was in the source topics up to `position` is in all stores of this process, repartition topics included; not while tasks are on their way or restoring. */
  waitForPosition(
    position: Position,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void>
  metrics(): ApplicationMetrics
  /** Deletes group, internal topics and local state, in this order; each step idempotent. Only when not running. */
  cleanUp(): Promise<void>
}
