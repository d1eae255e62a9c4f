import type { EventListener } from './event-listener.ts'

type Info<Event extends keyof EventListener> = Parameters<NonNullable<EventListener[Event]>>[0]

/** Tells all listeners; what one throws is passed to `note`, because it must not stop the work. */
export function notifyListeners<Event extends keyof EventListener>(
  listeners: readonly EventListener[],
  event: Event,
  info: Info<Event>,
  note: (text: string) => void,
): void {
  for (const listener of listeners) {
    try {
      // The method of the event takes the info of the event: one by one the compiler sees that, over all of them it does not.
      const method = listener[event] as ((info: Info<Event>) => void) | undefined
      method?.call(listener, info)
    } catch (error) {
      note(`listener failed in ${event}: ${String(error)}`)
    }
  }
}
