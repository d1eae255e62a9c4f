import type { Timer } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'

import type { GroupMember } from './group-member.ts'

/** Who belongs to a group: members by id, static ones by instance id too, and the ids given out whose owners have not come back yet. */
export class MemberRoster {
  readonly #members = new Map<string, GroupMember>()
  /** Instance id → member id. */
  readonly #static = new Map<string, string>()
  /** Ids given out with MEMBER_ID_REQUIRED, with the timer that takes each back. */
  readonly #expected = new Map<string, Timer>()

  get size(): number {
    return this.#members.size
  }

  get expectedCount(): number {
    return this.#expected.size
  }

  get(memberId: string): GroupMember | undefined {
    return this.#members.get(memberId)
  }

  has(memberId: string): boolean {
    return this.#members.has(memberId)
  }

  /** In the order in which they joined. */
  values(): MapIterator<GroupMember> {
    return this.#members.values()
  }

  /** Member id of a static member. */
  idOf(groupInstanceId: string): string | undefined {
    return this.#static.get(groupInstanceId)
  }

  add(member: GroupMember): void {
    this.#members.set(member.memberId, member)
    if (member.groupInstanceId !== null) this.#static.set(member.groupInstanceId, member.memberId)
  }

  remove(member: GroupMember): void {
    this.#members.delete(member.memberId)
    if (member.groupInstanceId !== null) this.#static.delete(member.groupInstanceId)
  }

  /** Gives a static member that came back its new id: whoever still uses the old one is fenced. */
  rename(member: GroupMember, memberId: string): void {
    this.#members.delete(member.memberId)
    member.memberId = memberId
    this.add(member)
  }

  /** Waits for the owner of an id that was given out. */
  expect(memberId: string, timer: Timer): void {
    this.#expected.set(memberId, timer)
  }

  /** Ends the wait for the owner of an id; whether there was one. */
  endExpecting(memberId: string): boolean {
    this.#expected.get(memberId)?.cancel()
    return this.#expected.delete(memberId)
  }

  /** Forgets everybody; timers of members are the caller's. */
  clear(): void {
    for (const timer of this.#expected.values()) timer.cancel()
    this.#expected.clear()
    this.#members.clear()
    this.#static.clear()
  }

  /** NONE when this is a member under that id; else what to answer. */
  identityError(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const current = this.#static.get(groupInstanceId)
      if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
      if (current !== memberId) return ErrorCode.FENCED_INSTANCE_ID
    }
    return this.#members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
  }
}
