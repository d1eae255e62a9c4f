/**
 * Where a group member stands:
 *
 *     outside ─start→ joining ─joined→ syncing ─synced→ stable
 *     stable ─rebalance→ revoking ─revoked→ joining
 *     joining, syncing ─again→ joining          (27, coordinator moved: keep the member id)
 *     joining, syncing, stable, revoking ─lost→ joining   (22, 25, no heartbeat within the session: what was owned is lost)
 *     any ─fatal→ failed, any ─close→ closed
 */
export type MembershipState =
  'outside' | 'joining' | 'syncing' | 'stable' | 'revoking' | 'failed' | 'closed'

/** What moves a member from state to state. */
export type MembershipEvent =
  'start' | 'joined' | 'synced' | 'rebalance' | 'revoked' | 'again' | 'lost' | 'fatal' | 'close'

const always = { fatal: 'failed', close: 'closed' } as const

const transitions: Record<
  MembershipState,
  Readonly<Partial<Record<MembershipEvent, MembershipState>>>
> = {
  outside: { ...always, start: 'joining' },
  joining: { ...always, joined: 'syncing', again: 'joining', lost: 'joining' },
  syncing: { ...always, synced: 'stable', again: 'joining', lost: 'joining' },
  stable: { ...always, rebalance: 'revoking', lost: 'joining' },
  revoking: { ...always, revoked: 'joining', lost: 'joining' },
  failed: { ...always },
  closed: { fatal: 'closed', close: 'closed' },
}

/** State after `event`; `undefined` when the event is not allowed in `state`. */
export function nextMembershipState(
  state: MembershipState,
  event: MembershipEvent,
): MembershipState | undefined {
  return transitions[state][event]
}
