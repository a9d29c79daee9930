import { findBusiness } from '../db/businesses.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { type Connection, listConnections, markReconnect } from '../db/connections.ts'
import { findUser } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { accessTokenOf, providerOf } from '../oauth/tokens.ts'
import type { Calendar } from '../providers/provider.ts'
import type { Rules } from './slots.ts'

/** Whose appointments: the rules of the business, and the calendars that decide what is free. */
export interface Diary {
  clerkUserId: string
  rules: Rules
  connections: Connection[]
}

/** The diary of one tenant. Connected or not; whoever needs a calendar asks `destinationOf`. */
export async function openDiary({ config }: Pick<Deps, 'config'>, trx: TenantDb, clerkUserId: string): Promise<Diary> {
  const business = await findBusiness(trx, clerkUserId)
  const user = await findUser(trx, clerkUserId)
  const connections = await listConnections(trx, clerkUserId)
  const timeZone = business.timeZone ?? user?.timeZone ?? connections[0]?.timeZone ?? config.defaultTimeZone
  return { clerkUserId, rules: { ...business, timeZone }, connections }
}

/** @throws AppError `calendar_not_connected`, or `consent_revoked` when it was and the user has to connect again */
export function destinationOf({ connections }: Diary): Connection {
  const destination = connections.find((one) => one.role === 'destination')
  if (!destination) throw new AppError('calendar_not_connected', 'no destination calendar')
  if (destination.state !== 'active') throw new AppError('consent_revoked', 'the destination wants reconnecting')
  return destination
}

/**
 * Works with the calendar behind a connection. A token that the vendor refuses early is renewed and the work repeated once, so `work`
 * must bear repeating; refused again, the connection is marked for the owner.
 */
export async function useCalendar<T>(
  deps: Deps,
  connection: Connection,
  signal: AbortSignal,
  work: (calendar: Calendar) => Promise<T>,
): Promise<T> {
  const provider = providerOf(deps, connection.provider)
  const first = await accessTokenOf(deps, connection)
  try {
    return await work(provider.calendar(first.accessToken, connection.calendarId, signal))
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  const second = await accessTokenOf(deps, first.connection, { refused: first.connection })
  return work(provider.calendar(second.accessToken, connection.calendarId, signal)).catch(async (error: unknown) => {
    if (isRefusal(error)) {
      await inTenant(deps.db, connection.clerkUserId, (trx) => markReconnect(trx, second.connection, 'consent_revoked'))
    }
    throw error
  })
}

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === 'consent_revoked'
}
