import type { Config } from '../config.ts'
import { type Business, findBusiness, listBusinesses } from '../db/businesses.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { type Connection, listConnections } from '../db/connections.ts'
import { findUser } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { type CountryCode, regionOf } from '../phone-region.ts'
import type { BookingRef, Interval } from '../providers/provider.ts'
import { rulesOf, withLengths } from './rules.ts'
import type { Rules } from './slots.ts'

/** Whose appointments: the rules of the business, and the calendars that decide what is free. */
export interface Diary {
  clerkUserId: string
  rules: Rules
  /** While it is not, callers book nothing. */
  isActive: boolean
  /** Whose national phone numbers its callers say. */
  region: CountryCode
  connections: Connection[]
}

/**
 * The diary of one tenant. Connected or not; whoever needs a calendar asks `requireDestination`.
 * @param dialled the rules of the business with that number (E.164) hold, else those of her first one
 */
export async function openDiary(
  { config }: { config: Pick<Config, 'defaultTimeZone'> },
  trx: TenantDb,
  clerkUserId: string,
  dialled: string | null = null,
): Promise<Diary> {
  return diaryUnder({ config }, trx, clerkUserId, await findBusiness(trx, clerkUserId, dialled))
}

/** The same by the rules of a business that she names. Calendars are hers, not the business's: they count for all of them. @throws AppError `not_found` */
export function diaryOfBusiness(deps: Pick<Deps, 'config' | 'db'>, clerkUserId: string, id: string): Promise<Diary> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const business = (await listBusinesses(trx, clerkUserId)).find((one) => one.id === id)
    if (!business) throw new AppError('not_found', 'no such business of hers')
    return diaryUnder(deps, trx, clerkUserId, business)
  })
}

async function diaryUnder(
  { config }: { config: Pick<Config, 'defaultTimeZone'> },
  trx: TenantDb,
  clerkUserId: string,
  business: Business,
): Promise<Diary> {
  const user = await findUser(trx, clerkUserId)
  const connections = await listConnections(trx, clerkUserId)
  const timeZone = user?.timeZone ?? connections[0]?.timeZone ?? config.defaultTimeZone
  const destination = connections.find((one) => one.role === 'destination')
  const rules = withLengths(rulesOf(business, timeZone), destination?.appointmentMinutes)
  const region = regionOf({ ...business, timeZone: rules.timeZone })
  return { clerkUserId, rules, isActive: business.isActive, region, connections }
}

/** The same, for whoever has no transaction of his own. */
export function diaryOf(deps: Pick<Deps, 'config' | 'db'>, clerkUserId: string, dialled: string | null = null): Promise<Diary> {
  return inTenant(deps.db, clerkUserId, (trx) => openDiary(deps, trx, clerkUserId, dialled))
}

/** @throws AppError `calendar_not_connected`, or `consent_revoked` when it was and the user has to connect again */
export function requireDestination({ connections }: Diary): Connection {
  const destination = connections.find((one) => one.role === 'destination')
  if (!destination) throw new AppError('calendar_not_connected', 'no destination calendar')
  if (destination.state !== 'active') throw new AppError('consent_revoked', 'the destination wants reconnecting')
  return destination
}

/**
 * The calendar in which the vendor was asked for a booking, whichever the owner has chosen since; `undefined` once its account is
 * disconnected.
 */
export function calendarOf(
  { connections }: Diary,
  booking: { connectionId: string | null; calendarId: string | null },
): Connection | undefined {
  // An account that was disconnected and connected again has a row of its own, and the same calendar.
  const isSame = ({ id, calendarId }: Connection) =>
    booking.connectionId === null ? calendarId === booking.calendarId : id === booking.connectionId
  const connection = connections.find(isSame)
  return connection && { ...connection, calendarId: booking.calendarId ?? connection.calendarId }
}

/** A booking as its calendar's vendor may know it. */
export function refOf({ id, providerEventId, startsAt, endsAt }: Interval & { id: string; providerEventId: string | null }): BookingRef {
  return { bookingId: id, eventId: providerEventId, startsAt, endsAt }
}
