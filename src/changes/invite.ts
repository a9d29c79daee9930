import { eventOf } from '../bookings/event.ts'
import { tellVendorLater } from '../bookings/later.ts'
import { calendarOf, type Diary } from '../calendar/access.ts'
import { lockBooking, markTold } from '../db/appointments.ts'
import { type Booking, saveCustomerEmail } from '../db/bookings.ts'
import { findOpenChange } from '../db/changes.ts'
import { inTenant } from '../db/client.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { useCalendar } from '../oauth/use-calendar.ts'
import type { ChangeOutcome } from './change.ts'
import { afterOthers } from './change-repeats.ts'

/**
 * Invites the customer of an appointment that was booked without an e-mail address, now that it is known. Whoever has an address keeps it.
 * @returns the booking as it stands then
 * @throws AppError of the calendar, and then the address is not kept either, so that the same may be asked for again; `change_under_way` while
 * the appointment is being moved or cancelled
 */
export async function inviteAfterwards(deps: Deps, diary: Diary, booking: Booking, email: string, signal: AbortSignal): Promise<Booking> {
  // It is no change of the appointment, so none can be its repeat.
  const noTwin = { operationKey: null, wish: '' }
  const outcome = await afterOthers(deps, booking, noTwin, signal, (now) => invite(deps, diary, now, email, signal))
  if (outcome.kind !== 'already') throw new AppError('change_under_way', 'the appointment is being changed')
  return outcome.booking
}

async function invite(deps: Deps, diary: Diary, booking: Booking, email: string, signal: AbortSignal): Promise<ChangeOutcome | 'again'> {
  const connection = calendarOf(diary, booking)
  const { clerkUserId, id, appointmentId, providerEventId } = booking
  if (!connection || providerEventId === null) throw new AppError('calendar_not_connected', 'its event cannot be reached')
  // First here, so that whoever writes the event meanwhile invites her too; and to be told, should this process die before it has done so.
  const invited = await inTenant(deps.db, clerkUserId, async (trx) => {
    const now = await lockBooking(trx, clerkUserId, id)
    if (now?.status !== 'confirmed') throw new AppError('not_changeable', `it is ${now?.status}`)
    if (await findOpenChange(trx, clerkUserId, appointmentId)) return 'again'
    const saved = await saveCustomerEmail(trx, clerkUserId, id, null, email)
    if (saved) await tellVendorLater(deps, trx, { clerkUserId, id })
    return saved
  })
  if (invited === 'again') return invited
  if (!invited) return { kind: 'already', booking }
  try {
    await useCalendar(deps, connection, signal, (calendar) => calendar.update(providerEventId, eventOf(invited)))
  } catch (error) {
    // Whether she was invited may not be known: the event is made what the booking is.
    await inTenant(deps.db, clerkUserId, (trx) => saveCustomerEmail(trx, clerkUserId, id, email, null))
    throw error
  }
  await inTenant(deps.db, clerkUserId, (trx) => markTold(trx, invited)).catch((error: unknown) => {
    deps.log.warn({ err: error, bookingId: id }, 'she is invited, which could not be noted here; it is repeated')
  })
  return { kind: 'already', booking: invited }
}
