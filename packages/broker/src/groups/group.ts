import { assert, type Clock, type Random, type Timer } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'
import type {
  JoinGroupRequest,
  JoinGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import {
  metadataFor,
  sameProtocols,
  selectProtocol,
  sharesProtocol,
  type GroupMember,
} from './group-member.ts'
import type { StoredGroup } from './group-record.ts'
import { transitionGroup, type GroupEvent, type GroupState } from './group-state.ts'
import { MemberRoster } from './member-roster.ts'
import { MemberSessions } from './member-sessions.ts'

/** What a group needs from around it. */
export interface GroupEnvironment {
  readonly clock: Clock
  readonly random: Random
  readonly initialRebalanceDelayMs: number
  /** Stores the group's metadata. @throws ApiError when the log takes no appends. */
  readonly store: (group: Group) => void
  readonly onBackgroundError: (error: unknown) => void
}

/** Members of one group at most: what outside requests can fill has a bound. */
const MEMBERS_MAX = 10_000

const nobody = new Uint8Array(0)

/**
 * One consumer group: members, generations and the two-step rebalance (join, then sync), driven by requests and by the clock.
 *
 * Everything runs in one turn of the event loop per event. While the group waits for its members to join, the JoinGroup answers wait in
 * {@link GroupMember.answerJoin}; members that do not come within the rebalance time-out are dropped, except static ones, whose place is kept for their session.
 */
export class Group {
  readonly groupId: string
  readonly offsets: CommittedOffsets = new CommittedOffsets()
  readonly members: MemberRoster = new MemberRoster()
  readonly #sessions: MemberSessions
  readonly #environment: GroupEnvironment
  #state: GroupState = 'Empty'
  #generation = 0
  #protocolType = ''
  #protocol: string | null = null
  #leader: string | null = null
  #stateMs: number
  #joinTimer: Timer | undefined
  #syncTimer: Timer | undefined

  constructor(groupId: string, environment: GroupEnvironment) {
    this.groupId = groupId
    this.#environment = environment
    this.#sessions = new MemberSessions(environment.clock, (member) => {
      if (this.members.get(member.memberId) === member) this.#removeMember(member)
    })
    this.#stateMs = environment.clock.now()
  }

  get state(): GroupState {
    return this.#state
  }

  get generation(): number {
    return this.#generation
  }

  get protocolType(): string {
    return this.#protocolType
  }

  get protocol(): string | null {
    return this.#protocol
  }

  /** When the group became empty, or its generation stable. */
  get stateMs(): number {
    return this.#stateMs
  }

  /** Nobody is a member or about to become one. */
  get isVacant(): boolean {
    return this.members.size === 0 && this.members.expectedCount === 0
  }

  join(request: JoinGroupRequest): Promise<JoinGroupResponse> {
    if (this.#state === 'Dead') return this.#joinError(request, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    if (!this.#accepts(request)) {
      return this.#joinError(request, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    }
    if (this.members.size >= MEMBERS_MAX && !this.members.has(request.memberId)) {
      return this.#joinError(request, ErrorCode.GROUP_MAX_SIZE_REACHED)
    }
    if (request.memberId === '') {
      return request.groupInstanceId === null
        ? this.#requireMemberId(request)
        : this.#joinStatic(request, request.groupInstanceId)
    }
    if (this.members.endExpecting(request.memberId)) {
      return this.#addMember(request, request.memberId)
    }
    const identity = this.members.identityError(request.memberId, request.groupInstanceId)
    if (identity !== ErrorCode.NONE) return this.#joinError(request, identity)
    return this.#rejoin(request, this.members.get(request.memberId)!)
  }

  sync(request: SyncGroupRequest): Promise<SyncGroupResponse> {
    const failed = (errorCode: number): Promise<SyncGroupResponse> =>
      Promise.resolve({ errorCode, assignment: nobody })
    const identity = this.members.identityError(request.memberId, request.groupInstanceId)
    if (identity !== ErrorCode.NONE) return failed(identity)
    if (request.generationId !== this.#generation) return failed(ErrorCode.ILLEGAL_GENERATION)
    const member = this.members.get(request.memberId)!
    switch (this.#state) {
      case 'Empty':
      case 'Dead':
        return failed(ErrorCode.UNKNOWN_MEMBER_ID)
      case 'PreparingRebalance':
        return failed(ErrorCode.REBALANCE_IN_PROGRESS)
      case 'Stable':
        this.#sessions.touch(member)
        return Promise.resolve({ errorCode: ErrorCode.NONE, assignment: member.assignment })
      case 'CompletingRebalance':
        return new Promise((resolve) => {
          member.answerSync?.({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS, assignment: nobody })
          member.answerSync = resolve
          if (member.memberId === this.#leader) this.#assign(request)
        })
    }
  }

  /** Error code for a heartbeat. */
  heartbeat(memberId: string, groupInstanceId: string | null, generation: number): number {
    const identity = this.members.identityError(memberId, groupInstanceId)
    if (identity !== ErrorCode.NONE) return identity
    if (generation !== this.#generation) return ErrorCode.ILLEGAL_GENERATION
    this.#sessions.touch(this.members.get(memberId)!)
    return this.#state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
  }

  /** Takes a member out; by its instance id when the member id is empty. Answers an error code. */
  leave(memberId: string, groupInstanceId: string | null): number {
    if (this.members.endExpecting(memberId)) {
      this.#maybeCompleteJoin()
      return ErrorCode.NONE
    }
    let id = memberId
    if (id === '' && groupInstanceId !== null) id = this.members.idOf(groupInstanceId) ?? ''
    const identity = this.members.identityError(id, groupInstanceId)
    if (identity !== ErrorCode.NONE) return identity
    this.#removeMember(this.members.get(id)!)
    return ErrorCode.NONE
  }

  /**
   * Checks who commits offsets.
   *
   * @throws ApiError UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION; REBALANCE_IN_PROGRESS for a plain commit between join and sync.
   */
  checkCommit(
    generation: number,
    memberId: string,
    groupInstanceId: string | null,
    transactional: boolean,
  ): void {
    const anonymous = generation < 0 && memberId === '' && groupInstanceId === null
    if (anonymous) {
      // Without group management, or a transaction that fences by its producer epoch alone.
      if (transactional || this.#state === 'Empty') return
      throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
    }
    const identity = this.members.identityError(memberId, groupInstanceId)
    if (identity !== ErrorCode.NONE) throw new ApiError(identity)
    if (generation !== this.#generation) throw new ApiError(ErrorCode.ILLEGAL_GENERATION)
    if (this.#state === 'CompletingRebalance' && !transactional) {
      throw new ApiError(ErrorCode.REBALANCE_IN_PROGRESS)
    }
    this.#sessions.touch(this.members.get(memberId)!)
  }

  /** Content of the group's record. */
  stored(): StoredGroup {
    return {
      protocolType: this.#protocolType,
      generation: this.#generation,
      protocol: this.#protocol,
      leader: this.#leader,
      stateMs: this.#stateMs,
      members: Array.from(this.members.values(), (member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        sessionTimeoutMs: member.sessionTimeoutMs,
        subscription: metadataFor(member, this.#protocol),
        assignment: member.assignment,
      })),
    }
  }

  /** Takes the content of the group's record: the members get a whole session to show themselves. */
  restore(stored: StoredGroup): void {
    for (const member of this.members.values()) this.#sessions.stop(member)
    this.members.clear()
    this.#protocolType = stored.protocolType
    this.#generation = stored.generation
    this.#protocol = stored.protocol
    this.#leader = stored.leader
    this.#stateMs = stored.stateMs
    this.#state = stored.members.length === 0 ? 'Empty' : 'Stable'
    for (const member of stored.members) {
      this.members.add({
        ...member,
        protocols:
          stored.protocol === null
            ? []
            : [{ name: stored.protocol, metadata: member.subscription }],
        answerJoin: undefined,
        answerSync: undefined,
        sessionDeadlineMs: 0,
        sessionTimer: undefined,
      })
    }
  }

  /** Begins the members' sessions after {@link restore}. */
  startSessions(): void {
    for (const member of this.members.values()) this.#sessions.start(member)
  }

  /** Ends the group: timers are dropped and waiting members told. For removal and for the close of the broker. */
  end(errorCode: number): void {
    this.#joinTimer?.cancel()
    this.#syncTimer?.cancel()
    for (const member of this.members.values()) {
      this.#sessions.stop(member)
      member.answerJoin?.(joinRefusal(errorCode, member.memberId))
      member.answerSync?.({ errorCode, assignment: nobody })
    }
    this.members.clear()
    if (this.#state === 'Empty') this.#move('removed')
    else this.#state = 'Dead'
  }

  #move(event: GroupEvent): void {
    const next = transitionGroup(this.#state, event)
    assert(next !== undefined, `group event ${event} cannot happen in state ${this.#state}`)
    this.#state = next
    this.#stateMs = this.#environment.clock.now()
  }

  /** Whether the others could follow one of its protocols. */
  #accepts(request: JoinGroupRequest): boolean {
    if (request.protocolType === '' || request.protocols.length === 0) return false
    const others = [...this.members.values()].filter(
      ({ memberId }) => memberId !== request.memberId,
    )
    if (others.length === 0) return true
    return request.protocolType === this.#protocolType && sharesProtocol(request.protocols, others)
  }

  #newMemberId(groupInstanceId: string | null): string {
    return `${groupInstanceId ?? 'member'}-${this.#environment.random.uuid()}`
  }

  #requireMemberId(request: JoinGroupRequest): Promise<JoinGroupResponse> {
    if (this.members.expectedCount >= MEMBERS_MAX) {
      return this.#joinError(request, ErrorCode.GROUP_MAX_SIZE_REACHED)
    }
    const memberId = this.#newMemberId(null)
    const timer = this.#environment.clock.setTimer(() => {
      this.members.endExpecting(memberId)
      this.#maybeCompleteJoin()
    }, request.sessionTimeoutMs)
    this.members.expect(memberId, timer)
    return Promise.resolve(joinRefusal(ErrorCode.MEMBER_ID_REQUIRED, memberId))
  }

  /** A static member without an id: new, or back after a restart, then in the place of the old one, who is fenced. */
  #joinStatic(request: JoinGroupRequest, instanceId: string): Promise<JoinGroupResponse> {
    const oldId = this.members.idOf(instanceId)
    const memberId = this.#newMemberId(instanceId)
    if (oldId === undefined) return this.#addMember(request, memberId)
    const member = this.members.get(oldId)!
    member.answerJoin?.(joinRefusal(ErrorCode.FENCED_INSTANCE_ID, oldId))
    member.answerSync?.({ errorCode: ErrorCode.FENCED_INSTANCE_ID, assignment: nobody })
    member.answerJoin = undefined
    member.answerSync = undefined
    this.members.rename(member, memberId)
    const wasLeader = this.#leader === oldId
    if (wasLeader) this.#leader = memberId
    const unchanged = sameProtocols(member.protocols, request.protocols)
    this.#update(member, request)
    if (this.#state === 'Stable' && unchanged) {
      this.#sessions.touch(member)
      this.#environment.store(this)
      // Told as a follower even when it led: it must not assign anew, since nothing changed.
      const response = { ...this.#joinResponse(member), members: [] }
      return Promise.resolve(wasLeader ? { ...response, leader: oldId } : response)
    }
    return this.#awaitJoin(member)
  }

  #addMember(request: JoinGroupRequest, memberId: string): Promise<JoinGroupResponse> {
    const member: GroupMember = {
      memberId,
      groupInstanceId: request.groupInstanceId,
      clientId: 'varve',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: request.sessionTimeoutMs,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      protocols: request.protocols,
      assignment: nobody,
      answerJoin: undefined,
      answerSync: undefined,
      sessionDeadlineMs: 0,
      sessionTimer: undefined,
    }
    this.#protocolType = request.protocolType
    this.members.add(member)
    return this.#awaitJoin(member)
  }

  #rejoin(request: JoinGroupRequest, member: GroupMember): Promise<JoinGroupResponse> {
    const unchanged = sameProtocols(member.protocols, request.protocols)
    this.#update(member, request)
    const { memberId } = member
    if (this.#state === 'CompletingRebalance' && unchanged) {
      // The answer to its join was lost: the same again.
      return Promise.resolve(this.#joinResponse(member))
    }
    if (this.#state === 'Stable' && unchanged && memberId !== this.#leader) {
      this.#sessions.touch(member)
      return Promise.resolve(this.#joinResponse(member))
    }
    return this.#awaitJoin(member)
  }

  #update(member: GroupMember, request: JoinGroupRequest): void {
    member.protocols = request.protocols
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
  }

  #awaitJoin(member: GroupMember): Promise<JoinGroupResponse> {
    return new Promise((resolve) => {
      member.answerJoin?.(joinRefusal(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId))
      member.answerJoin = resolve
      // Who waits for an answer is alive: the rebalance time-out bounds the wait.
      this.#sessions.stop(member)
      if (this.#state === 'PreparingRebalance') this.#maybeCompleteJoin()
      else this.#rebalance()
    })
  }

  #rebalance(): void {
    this.#syncTimer?.cancel()
    const wasEmpty = this.#state === 'Empty'
    for (const member of this.members.values()) {
      if (member.answerSync === undefined) continue
      member.answerSync({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS, assignment: nobody })
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
    this.#maybeCompleteJoin()
  }

  #armJoinTimer(): void {
    let timeoutMs = 0
    for (const member of this.members.values()) {
      timeoutMs = Math.max(timeoutMs, member.rebalanceTimeoutMs)
    }
    this.#joinTimer?.cancel()
    this.#joinTimer = this.#environment.clock.setTimer(() => this.#completeJoin(), timeoutMs)
  }

  #maybeCompleteJoin(): void {
    if (this.#state !== 'PreparingRebalance' || this.members.expectedCount > 0) return
    for (const member of this.members.values()) if (member.answerJoin === undefined) return
    const { initialRebalanceDelayMs } = this.#environment
    // The initial delay waits for members nobody knows yet.
    if (this.#generation === 0 && initialRebalanceDelayMs > 0 && this.members.size > 0) return
    this.#completeJoin()
  }

  #completeJoin(): void {
    this.#joinTimer?.cancel()
    this.#joinTimer = undefined
    for (const member of [...this.members.values()]) {
      if (member.answerJoin !== undefined || member.groupInstanceId !== null) continue
      this.#forget(member)
    }
    const present = [...this.members.values()].filter((member) => member.answerJoin !== undefined)
    if (this.members.size > 0 && present.length === 0) {
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
    this.#protocol = selectProtocol([...this.members.values()]) ?? null
    this.#move('joined')
    for (const member of this.members.values()) {
      member.assignment = nobody
      const answer = member.answerJoin
      member.answerJoin = undefined
      this.#sessions.start(member)
      answer?.(this.#joinResponse(member))
    }
    this.#armSyncTimer()
  }

  /** Members that joined and do not sync within the rebalance time-out are gone. */
  #armSyncTimer(): void {
    const timeoutMs = Math.max(
      ...Array.from(this.members.values(), (member) => member.rebalanceTimeoutMs),
    )
    this.#syncTimer?.cancel()
    this.#syncTimer = this.#environment.clock.setTimer(() => {
      if (this.#state !== 'CompletingRebalance') return
      for (const member of [...this.members.values()]) {
        if (member.answerSync === undefined) this.#forget(member)
      }
      this.#rebalance()
    }, timeoutMs)
  }

  #joinResponse(member: GroupMember): JoinGroupResponse {
    const leads = member.memberId === this.#leader
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.#generation,
      protocolName: this.#protocol ?? '',
      leader: this.#leader ?? '',
      memberId: member.memberId,
      members: leads
        ? Array.from(this.members.values(), (other) => ({
            memberId: other.memberId,
            groupInstanceId: other.groupInstanceId,
            metadata: metadataFor(other, this.#protocol),
          }))
        : [],
    }
  }

  #assign(request: SyncGroupRequest): void {
    const assignments = new Map(
      request.assignments.map(({ memberId, assignment }) => [memberId, assignment]),
    )
    for (const member of this.members.values()) {
      member.assignment = assignments.get(member.memberId) ?? nobody
    }
    try {
      this.#environment.store(this)
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
    for (const member of this.members.values()) {
      const answer = member.answerSync
      if (answer === undefined) continue
      member.answerSync = undefined
      this.#sessions.start(member)
      const assignment = errorCode === ErrorCode.NONE ? member.assignment : nobody
      answer({ errorCode, assignment })
    }
  }

  #removeMember(member: GroupMember): void {
    this.#forget(member)
    if (this.#state === 'PreparingRebalance') this.#maybeCompleteJoin()
    else if (this.#state === 'Stable' || this.#state === 'CompletingRebalance') this.#rebalance()
  }

  #forget(member: GroupMember): void {
    this.#sessions.stop(member)
    member.answerJoin?.(joinRefusal(ErrorCode.UNKNOWN_MEMBER_ID, ''))
    member.answerSync?.({ errorCode: ErrorCode.UNKNOWN_MEMBER_ID, assignment: nobody })
    this.members.remove(member)
    if (this.#leader === member.memberId) this.#leader = null
  }

  #storeQuietly(): void {
    try {
      this.#environment.store(this)
    } catch (error) {
      this.#environment.onBackgroundError(error)
    }
  }

  #joinError(request: JoinGroupRequest, errorCode: number): Promise<JoinGroupResponse> {
    return Promise.resolve(joinRefusal(errorCode, request.memberId))
  }
}

/** A JoinGroup answer without a generation. */
export function joinRefusal(errorCode: number, memberId: string): JoinGroupResponse {
  return { errorCode, generationId: -1, protocolName: '', leader: '', memberId, members: [] }
}
