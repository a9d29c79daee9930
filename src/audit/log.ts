import type { TenantDb } from '../db/client.ts'
import { appendEvent } from '../db/event-log.ts'

/** Everything of which the event log tells. */
export const ACTIONS = [
  'user.created',
  'user.deleted',
  'business.created',
  'business.changed',
  'business.deleted',
  'calendar.connected',
  'calendar.changed',
  'calendar.lost',
  'calendar.disconnected',
  'agent.created',
  'agent.changed',
  'agent.deleted',
  'agent.restored',
  'agent.deployed',
  'phone_number.attached',
  'phone_number.detached',
  'secret.changed',
  'vapi_key.changed',
  'vapi_key.deleted',
  'webhook.created',
  'webhook.changed',
  'webhook.deleted',
  'notices.changed',
  'call.began',
  'call.ended',
  'booking.held',
  'booking.confirmed',
  'booking.failed',
  'booking.moved',
  'booking.cancelled',
  'booking.completed',
  'booking.missed',
  'change.failed',
  'message.left',
  'message.deleted',
  'caller.exported',
  'caller.erased',
  'records.dropped',
] as const
export type Action = (typeof ACTIONS)[number]

export const SUBJECTS = [
  'user',
  'business',
  'connection',
  'agent',
  'assistant',
  'phone_number',
  'webhook',
  'call',
  'booking',
  'change',
  'message',
  'caller',
] as const
export type SubjectKind = (typeof SUBJECTS)[number]

/** A caller is known by the call alone. `system`: what is done without being asked for; `operator`: whoever runs this installation. */
export type Actor = { kind: 'caller'; callId: string | null } | { kind: 'owner' | 'system' | 'operator' }

export const owner: Actor = { kind: 'owner' }
export const system: Actor = { kind: 'system' }
export const operator: Actor = { kind: 'operator' }

export interface LoggedEvent {
  clerkUserId: string
  actor: Actor
  action: Action
  /** Of a booking its `appointmentId`, by which it is known outside; of all else its id. */
  subject: { kind: SubjectKind; id: string | number }
  /** Ids, times, names of fields, counts. Never what a person is called, said, or can be reached by: it is not to be erased. */
  details?: Record<string, string | number | boolean | null | Date | string[]>
}

/**
 * Adds to the tenant's event log what the transaction does; it stands there exactly if that commits. Any place in the transaction will do: the
 * chain is held for the commit alone.
 */
export async function logEvent(trx: TenantDb, { clerkUserId, actor, action, subject, details = {} }: LoggedEvent): Promise<void> {
  await appendEvent(trx, {
    clerkUserId,
    actor: actor.kind,
    vapiCallId: actor.kind === 'caller' ? actor.callId : null,
    action,
    subjectKind: subject.kind,
    subjectId: String(subject.id),
    details: JSON.stringify(details),
  })
}
