import { assert, type Clock, type Timer } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'
import type { JoinGroupResponse, SyncGroupRequest, SyncGroupResponse } from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import { joinRefusal, noAssignment, syncRefusal } from './group-answers.ts'
import { metadataFor, selectProtocol, type GroupMember } from './group-member.ts'
import type { StoredGroup } from './group-record.ts'
import { transitionGroup, type GroupEvent, type GroupState } from './group-state.ts'
import type { MemberRoster } from './member-roster.ts'
import type { MemberSessions } from './member-sessions.ts'

/** What the rebalance of a group needs from around it. */
export interface RebalanceEnvironment {
  readonly clock: Clock
  readonly initialRebalanceDelayMs: number
  /** Stores the group's metadata. @throws ApiError when the log takes no appends. */
  readonly store: () => void
  readonly onBackgroundError: (error: unknown) => void
}

/**
 * The two steps that bring a group from one generation to the next: all members join, then the leader tells who owns what.
 *
 * While it waits for them, the JoinGroup answers wait in {@link GroupMember.answerJoin} and the SyncGroup answers in
 * {@link GroupMember.answerSync}; members that do not come within the rebalance time-out are dropped, except static ones, whose place
 * is kept for their session.
 */
export class Rebalance {
  readonly #members: MemberRoster
  readonly #sessions: MemberSessions
  readonly #environment: RebalanceEnvironment
  #state: GroupState = 'Empty'
  #generation = 0
  #protocol: string | null = null
  #leader: string | null = null
  #stateMs: number
  #joinTimer: Timer | undefined
  #syncTimer: Timer | undefined

  constructor(members: MemberRoster, sessions: MemberSessions, environment: RebalanceEnvironment) {
    this.#members = members
    this.#sessions = sessions
    this.#environment = environment
    this.#stateMs = environment.clock.now()
  }

  get state(): GroupState {
    return this.#state
  }

  get generation(): number {
    return this.#generation
  }

  /** The protocol that the members of this generation follow. */
  get protocol(): string | null {
    return this.#protocol
  }

  /** Member id of who assigns. */
  get leader(): string | null {
    return this.#leader
  }

  /** When the group became empty, or its generation stable. */
  get stateMs(): number {
    return this.#stateMs
  }

  /** Takes the generation of the group's record; its members are in the roster. */
  restore(stored: StoredGroup): void {
    this.#generation = stored.generation
    this.#protocol = stored.protocol
    this.#leader = stored.leader
    this.#stateMs = stored.stateMs
    this.#state = stored.members.length === 0 ? 'Empty' : 'Stable'
  }

  /** Gives a static member that came back its new id, also as the leader; whether it leads. */
  rename(member: GroupMember, memberId: string): boolean {
    const leads = this.#leader === member.memberId
    this.#members.rename(member, memberId)
    if (leads) this.#leader = memberId
    return leads
  }

