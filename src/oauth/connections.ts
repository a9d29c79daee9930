import * as z from 'zod'
import { logEvent, owner } from '../audit/log.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { type Connection, chooseOfConnection, findConnection, listConnections } from '../db/connections.ts'
import { inTurn } from '../db/users.ts'
import { deadline } from '../deadline.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { CalendarInfo } from '../providers/provider.ts'
import { type Change, choiceAfter, dependsOnCalendars } from './choice.ts'
import { disconnect } from './disconnect.ts'
import { relearn } from './lengths.ts'
import { checkConnection, settled } from './status.ts'
import { useAccount } from './use-calendar.ts'

/** A connection as its vendor sees it now. */
export interface SeenConnection {
  connection: Connection
  problem: AppError | undefined
  /** All that the account has; `null` when the vendor does not tell. */
  calendars: CalendarInfo[] | null
}

/** All connections of this user, the destination first. The vendors are asked at the same time, with one deadline for all. */
export async function seeConnections(deps: Deps, clerkUserId: string): Promise<SeenConnection[]> {
  const connections = await inTenant(deps.db, clerkUserId, (trx) => listConnections(trx, clerkUserId))
  const signal = deadline(deps)
  return Promise.all(connections.map((connection) => see(deps, connection, signal)))
}

/** One of them. @throws AppError `not_found` */
export async function seeConnection(deps: Deps, clerkUserId: string, id: string): Promise<SeenConnection> {
  const connection = await inTenant(deps.db, clerkUserId, (trx) => ownConnection(trx, clerkUserId, id))
  return see(deps, connection, deadline(deps))
}

/**
 * Chooses role and calendars. A new destination takes the place of the former one, which then counts as busy.
 * @throws AppError `not_found`, `destination_needed`, `calendar_missing`, `calendar_read_only`, and what keeps the vendor from telling
 */
export async function changeConnection(deps: Deps, clerkUserId: string, id: string, change: Change): Promise<SeenConnection> {
  const signal = deadline(deps)
  const before = await inTenant(deps.db, clerkUserId, (trx) => ownConnection(trx, clerkUserId, id))
  const calendars = dependsOnCalendars(change) ? await calendarsOf(deps, before, signal) : []
  const after = await inTenant(deps.db, clerkUserId, async (trx) => {
    await inTurn(trx, clerkUserId)
    const current = await ownConnection(trx, clerkUserId, id)
    const choice = choiceAfter(current, change, calendars)
    const destination = (await listConnections(trx, clerkUserId)).find((one) => one.role === 'destination')
    if (choice.role === 'destination' && destination && destination.id !== id)
      await chooseOfConnection(trx, destination, { ...destination, role: 'busy' })
    await chooseOfConnection(trx, current, choice)
    const subject = { kind: 'connection', id } as const
    await logEvent(trx, { clerkUserId, actor: owner, action: 'calendar.changed', subject, details: { role: choice.role } })
    return ownConnection(trx, clerkUserId, id)
  })
  return see(deps, after, signal)
}

/** @returns what was disconnected @throws AppError `not_found` */
export async function disconnectOne(deps: Deps, clerkUserId: string, id: string): Promise<Connection> {
  const connection = await inTenant(deps.db, clerkUserId, (trx) => ownConnection(trx, clerkUserId, id))
  await disconnect(deps, clerkUserId, (one) => one.id === id)
  return connection
}

/** Disconnects all of one vendor: the destination's where none is named. @returns which; `undefined`: there was no destination */
export async function disconnectVendor(deps: Deps, clerkUserId: string, named?: string): Promise<string | undefined> {
  const provider = named ?? (await activeVendor(deps, clerkUserId))
  if (provider !== undefined) await disconnect(deps, clerkUserId, (one) => one.provider === provider)
  return provider
}

async function activeVendor({ db }: Deps, clerkUserId: string): Promise<string | undefined> {
  const connections = await inTenant(db, clerkUserId, (trx) => listConnections(trx, clerkUserId))
  return connections.find((one) => one.role === 'destination')?.provider
}

async function see(deps: Deps, connection: Connection, signal: AbortSignal): Promise<SeenConnection> {
  const [status, calendars] = await Promise.all([checkConnection(deps, connection, signal), settled(calendarsOf(deps, connection, signal))])
  const listed = calendars instanceof AppError ? { problem: calendars, calendars: null } : { problem: undefined, calendars }
  await relearn(deps, connection, calendars instanceof AppError ? [] : calendars)
  return { connection: status.connection, problem: status.problem ?? listed.problem, calendars: listed.calendars }
}

function calendarsOf(deps: Deps, connection: Connection, signal: AbortSignal): Promise<CalendarInfo[]> {
  return useAccount(deps, connection, signal, (provider, access) => provider.calendars(access))
}

/** What is no id is nobody's, and so is another user's. @throws AppError `not_found` */
async function ownConnection(trx: TenantDb, clerkUserId: string, id: string): Promise<Connection> {
  const found = z.uuid().safeParse(id).success ? await findConnection(trx, clerkUserId, id) : undefined
  if (!found) throw new AppError('not_found', 'no such connection')
  return found
}
