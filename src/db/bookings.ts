import { sql } from 'kysely'
import * as z from 'zod'
import type { Interval } from '../providers/provider.ts'
import type { Db, TenantDb } from './client.ts'
import { inMs } from './in-ms.ts'

/** Somebody who is invited. */
export interface Guest {
  name: string
  email: string
}

/** A booking as it stands. Times are instants; `timeZone` is the one in which it was agreed. */
export interface Booking {
  clerkUserId: string
  id: string
  /** Stays the same when an appointment is moved; an appointment is not in its own way. */
  appointmentId: string
  connectionId: string | null
  /** The vendor's id of the event, and where the owner sees it, once it is confirmed. */
  providerEventId: string | null
  providerEventLink: string | null
  /** The calendar of that account in which the vendor is asked for it, whichever is chosen later. */
  calendarId: string | null
  /** caller | owner */
  bookedBy: string
  /** The request that made it, and what was meant by it: what is asked for again under either is this booking. */
  operationKey: string | null
  /** Digest of what that request asked for; `null` where none has a key, and in rows of before there were digests. */
  wish: string | null
  callKey: string | null
  /** held | confirmed | cancelled | completed | no_show | failed */
  status: string
  /** One of our error codes, when failed. */
  failure: string | null
  subject: string
  address: string | null
  notes: string | null
  customerName: string | null
  customerEmail: string | null
  customerPhone: string | null
  /** In which call it was booked, and from which number that came, in E.164. */
  vapiCallId: string | null
  callerNumber: string | null
  /** Invited besides the customer. */
  guests: Guest[]
  startsAt: Date
  endsAt: Date
  timeZone: string
  /** When the vendor was first asked for the event; `null`: it knows nothing of it. */
  askedAt: Date | null
  cancelledAt: Date | null
  /** What is still to be made true at the vendor: update | cancel. */
  toTell: string | null
  /** Counts who has worked on it: whoever comes later has a higher one, and writes nothing by what an earlier one has read. */
  leaseNumber: number
  createdAt: Date
  /** By the database's clock, when the row was read. */
  ageSeconds: number
}

type Made =
  | 'providerEventId'
  | 'providerEventLink'
  | 'status'
  | 'failure'
  | 'askedAt'
  | 'cancelledAt'
  | 'toTell'
  | 'leaseNumber'
  | 'createdAt'
  | 'ageSeconds'

export type NewBooking = Omit<Booking, Made | 'callerNumber'> & {
  callerNumber?: string | null
  /** What it occupies: its time with the buffers. */
  during: Interval
  /** The booking of this appointment whose new time this row only guards; no event is made for it. */
  moves?: string
  leaseMs: number
}

const COLUMNS = [
  'clerkUserId',
  'id',
  'appointmentId',
  'connectionId',
  'providerEventId',
  'providerEventLink',
  'bookedBy',
  'calendarId',
  'operationKey',
  'wish',
  'callKey',
  'status',
  'failure',
  'subject',
  'address',
  'notes',
  'customerName',
  'customerEmail',
  'customerPhone',
  'vapiCallId',
  'callerNumber',
  'guests',
  'startsAt',
  'endsAt',
  'timeZone',
  'askedAt',
  'cancelledAt',
  'toTell',
  'leaseNumber',
  'createdAt',
] as const

const ageSeconds = sql<number>`extract(epoch from now() - created_at)::double precision`.as('ageSeconds')

/** Statuses that take time, as the exclusion constraint has them. */
export const OCCUPYING = ['held', 'confirmed', 'completed', 'no_show']

const Guests = z.array(z.object({ name: z.string(), email: z.string() }))

export function bookingOf<Row extends { guests: unknown }>(row: Row): Omit<Row, 'guests'> & { guests: Guest[] } {
  return { ...row, guests: Guests.parse(row.guests) }
}

