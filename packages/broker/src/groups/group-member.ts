import type { Timer } from '@varve/base'
import { equalBytes } from '@varve/base'
import type { JoinGroupResponse, SyncGroupResponse } from '@varve/kafka-protocol'

/** A protocol that a member can follow, with what it says of itself under it. */
export interface MemberProtocol {
  readonly name: string
  readonly metadata: Uint8Array
}

/** A member of a group. */
export interface GroupMember {
  memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly MemberProtocol[]
  assignment: Uint8Array
  /** Answers the JoinGroup that waits; `undefined` when none does. */
  answerJoin: ((response: JoinGroupResponse) => void) | undefined
  /** Answers the SyncGroup that waits. */
  answerSync: ((response: SyncGroupResponse) => void) | undefined
  /** Monotonic clock at which the member is given up, unless it speaks before. */
  sessionDeadlineMs: number
  sessionTimer: Timer | undefined
}

/** What the member says of itself under `protocol`; empty when it does not know it. */
export function metadataFor(member: GroupMember, protocol: string | null): Uint8Array {
  return member.protocols.find(({ name }) => name === protocol)?.metadata ?? new Uint8Array(0)
}

/** Whether two lists of protocols say the same in the same order. */
export function sameProtocols(a: readonly MemberProtocol[], b: readonly MemberProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every((protocol, i) => {
      const other = b[i]!
      return protocol.name === other.name && equalBytes(protocol.metadata, other.metadata)
    })
  )
}

/** Whether all `members` know one of `protocols`. */
export function sharesProtocol(
  protocols: readonly MemberProtocol[],
  members: readonly GroupMember[],
): boolean {
  return protocols.some(({ name }) =>
    members.every((member) => member.protocols.some((protocol) => protocol.name === name)),
  )
}

/** The protocol all members know that most of them prefer; `undefined` when there is none. */
export function selectProtocol(members: readonly GroupMember[]): string | undefined {
  const [first, ...others] = members
  if (first === undefined) return undefined
  const candidates = first.protocols
    .map(({ name }) => name)
    .filter((name) => others.every((other) => other.protocols.some((p) => p.name === name)))
  const votes = new Map<string, number>()
  for (const member of members) {
    const vote = member.protocols.find(({ name }) => candidates.includes(name))?.name
    if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1)
  }
  let winner: string | undefined
  for (const [name, count] of votes) {
    if (winner === undefined || count > votes.get(winner)!) winner = name
  }
  return winner
}
