import * as z from 'zod'
import { shownCallId } from '../call-id.ts'
import type { ChainedEvent } from '../db/event-log.ts'
import { instant } from '../http/zod.ts'
import { ACTIONS, SUBJECTS } from './log.ts'

export const eventExample = {
  id: '7c0d7c1e-52f0-4c35-9d0e-2f0a51c4a0b1',
  sequence: 42,
  at: '2026-11-29T23:00:00.000Z',
  actor: 'caller',
  call_id: '0b9f6f0e-3f0c-4d0e-9a55-3d2f1f6f0a11',
  action: 'booking.confirmed',
  subject_kind: 'booking',
  subject_id: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21',
  details: {
    booking_id: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21',
    start_time: '2026-12-01T15:00:00.000Z',
    end_time: '2026-12-01T15:30:00.000Z',
  },
}

export const EventBody = z
  .object({
    id: z.uuid(),
    sequence: z.int().describe('Its place among all events of this user, from 1, without gaps'),
    at: instant,
    actor: z.string().describe('caller, owner, system (what is done without being asked for) or operator (who runs this installation)'),
    call_id: z.string().nullable().describe('Of the call in which a caller did it'),
    action: z.string().describe(`One of ${ACTIONS.join(', ')}; more may come`),
    subject_kind: z.string().describe(`One of ${SUBJECTS.join(', ')}; more may come`),
    subject_id: z.string(),
    details: z.record(z.string(), z.unknown()).describe('Ids, times and names of fields; never what identifies a caller'),
  })
  .meta({ id: 'LoggedEvent', examples: [eventExample] })

export function eventBody(event: ChainedEvent): z.input<typeof EventBody> {
  const { id, sequence, at, actor, vapiCallId, action, subjectKind, subjectId, details } = event
  return {
    id,
    sequence,
    at: at.toISOString(),
    actor,
    call_id: shownCallId(vapiCallId),
    action,
    subject_kind: subjectKind,
    subject_id: subjectKind === 'call' ? (shownCallId(subjectId) ?? subjectId) : subjectId,
    details,
  }
}
