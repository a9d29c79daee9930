import type { Booking } from '../db/bookings.ts'
import type { CallerMessage } from '../db/caller-messages.ts'
import type { TenantDb } from '../db/client.ts'
import { type Connection, findConnection } from '../db/connections.ts'
import { addDeliveries } from '../db/notice-deliveries.ts'
import { type NewNotice, type NoticeKind, tellOwner } from '../db/notices.ts'
import type { Deps } from '../deps.ts'
import type { ErrorCode } from '../errors.ts'
import { detail, oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import { labelOf } from '../vendors.ts'
import { isToldByUs } from './customer.ts'
import { bookingData, connectionData, messageData } from './data.ts'
import { deliverSoon } from './later.ts'
import { writtenTime } from './written-time.ts'

/** What a notice says of an appointment. */
export type Told = Pick<
  Booking,
  | 'clerkUserId'
  | 'id'
  | 'appointmentId'
  | 'connectionId'
  | 'bookedBy'
  | 'subject'
  | 'address'
  | 'customerName'
  | 'customerPhone'
  | 'customerEmail'
  | 'startsAt'
  | 'endsAt'
  | 'timeZone'
>

/** What it takes to tell somebody: all of it happens in the transaction of what is told, or not at all. */
export type TellDeps = Pick<Deps, 'config' | 'jobs' | 'providers'>

/** A change that is told of once. */
interface ToldChange {
  id: string
  /** caller | owner */
  madeBy: string
}

/** An appointment was booked and stands in the calendar. */
export function tellOfBooking(deps: TellDeps, trx: TenantDb, booking: Told): Promise<void> {
  const text = `${actor(booking, booking.bookedBy)} booked ${what(booking)} for ${when(booking)}.${reach(booking)}`
  return tell(deps, trx, 'booking_created', booking, { text, madeBy: booking.bookedBy })
}

const WHY_FAILED: Partial<Record<ErrorCode, string>> = {
  slot_taken: 'because your calendar has something else there by now',
  slot_not_offered: 'because your calendar does not offer that time any more',
  length_not_offered: 'because your calendar takes no appointments of that length any more',
  contact_needed: 'because your calendar asks for an e-mail address or a phone number that is not known',
  time_past: 'because it began before your calendar answered',
  calendar_not_connected: 'because that calendar is not connected any more',
}

/** What was held until the vendor would answer has come to nothing, and its time was given free. `failure` is why. */
export function tellOfFailedBooking(deps: TellDeps, trx: TenantDb, booking: Told, failure: ErrorCode): Promise<void> {
  const why = WHY_FAILED[failure] ?? 'because your calendar did not answer'
  const text = `The appointment of ${who(booking)} (${what(booking)}) on ${when(booking)} could not be entered, ${why}. Its time is not kept any more. Please get in touch.${reach(booking)}`
  return tell(deps, trx, 'booking_failed', booking, { text, more: { failure } })
}

/** Right after it was booked or moved somebody else's event lay there too; nothing was undone. */
export function tellOfConflict(deps: TellDeps, trx: TenantDb, booking: Told): Promise<void> {
  const text = `Your calendar has another event at the time of the appointment of ${who(booking)} (${what(booking)}) on ${when(booking)}. Both stand. Please move one of them.${reach(booking)}`
  // Once per time that it has.
  return tell(deps, trx, 'booking_conflict', booking, { text, once: `${booking.id}/${booking.startsAt.toISOString()}` })
}

/** Its event was moved in the owner's calendar, by herself or whoever may do so there, and the appointment follows. @param once per move */
export function tellOfMovedEvent(deps: TellDeps, trx: TenantDb, booking: Told, before: Interval, once: string): Promise<void> {
  const { startsAt: from } = before
  const isThere = from.getTime() === booking.startsAt.getTime()
  const text = isThere
    ? `In your calendar the event of ${what(booking)} on ${when(booking)} ends on ${end(booking)} now, and so does the appointment.${reach(booking)}`
    : `In your calendar the event of ${what(booking)} was moved from ${when({ ...booking, startsAt: from })} to ${when(booking)}, and so is the appointment.${reach(booking)}`
  return tell(deps, trx, 'booking_moved', booking, { text, madeBy: 'owner', once, more: { previous_start_time: from.toISOString() } })
}

/** Its event was moved to where another appointment is: here it stays where it was. */
export function tellOfImpossibleMove(deps: TellDeps, trx: TenantDb, booking: Told, to: Interval): Promise<void> {
  const { startsAt } = to
  const isThere = startsAt.getTime() === booking.startsAt.getTime()
  const moved = isThere
    ? `on ${when(booking)} lasts until ${end({ ...booking, ...to })} now`
    : `was moved from ${when(booking)} to ${when({ ...booking, startsAt })}`
  const text = `In your calendar the event of ${what(booking)} (${who(booking)}) ${moved}, where another appointment is. Here it stays ${isThere ? 'as long as' : 'where'} it was. Please move one of them.${reach(booking)}`
  return tell(deps, trx, 'booking_conflict', booking, { text, once: `${booking.id}/to/${startsAt.toISOString()}` })
}

/** The appointment was moved; `booking` has the new time. */
export function tellOfMove(deps: TellDeps, trx: TenantDb, booking: Told, from: Date, { id, madeBy }: ToldChange): Promise<void> {
  const old = when({ ...booking, startsAt: from })
  const text = `${actor(booking, madeBy)} moved ${what(booking)} from ${old} to ${when(booking)}.${reach(booking)}`
  return tell(deps, trx, 'booking_moved', booking, { text, madeBy, once: id, more: { previous_start_time: from.toISOString() } })
}

export function tellOfCancel(deps: TellDeps, trx: TenantDb, booking: Told, { id, madeBy }: ToldChange): Promise<void> {
  const text = `${actor(booking, madeBy)} cancelled ${what(booking)} on ${when(booking)}. The time is free again.${reach(booking)}`
  return tell(deps, trx, 'booking_cancelled', booking, { text, madeBy, once: id })
}

/** Its event is gone from the owner's calendar, so the appointment is off. Whether guests hear of that, she has decided there. */
export function tellOfDeletedEvent(deps: TellDeps, trx: TenantDb, booking: Told): Promise<void> {
  const text = `The event of ${what(booking)} on ${when(booking)} is no longer in your calendar, so the appointment is cancelled. The time is free again.${reach(booking)}`
  return tell(deps, trx, 'booking_cancelled', booking, { text, madeBy: 'owner', once: `deleted/${booking.id}` })
}

/** A change that a caller asked for, and that could not be carried out at the vendor. @param changeId once per change */
export function tellOfFailedChange(deps: TellDeps, trx: TenantDb, booking: Told, kind: 'move' | 'cancel', changeId: string): Promise<void> {
  const text = `${who(booking)} asked to ${kind} ${what(booking)} on ${when(booking)}, and your calendar did not accept that. The appointment stands as it was. Please get in touch.${reach(booking)}`
  return tell(deps, trx, 'change_failed', booking, { text, once: changeId, more: { wanted: kind } })
}

/** A caller left a message. What she adds to it in the same call stands in the message alone. */
export function tellOfMessage(
  deps: TellDeps,
  trx: TenantDb,
  message: Pick<CallerMessage, 'id' | 'callerName' | 'phone' | 'callNumber' | 'email' | 'words' | 'wishedTime'> & { clerkUserId: string },
): Promise<void> {
  const { clerkUserId, id, callerName, phone, callNumber, email, words, wishedTime } = message
  const contact = phone ?? callNumber ?? email
  const details = [wishedTime && `Wished time: ${wishedTime}.`, contact && `Contact: ${contact}.`].filter((one) => one)
  const said = `${callerName ?? 'A caller'} left a message: ${words}`
  const text = [/\p{P}$/u.test(said) ? said : `${said}.`, ...details].join(' ')
  const notice = { clerkUserId, kind: 'message_left', text, messageId: id, onceKey: `message_left/${id}` } as const
  return write(deps, trx, { ...notice, data: messageData(message) }, false)
}

/** The vendor does not let us in any more. Once per time that it is lost: a connection that was repaired, and is lost again, is told again. */
export function tellOfLostConnection(
  deps: TellDeps,
  trx: TenantDb,
  connection: Pick<Connection, 'clerkUserId' | 'id' | 'provider' | 'calendarEmail' | 'tokenRefreshedAt' | 'role'>,
): Promise<void> {
  const { clerkUserId, id, provider, calendarEmail, tokenRefreshedAt, role } = connection
  const lost = role === 'destination' ? 'Callers cannot book' : 'Its busy times are not known, so callers cannot book'
  const text = `${labelOf(provider)} (${oneLine(calendarEmail, 254)}) no longer lets us in. ${lost} until you connect it again.`
  const onceKey = `calendar_disconnected/${id}/${tokenRefreshedAt.toISOString()}`
  const notice = { clerkUserId, kind: 'calendar_disconnected', text, connectionId: id, onceKey } as const
  return write(deps, trx, { ...notice, data: connectionData(connection) }, false)
}

interface Saying {
  text: string
  madeBy?: string
  /** Under one key it is told once; left out: once per booking. */
  once?: string
  /** What this kind has to tell besides the appointment. */
  more?: Record<string, string>
}

async function tell(deps: TellDeps, trx: TenantDb, kind: NoticeKind, booking: Told, saying: Saying): Promise<void> {
  const { clerkUserId, appointmentId, id } = booking
  const { text, once = id, more = {} } = saying
  const madeBy = saying.madeBy === 'owner' ? 'owner' : 'caller'
  const data = { ...bookingData(booking), made_by: madeBy, ...more }
  const notice: NewNotice = { clerkUserId, kind, text, data, madeBy, bookingId: appointmentId, onceKey: `${kind}/${once}` }
  await write(deps, trx, notice, await tellsCustomer(deps, trx, kind, booking))
}

/** The notice and its deliveries, which exist exactly if what they tell of does. */
async function write(deps: TellDeps, trx: TenantDb, notice: NewNotice, customer: boolean): Promise<void> {
  const id = await tellOwner(trx, notice)
  if (id === undefined) return
  const added = await addDeliveries(trx, { ...notice, id }, { mail: deps.config.mail !== undefined, customer })
  for (const delivery of added) await deliverSoon(deps, trx, { clerkUserId: notice.clerkUserId, ...delivery })
}

async function tellsCustomer(deps: TellDeps, trx: TenantDb, kind: NoticeKind, booking: Told): Promise<boolean> {
  const { clerkUserId, connectionId, customerEmail } = booking
  if (customerEmail === null) return false
  // Nobody has to look where the event is, as long as every vendor invites.
  if ([...deps.providers.values()].every(({ invitesGuests }) => invitesGuests)) return isToldByUs(kind, true)
  const connection = connectionId === null ? undefined : await findConnection(trx, clerkUserId, connectionId)
  return isToldByUs(kind, deps.providers.get(connection?.provider ?? '')?.invitesGuests ?? true)
}

function actor(booking: Told, madeBy: string): string {
  return madeBy === 'owner' ? 'You' : who(booking)
}

function who({ customerName }: Told): string {
  return customerName === null ? 'A caller' : detail(customerName)
}

function what({ subject }: Told): string {
  return `“${detail(subject)}”`
}

function when({ startsAt, timeZone }: Pick<Told, 'startsAt' | 'timeZone'>): string {
  return writtenTime(startsAt, timeZone)
}

function end({ endsAt, timeZone }: Pick<Told, 'endsAt' | 'timeZone'>): string {
  return writtenTime(endsAt, timeZone)
}

function reach({ customerPhone, customerEmail }: Pick<Told, 'customerPhone' | 'customerEmail'>): string {
  const ways = [customerPhone, customerEmail].filter((one) => one !== null).map((one) => oneLine(one, 254))
  return ways.length === 0 ? '' : ` Contact: ${ways.join(', ')}.`
}