  /** Has the member wait for the next generation, which it calls for unless that is on its way. */
  awaitJoin(member: GroupMember): Promise<JoinGroupResponse> {
    return new Promise((resolve) => {
      member.answerJoin?.(joinRefusal(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId))
      member.answerJoin = resolve
      // Who waits for an answer is alive: the rebalance time-out bounds the wait.
      this.#sessions.stop(member)
      if (this.#state === 'PreparingRebalance') this.maybeCompleteJoin()
      else this.#rebalance()
    })
  }

  /** Has the member wait for what it is assigned; the leader's request brings it. */
  awaitSync(member: GroupMember, request: SyncGroupRequest): Promise<SyncGroupResponse> {
    return new Promise((resolve) => {
      member.answerSync?.(syncRefusal(ErrorCode.REBALANCE_IN_PROGRESS))
      member.answerSync = resolve
      if (member.memberId === this.#leader) this.#assign(request)
    })
  }

  /** Begins the generation if nobody is waited for any more. */
  maybeCompleteJoin(): void {
    if (this.#state !== 'PreparingRebalance' || this.#members.expectedCount > 0) return
    for (const member of this.#members.values()) if (member.answerJoin === undefined) return
    const { initialRebalanceDelayMs } = this.#environment
    // The initial delay waits for members nobody knows yet.
    if (this.#generation === 0 && initialRebalanceDelayMs > 0 && this.#members.size > 0) return
    this.#completeJoin()
  }

  /** What a member of this generation is told of it. */
  joinResponse(member: GroupMember): JoinGroupResponse {
    const leads = member.memberId === this.#leader
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.#generation,
      protocolName: this.#protocol ?? '',
      leader: this.#leader ?? '',
      memberId: member.memberId,
      members: leads
        ? Array.from(this.#members.values(), (other) => ({
            memberId: other.memberId,
            groupInstanceId: other.groupInstanceId,
            metadata: metadataFor(other, this.#protocol),
          }))
        : [],
    }
  }

  /** Takes a member out of the group, which the others must agree on anew. */
  remove(member: GroupMember): void {
    this.#forget(member)
    if (this.#state === 'PreparingRebalance') this.maybeCompleteJoin()
    else if (this.#state === 'Stable' || this.#state === 'CompletingRebalance') this.#rebalance()
  }

  /** Ends it for good: nothing is waited for any more. The members are the caller's. */
  end(): void {
    this.#joinTimer?.cancel()
    this.#syncTimer?.cancel()
    if (this.#state === 'Empty') this.#move('removed')
    else this.#state = 'Dead'
  }

  #move(event: GroupEvent): void {
    const next = transitionGroup(this.#state, event)
    assert(next !== undefined, `group event ${event} cannot happen in state ${this.#state}`)
    this.#state = next
    this.#stateMs = this.#environment.clock.now()
  }

  /** Has all members join again; who waits for an assignment is told so. */
  #rebalance(): void {
    this.#syncTimer?.cancel()
    const wasEmpty = this.#state === 'Empty'
    for (const member of this.#members.values()) {
      if (member.answerSync === undefined) continue
      member.answerSync(syncRefusal(ErrorCode.REBALANCE_IN_PROGRESS))
      member.answerSync = undefined
      this.#sessions.start(member)
    }
    this.#move('rebalance')
    const { clock, initialRebalanceDelayMs } = this.#environment
    if (wasEmpty && initialRebalanceDelayMs > 0) {
      this.#joinTimer?.cancel()
      this.#joinTimer = clock.setTimer(() => this.#completeJoin(), initialRebalanceDelayMs)
      return
    }
    this.#armJoinTimer()
    this.maybeCompleteJoin()
  }

  #armJoinTimer(): void {
    let timeoutMs = 0
    for (const member of this.#members.values()) {
      timeoutMs = Math.max(timeoutMs, member.rebalanceTimeoutMs)
    }
    this.#joinTimer?.cancel()
    this.#joinTimer = this.#environment.clock.setTimer(() => this.#completeJoin(), timeoutMs)
  }

  #completeJoin(): void {
    this.#joinTimer?.cancel()
    this.#joinTimer = undefined
    for (const member of [...this.#members.values()]) {
      if (member.answerJoin !== undefined || member.groupInstanceId !== null) continue
      this.#forget(member)
    }
    const present = [...this.#members.values()].filter((member) => member.answerJoin !== undefined)
    if (this.#members.size > 0 && present.length === 0) {
      // Only static members are left and none is here: their sessions decide.
      this.#armJoinTimer()
      return
    }
    this.#generation++
    if (present.length === 0) {
      this.#protocol = null
      this.#leader = null
      this.#move('emptied')
      this.#storeQuietly()
      return
    }
    if (!present.some((member) => member.memberId === this.#leader)) {
      this.#leader = present[0]!.memberId
    }
    this.#protocol = selectProtocol([...this.#members.values()]) ?? null
    this.#move('joined')
    for (const member of this.#members.values()) {
      member.assignment = noAssignment
      const answer = member.answerJoin
      member.answerJoin = undefined
      this.#sessions.start(member)
      answer?.(this.joinResponse(member))
    }
    this.#armSyncTimer()
  }

  /** Members that joined and do not sync within the rebalance time-out are gone. */
  #armSyncTimer(): void {
    const timeoutMs = Math.max(
      ...Array.from(this.#members.values(), (member) => member.rebalanceTimeoutMs),
    )
    this.#syncTimer?.cancel()
    this.#syncTimer = this.#environment.clock.setTimer(() => {
      if (this.#state !== 'CompletingRebalance') return
      for (const member of [...this.#members.values()]) {
        if (member.answerSync === undefined) this.#forget(member)
      }
      this.#rebalance()
    }, timeoutMs)
  }

  #assign(request: SyncGroupRequest): void {
    const assignments = new Map(
      request.assignments.map(({ memberId, assignment }) => [memberId, assignment]),
    )
    for (const member of this.#members.values()) {
      member.assignment = assignments.get(member.memberId) ?? noAssignment
    }
    try {
      this.#environment.store()
    } catch (error) {
      this.#environment.onBackgroundError(error)
      const errorCode = error instanceof ApiError ? error.errorCode : ErrorCode.UNKNOWN_SERVER_ERROR
      this.#answerSyncs(errorCode)
      this.#rebalance()
      return
    }
    this.#syncTimer?.cancel()
    this.#move('assigned')
    this.#answerSyncs(ErrorCode.NONE)
  }

  #answerSyncs(errorCode: number): void {
    for (const member of this.#members.values()) {
      const answer = member.answerSync
      if (answer === undefined) continue
      member.answerSync = undefined
      this.#sessions.start(member)
      const assignment = errorCode === ErrorCode.NONE ? member.assignment : noAssignment
      answer({ errorCode, assignment })
    }
  }

  #forget(member: GroupMember): void {
    this.#sessions.stop(member)
    member.answerJoin?.(joinRefusal(ErrorCode.UNKNOWN_MEMBER_ID, ''))
    member.answerSync?.(syncRefusal(ErrorCode.UNKNOWN_MEMBER_ID))
    this.#members.remove(member)
    if (this.#leader === member.memberId) this.#leader = null
  }

  #storeQuietly(): void {
    try {
      this.#environment.store()
    } catch (error) {
      this.#environment.onBackgroundError(error)
    }
  }
}
