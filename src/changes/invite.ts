import { eventOf } from '../bookings/event.ts'
import { calendarOf, type Diary } from '../calendar/access.ts'
import { type Booking, saveCustomerEmail } from '../db/bookings.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { ChangeOutcome } from './change.ts'
import { afterOthers } from './change-repeats.ts'

/**
 * Invites the customer of an appointment that was booked without an e-mail address, now that it is known. Whoever has an address keeps it.
 * @returns the booking as it stands then
 * @throws AppError of the calendar, and then the address is not kept either, so that the same may be asked for again; `change_held` while the
 * appointment is being moved or cancelled
 */
export async function inviteAfterwards(deps: Deps, diary: Diary, booking: Booking, email: string, signal: AbortSignal): Promise<Booking> {
  // It is no change of the appointment, so none can be its repeat.
  const noTwin = { operationKey: null, wish: '' }
  const outcome = await afterOthers(deps, booking, noTwin, signal, (now) => invite(deps, diary, now, email, signal))
  if (outcome.kind !== 'already') throw new AppError('change_held', 'the appointment is being changed')
  return outcome.booking
}

async function invite(deps: Deps, diary: Diary, booking: Booking, email: string, signal: AbortSignal): Promise<ChangeOutcome> {
  const connection = calendarOf(diary, booking)
  const { clerkUserId, id, providerEventId } = booking
  if (!connection || providerEventId === null) throw new AppError('calendar_not_connected', 'its event cannot be reached')
  const save = (from: string | null, to: string | null) =>
    inTenant(deps.db, clerkUserId, (trx) => saveCustomerEmail(trx, clerkUserId, id, from, to))
  // First here, so that whoever writes the event meanwhile invites her too.
  const invited = await save(null, email)
  if (!invited) return { kind: 'already', booking }
  try {
    await useCalendar(deps, connection, signal, (calendar) => calendar.update(providerEventId, eventOf(invited)))
  } catch (error) {
    await save(email, null)
    throw error
  }
  return { kind: 'already', booking: invited }
}
