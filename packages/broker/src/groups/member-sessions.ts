import type { Clock } from '@varve/base'

import type { GroupMember } from './group-member.ts'

/**
 * Who has not been heard of for its session time-out is given up.
 *
 * One timer per member, armed anew when it fires and the member has spoken meanwhile: heartbeats cost no timers.
 */
export class MemberSessions {
  readonly #clock: Clock
  readonly #onExpired: (member: GroupMember) => void

  constructor(clock: Clock, onExpired: (member: GroupMember) => void) {
    this.#clock = clock
    this.#onExpired = onExpired
  }

  /** The member has spoken. */
  touch(member: GroupMember): void {
    member.sessionDeadlineMs = this.#clock.monotonicMs() + member.sessionTimeoutMs
  }

  /** Begins a whole session. */
  start(member: GroupMember): void {
    this.touch(member)
    member.sessionTimer?.cancel()
    this.#arm(member, member.sessionTimeoutMs)
  }

  /** The member is not watched until the next {@link start}. */
  stop(member: GroupMember): void {
    member.sessionTimer?.cancel()
    member.sessionTimer = undefined
  }

  #arm(member: GroupMember, delayMs: number): void {
    member.sessionTimer = this.#clock.setTimer(() => {
      // Who waits for an answer is alive.
      if (member.answerJoin !== undefined || member.answerSync !== undefined) this.touch(member)
      const leftMs = member.sessionDeadlineMs - this.#clock.monotonicMs()
      if (leftMs > 0) this.#arm(member, leftMs)
      else this.#onExpired(member)
    }, delayMs)
  }
}