/** Takes the time for this booking. `undefined`: the same operation has been here, or another appointment overlaps. */
export async function holdBooking(trx: TenantDb, { leaseMs, during, ...row }: NewBooking): Promise<Booking | undefined> {
  const held = await trx
    .insertInto('bookings')
    .values({
      ...row,
      guests: JSON.stringify(row.guests),
      status: 'held',
      during: sql<string>`tstzrange(${during.startsAt}, ${during.endsAt})`,
      leasedUntil: inMs(leaseMs),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning([...COLUMNS, ageSeconds])
    .executeTakeFirst()
  return held && bookingOf(held)
}

/**
 * How many appointments this call has booked, and how many this number has still to come. Until the transaction ends, no other one of the
 * same call or number counts, so that what is counted stays true until the next row is in.
 */
export async function countBookings(trx: TenantDb, clerkUserId: string, of: { call: string | null; number: string | null }, now: Date) {
  for (const key of [of.call, of.number]) {
    if (key !== null) await sql`select pg_advisory_xact_lock(hashtextextended(${`bookings ${clerkUserId} ${key}`}, 0))`.execute(trx)
  }
  const { rows } = await sql<{ ofCall: number; ofNumber: number }>`
    select count(*) filter (where vapi_call_id = ${of.call})::int as of_call,
      count(*) filter (where ${of.number} in (customer_phone, caller_number) and starts_at > ${now})::int as of_number
    from bookings
    where clerk_user_id = ${clerkUserId} and status in (${sql.join(OCCUPYING)}) and moves is null
      and (vapi_call_id = ${of.call} or ${of.number} in (customer_phone, caller_number))`.execute(trx)
  return rows[0] ?? { ofCall: 0, ofNumber: 0 }
}

export async function findBooking(trx: TenantDb, clerkUserId: string, id: string): Promise<Booking | undefined> {
  const found = await bookingsOf(trx, clerkUserId).where('id', '=', id).executeTakeFirst()
  return found && bookingOf(found)
}

/** The booking that the same function call, or the same post by its key, made before. */
export async function findByOperation(trx: TenantDb, clerkUserId: string, operationKey: string | null): Promise<Booking | undefined> {
  if (operationKey === null) return undefined
  const found = await bookingsOf(trx, clerkUserId).where('operationKey', '=', operationKey).executeTakeFirst()
  return found && bookingOf(found)
}

/** A booking that takes time and was meant by a request like this one. */
export async function findByCallKey(trx: TenantDb, clerkUserId: string, callKey: string | null): Promise<Booking | undefined> {
  if (callKey === null) return undefined
  const found = await bookingsOf(trx, clerkUserId).where('callKey', '=', callKey).where('status', 'in', OCCUPYING).executeTakeFirst()
  return found && bookingOf(found)
}

/** Every booking there is, but for what only guards the new time of a move. */
export function bookingsOf(trx: TenantDb, clerkUserId: string) {
  return trx
    .selectFrom('bookings')
    .select([...COLUMNS, ageSeconds])
    .where('clerkUserId', '=', clerkUserId)
    .where('moves', 'is', null)
}

/** A booking that takes time. */
export interface Occupied extends Interval {
  id: string
  /** What it occupies: its time with the buffers. */
  during: Interval
  /** caller | owner */
  bookedBy: string
  subject: string
  providerEventId: string | null
  connectionId: string | null
  calendarId: string | null
  leaseNumber: number
  /** The vendor has had its event for so long that every view of the calendar shows it, if it is still there; and nobody changes it. */
  isSettled: boolean
}

// Vendors bring their own views up to date within seconds.
export const SETTLED_SECONDS = 120

/** What the vendor shows of the event is what its owner wants of it. */
export const isSettled = sql<boolean>`(
  status = 'confirmed' and to_tell is null and updated_at < now() - ${SETTLED_SECONDS} * interval '1 second' and not exists (
    select from changes c where c.clerk_user_id = bookings.clerk_user_id and c.appointment_id = bookings.appointment_id and c.state = 'open'))`

/** What takes time within `range`, except one appointment. */
export async function listOccupied(trx: TenantDb, clerkUserId: string, range: Interval, except?: string): Promise<Occupied[]> {
  const rows = await trx
    .selectFrom('bookings')
    .select(['id', 'startsAt', 'endsAt', 'bookedBy', 'subject', 'providerEventId', 'connectionId', 'calendarId', 'leaseNumber'])
    .select(isSettled.as('isSettled'))
    .select([sql<Date>`lower(during)`.as('duringFrom'), sql<Date>`upper(during)`.as('duringTo')])
    .where('clerkUserId', '=', clerkUserId)
    .where(sql<boolean>`during && tstzrange(${range.startsAt}, ${range.endsAt})`)
    .where('status', 'in', OCCUPYING)
    .$if(except !== undefined, (query) => query.where('appointmentId', '<>', except ?? ''))
    .execute()
  return rows.map(({ duringFrom, duringTo, ...row }) => ({ ...row, during: { startsAt: duringFrom, endsAt: duringTo } }))
}

/** When the appointments of callers within `range` begin, except one of them. */
export async function listCallersStarts(trx: TenantDb, clerkUserId: string, range: Interval, except?: string): Promise<Date[]> {
  const rows = await trx
    .selectFrom('bookings')
    .select('startsAt')
    .where('clerkUserId', '=', clerkUserId)
    .where('bookedBy', '=', 'caller')
    .where('status', 'in', OCCUPYING)
    .where('startsAt', '>=', range.startsAt)
    .where('startsAt', '<', range.endsAt)
    .$if(except !== undefined, (query) => query.where('appointmentId', '<>', except ?? ''))
    .execute()
  return rows.map(({ startsAt }) => startsAt)
}

/** Until the transaction ends nobody else is past this line for the same day of this tenant, so that what is counted stays true. */
export async function lockDay(trx: TenantDb, clerkUserId: string, dayStartsAt: Date): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`day ${clerkUserId} ${dayStartsAt.toISOString()}`}, 0))`.execute(trx)
}

/**
 * The address under which the customer of a confirmed booking is invited; its event is to be told of it. `undefined` when it is not `from` any
 * more.
 */
export async function saveCustomerEmail(
  trx: TenantDb,
  clerkUserId: string,
  id: string,
  from: string | null,
  to: string | null,
): Promise<Booking | undefined> {
  const saved = await trx
    .updateTable('bookings')
    .set((eb) => ({ customerEmail: to, ...untold('update'), leaseNumber: eb('leaseNumber', '+', 1), updatedAt: sql<Date>`now()` }))
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('status', '=', 'confirmed')
    .where('customerEmail', 'is not distinct from', from)
    .returning([...COLUMNS, ageSeconds])
    .executeTakeFirst()
  return saved && bookingOf(saved)
}

/**
 * Its event was deleted at the vendor: the appointment is off and its time free. `undefined`: it does not stand any more, or somebody has
 * worked on it since it was read.
 */
export async function cancelAsDeleted(
  trx: TenantDb,
  clerkUserId: string,
  { id, leaseNumber }: Pick<Booking, 'id' | 'leaseNumber'>,
): Promise<Booking | undefined> {
  const cancelled = await trx
    .updateTable('bookings')
    .set({ status: 'cancelled', cancelledAt: sql<Date>`now()`, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('status', '=', 'confirmed')
    .where('leaseNumber', '=', leaseNumber)
    .returning([...COLUMNS, ageSeconds])
    .executeTakeFirst()
  return cancelled && bookingOf(cancelled)
}

/**
 * From now on the vendor may have the event, whatever we hear. False when the time was given free, or somebody else took it up, in the
 * meantime: then it must not be asked.
 */
export async function markAsked(trx: TenantDb, booking: Booking): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('bookings')
    .set({ askedAt: sql<Date>`coalesce(asked_at, now())` })
    .where('clerkUserId', '=', booking.clerkUserId)
    .where('id', '=', booking.id)
    .where('status', '=', 'held')
    .where('leaseNumber', '=', booking.leaseNumber)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** The vendor has the event. `undefined` when the time was given free in the meantime. */
export async function confirmBooking(
  trx: TenantDb,
  booking: Booking,
  event: { id: string; link: string | null },
): Promise<Booking | undefined> {
  const confirmed = await trx
    .updateTable('bookings')
    .set({ status: 'confirmed', providerEventId: event.id, providerEventLink: event.link, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', booking.clerkUserId)
    .where('id', '=', booking.id)
    .where('status', '=', 'held')
    .returning([...COLUMNS, ageSeconds])
    .executeTakeFirst()
  return confirmed && bookingOf(confirmed)
}

/**
 * The time is free again. When the vendor never heard of it, and it was not the time that was wrong, the same function call may try
 * afresh.
 * @param failure one of our error codes
 * @param mayExist whether the vendor may make the event yet, or have made it: then it is taken away as soon as that can be seen
 * @returns `false` when somebody else has taken it up since: then nothing is changed
 */
export async function failBooking(trx: TenantDb, booking: Booking, failure: string, mayExist: boolean): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('bookings')
    .set({
      status: 'failed',
      failure,
      operationKey: sql<
        string | null
      >`case when asked_at is null and ${failure} not in ('slot_taken', 'slot_not_offered') then null else operation_key end`,
      ...(mayExist ? untold('cancel') : {}),
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', booking.clerkUserId)
    .where('id', '=', booking.id)
    .where('status', '=', 'held')
    .where('leaseNumber', '=', booking.leaseNumber)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Takes a held booking up for `leaseMs`, unless somebody works on it. `undefined`: there is nothing to do, or somebody is at it. */
export async function leaseBooking(trx: TenantDb, clerkUserId: string, id: string, leaseMs: number): Promise<Booking | undefined> {
  const leased = await trx
    .updateTable('bookings')
    .set((eb) => ({ leasedUntil: inMs(leaseMs), leaseNumber: eb('leaseNumber', '+', 1) }))
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('status', '=', 'held')
    .where('moves', 'is', null)
    .where('leasedUntil', '<=', sql<Date>`now()`)
    .returning([...COLUMNS, ageSeconds])
    .executeTakeFirst()
  return leased && bookingOf(leased)
}

/** Nobody works on it any more. */
export async function releaseBooking(trx: TenantDb, clerkUserId: string, id: string): Promise<void> {
  await trx
    .updateTable('bookings')
    .set({ leasedUntil: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .where('status', '=', 'held')
    .execute()
}

/** What a row says when the vendor is to be told something as soon as it answers. A job does it: `tellVendorLater` of bookings/. */
export function untold(toTell: 'update' | 'cancel') {
  return { toTell, toTellSince: sql<Date>`coalesce(to_tell_since, now())` }
}

/** Held bookings of all tenants on which nobody has worked for `overdueMs`. */
export async function listUnsettled(
  db: Db,
  { overdueMs, holdMinutes, atMost }: { overdueMs: number; holdMinutes: number; atMost: number },
): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{
    clerkUserId: string
    id: string
  }>`select * from bookings_unsettled(${overdueMs}, ${holdMinutes}, ${atMost})`.execute(db)
  return rows
}

/** Bookings of all tenants whose event is still to be made what they are, and of which no job tells. */
export async function listUntold(db: Db, atMost: number): Promise<{ clerkUserId: string; id: string }[]> {
  const { rows } = await sql<{ clerkUserId: string; id: string }>`select * from bookings_untold(${atMost})`.execute(db)
  return rows
}
