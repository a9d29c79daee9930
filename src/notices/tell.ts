import type { Booking } from '../db/bookings.ts'
import type { CallerMessage } from '../db/caller-messages.ts'
import type { TenantDb } from '../db/client.ts'
import type { Connection } from '../db/connections.ts'
import { tellOwner } from '../db/notices.ts'
import type { ErrorCode } from '../errors.ts'
import { detail, oneLine } from '../one-line.ts'

/** What a notice says of an appointment. */
export type Told = Pick<
  Booking,
  'clerkUserId' | 'id' | 'appointmentId' | 'subject' | 'customerName' | 'customerPhone' | 'customerEmail' | 'startsAt' | 'timeZone'
>

/** A caller's booking stands in the calendar. */
export function tellOfBooking(trx: TenantDb, booking: Told): Promise<void> {
  return tell(trx, 'booking_created', booking, `${who(booking)} booked ${what(booking)} for ${when(booking)}.${reach(booking)}`)
}

const WHY_FAILED: Partial<Record<ErrorCode, string>> = {
  slot_taken: 'because your calendar has something else there by now',
  time_past: 'because it began before your calendar answered',
  calendar_not_connected: 'because that calendar is not connected any more',
}

/** What was held until the vendor would answer has come to nothing, and its time was given free. `failure` is why. */
export function tellOfFailedBooking(trx: TenantDb, booking: Told, failure: ErrorCode): Promise<void> {
  const why = WHY_FAILED[failure] ?? 'because your calendar did not answer'
  const text = `The appointment of ${who(booking)} (${what(booking)}) on ${when(booking)} could not be entered, ${why}. Its time is not kept any more. Please get in touch.${reach(booking)}`
  return tell(trx, 'booking_failed', booking, text)
}

/** Right after it was booked or moved somebody else's event lay there too; nothing was undone. */
export function tellOfConflict(trx: TenantDb, booking: Told): Promise<void> {
  const text = `Your calendar has another event at the time of the appointment of ${who(booking)} (${what(booking)}) on ${when(booking)}. Both stand. Please move one of them.${reach(booking)}`
  // Once per time that it has.
  return tell(trx, 'booking_conflict', booking, text, `${booking.id}/${booking.startsAt.toISOString()}`)
}

/** A caller moved the appointment; `booking` has the new time. @param changeId once per change */
export function tellOfMove(trx: TenantDb, booking: Told, from: Date, changeId: string): Promise<void> {
  const text = `${who(booking)} moved ${what(booking)} from ${when({ ...booking, startsAt: from })} to ${when(booking)}.${reach(booking)}`
  return tell(trx, 'booking_moved', booking, text, changeId)
}

/** A caller cancelled the appointment. @param changeId once per change */
export function tellOfCancel(trx: TenantDb, booking: Told, changeId: string): Promise<void> {
  const text = `${who(booking)} cancelled ${what(booking)} on ${when(booking)}. The time is free again.${reach(booking)}`
  return tell(trx, 'booking_cancelled', booking, text, changeId)
}

/** A change that a caller asked for, and that could not be carried out at the vendor. @param changeId once per change */
export function tellOfFailedChange(trx: TenantDb, booking: Told, kind: 'move' | 'cancel', changeId: string): Promise<void> {
  const wish = kind === 'move' ? 'move' : 'cancel'
  const text = `${who(booking)} asked to ${wish} ${what(booking)} on ${when(booking)}, and your calendar did not accept that. The appointment stands as it was. Please get in touch.${reach(booking)}`
  return tell(trx, 'change_failed', booking, text, changeId)
}

/** A caller left a message. What she adds to it in the same call stands in the message alone. */
export function tellOfMessage(
  trx: TenantDb,
  message: Pick<CallerMessage, 'id' | 'callerName' | 'phone' | 'callNumber' | 'email' | 'words' | 'wishedTime'> & { clerkUserId: string },
): Promise<void> {
  const { clerkUserId, id, callerName, phone, callNumber, email, words, wishedTime } = message
  const contact = phone ?? callNumber ?? email
  const details = [wishedTime && `Wished time: ${wishedTime}.`, contact && `Contact: ${contact}.`].filter((one) => one)
  const said = `${callerName ?? 'A caller'} left a message: ${words}`
  const text = [/\p{P}$/u.test(said) ? said : `${said}.`, ...details].join(' ')
  return tellOwner(trx, { clerkUserId, kind: 'message_left', text, messageId: id, onceKey: `message_left/${id}` })
}

/** The vendor does not let us in any more. Once per time that it is lost: a connection that was repaired, and is lost again, is told again. */
export function tellOfLostConnection(
  trx: TenantDb,
  connection: Pick<Connection, 'clerkUserId' | 'id' | 'provider' | 'calendarEmail' | 'tokenRefreshedAt' | 'role'>,
): Promise<void> {
  const vendor = connection.provider === 'google' ? 'Google' : 'Microsoft'
  const lost = connection.role === 'destination' ? 'Callers cannot book' : 'Its busy times are not known, so callers cannot book'
  return tellOwner(trx, {
    clerkUserId: connection.clerkUserId,
    kind: 'calendar_disconnected',
    text: `Your ${vendor} calendar ${oneLine(connection.calendarEmail, 254)} no longer lets us in. ${lost} until you connect it again.`,
    connectionId: connection.id,
    onceKey: `calendar_disconnected/${connection.id}/${connection.tokenRefreshedAt.toISOString()}`,
  })
}

function tell(trx: TenantDb, kind: Parameters<typeof tellOwner>[1]['kind'], booking: Told, text: string, once?: string): Promise<void> {
  const { clerkUserId, appointmentId, id } = booking
  return tellOwner(trx, { clerkUserId, kind, text, bookingId: appointmentId, onceKey: `${kind}/${once ?? id}` })
}

function who({ customerName }: Told): string {
  return customerName === null ? 'A caller' : detail(customerName)
}

function what({ subject }: Told): string {
  return `“${detail(subject)}”`
}

/** "Tuesday, December 1, 2026 at 9:00 AM", in the zone in which it was agreed. */
function when({ startsAt, timeZone }: Pick<Told, 'startsAt' | 'timeZone'>): string {
  const day = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' }).format(
    startsAt,
  )
  const time = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', minute: '2-digit' }).format(startsAt)
  return `${day} at ${time.replaceAll(/\s/gu, ' ')}`
}

function reach({ customerPhone, customerEmail }: Pick<Told, 'customerPhone' | 'customerEmail'>): string {
  const ways = [customerPhone, customerEmail].filter((one) => one !== null).map((one) => oneLine(one, 254))
  return ways.length === 0 ? '' : ` Contact: ${ways.join(', ')}.`
}
