import type { Diary } from '../calendar/access.ts'
import { findAppointmentRow } from '../db/appointments.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Claimant, Found, OwnersHand } from './change.ts'
import { findAppointment } from './proof.ts'

/** The appointment that somebody wants changed. @throws AppError `not_proven` to a caller, `not_found` to the owner */
export async function findTarget(deps: Deps, diary: Diary, who: Claimant | OwnersHand, operation: string | null): Promise<Found> {
  if (who.by === 'caller') return findAppointment(deps, diary, who, operation)
  const booking = await inTenant(deps.db, diary.clerkUserId, (trx) => findAppointmentRow(trx, diary.clerkUserId, who.appointmentId))
  if (!booking) throw new AppError('not_found', 'no such appointment')
  return { kind: 'found', booking }
}
