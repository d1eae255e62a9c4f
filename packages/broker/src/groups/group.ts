import type { Clock, Random } from '@varve/base'
import { ErrorCode } from '@varve/kafka-protocol'
import type {
  JoinGroupRequest,
  JoinGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '@varve/kafka-protocol'

import { ApiError } from '../api-error.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { joinRefusal, noAssignment, syncRefusal } from './group-answers.ts'
import { metadataFor, sameProtocols, sharesProtocol, type GroupMember } from './group-member.ts'
import type { StoredGroup } from './group-record.ts'
import type { GroupState } from './group-state.ts'
import { MemberRoster } from './member-roster.ts'
import { MemberSessions } from './member-sessions.ts'
import { Rebalance, type RebalanceEnvironment } from './rebalance.ts'

/** What a group needs from around it. */
export interface GroupEnvironment extends Omit<RebalanceEnvironment, 'store'> {
  readonly clock: Clock
  readonly random: Random
  /** Stores the group's metadata. @throws ApiError when the log takes no appends. */
  readonly store: (group: Group) => void
}

/** Members of one group at most: what outside requests can fill has a bound. */
const MEMBERS_MAX = 10_000

/**
 * One consumer group: its members and what they ask of it, driven by requests and by the clock. Everything runs in one turn of the event
 * loop per event. How it comes to its next generation is the part of {@link Rebalance}.
 */
export class Group {
  readonly groupId: string
  readonly offsets: CommittedOffsets = new CommittedOffsets()
  readonly members: MemberRoster = new MemberRoster()
  readonly #sessions: MemberSessions
  readonly #environment: GroupEnvironment
  readonly #rebalance: Rebalance
  #protocolType = ''

  constructor(groupId: string, environment: GroupEnvironment) {
    this.groupId = groupId
    this.#environment = environment
    this.#sessions = new MemberSessions(environment.clock, (member) => {
      if (this.members.get(member.memberId) === member) this.#rebalance.remove(member)
    })
    this.#rebalance = new Rebalance(this.members, this.#sessions, {
      clock: environment.clock,
      initialRebalanceDelayMs: environment.initialRebalanceDelayMs,
      store: () => environment.store(this),
      onBackgroundError: environment.onBackgroundError,
    })
  }

  /** Where it is between two generations. */
  get state(): GroupState {
    return this.#rebalance.state
  }

  /** Counts the rebalances; 0 before the first. */
  get generation(): number {
    return this.#rebalance.generation
  }

  /** What the members do together: `consumer`, `connect`. Empty before the first of them. */
  get protocolType(): string {
    return this.#protocolType
  }

  /** The protocol that the members of this generation follow. */
  get protocol(): string | null {
    return this.#rebalance.protocol
  }

  /** When the group became empty, or its generation stable. */
  get stateMs(): number {
    return this.#rebalance.stateMs
  }

  /** Nobody is a member or about to become one. */
  get isVacant(): boolean {
    return this.members.size === 0 && this.members.expectedCount === 0
  }

  /** Answers a JoinGroup when the group has its next generation, at once when it is refused. */
  join(request: JoinGroupRequest): Promise<JoinGroupResponse> {
    if (this.state === 'Dead') return this.#joinError(request, ErrorCode.COORDINATOR_NOT_AVAILABLE)
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

  /** Answers a SyncGroup when the leader has told who owns what, at once when it is refused. */
  sync(request: SyncGroupRequest): Promise<SyncGroupResponse> {
    const failed = (errorCode: number): Promise<SyncGroupResponse> =>
      Promise.resolve(syncRefusal(errorCode))
    const identity = this.members.identityError(request.memberId, request.groupInstanceId)
    if (identity !== ErrorCode.NONE) return failed(identity)
    if (request.generationId !== this.generation) return failed(ErrorCode.ILLEGAL_GENERATION)
    const member = this.members.get(request.memberId)!
    switch (this.state) {
      case 'Empty':
      case 'Dead':
        return failed(ErrorCode.UNKNOWN_MEMBER_ID)
      case 'PreparingRebalance':
        return failed(ErrorCode.REBALANCE_IN_PROGRESS)
      case 'Stable':
        this.#sessions.touch(member)
        return Promise.resolve({ errorCode: ErrorCode.NONE, assignment: member.assignment })
      case 'CompletingRebalance':
        return this.#rebalance.awaitSync(member, request)
    }
  }

  /** Error code for a heartbeat. */
  heartbeat(memberId: string, groupInstanceId: string | null, generation: number): number {
    const identity = this.members.identityError(memberId, groupInstanceId)
    if (identity !== ErrorCode.NONE) return identity
    if (generation !== this.generation) return ErrorCode.ILLEGAL_GENERATION
    this.#sessions.touch(this.members.get(memberId)!)
    return this.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE
  }

  /** Takes a member out; by its instance id when the member id is empty. Answers an error code. */
  leave(memberId: string, groupInstanceId: string | null): number {
    if (this.members.endExpecting(memberId)) {
      this.#rebalance.maybeCompleteJoin()
      return ErrorCode.NONE
    }
    let id = memberId
    if (id === '' && groupInstanceId !== null) id = this.members.idOf(groupInstanceId) ?? ''
    const identity = this.members.identityError(id, groupInstanceId)
    if (identity !== ErrorCode.NONE) return identity
    this.#rebalance.remove(this.members.get(id)!)
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
      if (transactional || this.state === 'Empty') return
      throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
    }
    const identity = this.members.identityError(memberId, groupInstanceId)
    if (identity !== ErrorCode.NONE) throw new ApiError(identity)
    if (generation !== this.generation) throw new ApiError(ErrorCode.ILLEGAL_GENERATION)
    if (this.state === 'CompletingRebalance' && !transactional) {
      throw new ApiError(ErrorCode.REBALANCE_IN_PROGRESS)
    }
    this.#sessions.touch(this.members.get(memberId)!)
  }

  /** Content of the group's record. */
  stored(): StoredGroup {
    return {
      protocolType: this.#protocolType,
      generation: this.generation,
      protocol: this.protocol,
      leader: this.#rebalance.leader,
      stateMs: this.stateMs,
      members: Array.from(this.members.values(), (member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        sessionTimeoutMs: member.sessionTimeoutMs,
        subscription: metadataFor(member, this.protocol),
        assignment: member.assignment,
      })),
    }
  }

  /** Takes the content of the group's record: the members get a whole session to show themselves. */
  restore(stored: StoredGroup): void {
    for (const member of this.members.values()) this.#sessions.stop(member)
    this.members.clear()
    this.#protocolType = stored.protocolType
    this.#rebalance.restore(stored)
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
    for (const member of this.members.values()) {
      this.#sessions.stop(member)
      member.answerJoin?.(joinRefusal(errorCode, member.memberId))
      member.answerSync?.(syncRefusal(errorCode))
    }
    this.members.clear()
    this.#rebalance.end()
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
      this.#rebalance.maybeCompleteJoin()
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
    member.answerSync?.(syncRefusal(ErrorCode.FENCED_INSTANCE_ID))
    member.answerJoin = undefined
    member.answerSync = undefined
    const wasLeader = this.#rebalance.rename(member, memberId)
    const unchanged = sameProtocols(member.protocols, request.protocols)
    this.#update(member, request)
    if (this.state === 'Stable' && unchanged) {
      this.#sessions.touch(member)
      this.#environment.store(this)
      // Told as a follower even when it led: it must not assign anew, since nothing changed.
      const response = { ...this.#rebalance.joinResponse(member), members: [] }
      return Promise.resolve(wasLeader ? { ...response, leader: oldId } : response)
    }
    return this.#rebalance.awaitJoin(member)
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
      assignment: noAssignment,
      answerJoin: undefined,
      answerSync: undefined,
      sessionDeadlineMs: 0,
      sessionTimer: undefined,
    }
    this.#protocolType = request.protocolType
    this.members.add(member)
    return this.#rebalance.awaitJoin(member)
  }

  #rejoin(request: JoinGroupRequest, member: GroupMember): Promise<JoinGroupResponse> {
    const unchanged = sameProtocols(member.protocols, request.protocols)
    this.#update(member, request)
    const { memberId } = member
    if (this.state === 'CompletingRebalance' && unchanged) {
      // The answer to its join was lost: the same again.
      return Promise.resolve(this.#rebalance.joinResponse(member))
    }
    if (this.state === 'Stable' && unchanged && memberId !== this.#rebalance.leader) {
      this.#sessions.touch(member)
      return Promise.resolve(this.#rebalance.joinResponse(member))
    }
    return this.#rebalance.awaitJoin(member)
  }

  #update(member: GroupMember, request: JoinGroupRequest): void {
    member.protocols = request.protocols
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
  }

  #joinError(request: JoinGroupRequest, errorCode: number): Promise<JoinGroupResponse> {
    return Promise.resolve(joinRefusal(errorCode, request.memberId))
  }
}
