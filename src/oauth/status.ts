import { inTenant } from '../db/client.ts'
import { type Connection, findConnection, listConnections, recordCheck } from '../db/connections.ts'
import { deadline } from '../deadline.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { busyOf, slotsOf } from './use-calendar.ts'

// Several pages of the frontend ask at once and again.
const VERIFIED_FOR_SECONDS = 60
const LOOK_MS = 60 * 60_000

/** How a connection is doing, as the vendor sees it now. */
export interface ConnectionStatus {
  connection: Connection
  /** Tokens that work, now or after a refresh. */
  authorized: boolean
  /** A read of its calendars worked within the last minute. */
  verified: boolean
  problem: AppError | undefined
}

/** Of the destination. @param providerId only a connection of this vendor counts; any when left out */
export async function connectionStatus(deps: Deps, clerkUserId: string, providerId?: string): Promise<ConnectionStatus | undefined> {
  const connections = await inTenant(deps.db, clerkUserId, (trx) => listConnections(trx, clerkUserId))
  const connection = connections.find((one) => one.role === 'destination' && (providerId === undefined || one.provider === providerId))
  if (!connection) return undefined
  const usable = connection.state === 'active' && connection.secondsLeft > 0
  const isVerified = connection.verifiedSecondsAgo !== null && connection.verifiedSecondsAgo < VERIFIED_FOR_SECONDS
  if (usable && isVerified) return { connection, authorized: true, verified: true, problem: undefined }
  return checkConnection(deps, connection, deadline(deps))
}

/** Nobody's word makes a connection: the calendar itself is asked, where bookings go to it. @throws AppError `calendar_not_connected` */
export async function confirmConnected(deps: Deps, clerkUserId: string, provider: string): Promise<void> {
  const destination = await connectionStatus(deps, clerkUserId, provider)
  const connections = await inTenant(deps.db, clerkUserId, (trx) => listConnections(trx, clerkUserId))
  const isBusyCalendar = connections.some((one) => one.provider === provider && one.role === 'busy' && one.state === 'active')
  if (!destination?.authorized && !isBusyCalendar) throw new AppError('calendar_not_connected', 'said to be connected, but is not')
}

/** Reads every calendar of the connection that counts, and when bookings can go there, and records whether that worked. */
export async function checkConnection(deps: Deps, connection: Connection, signal: AbortSignal): Promise<ConnectionStatus> {
  const from = deps.clock.now()
  const range = { startsAt: from, endsAt: new Date(from.getTime() + LOOK_MS) }
  const [usualMinutes] = connection.role === 'destination' ? connection.appointmentMinutes : []
  const looks = [busyOf(deps, connection, range, signal)]
  const offers = usualMinutes === undefined ? [] : [slotsOf(deps, connection, range, usualMinutes, signal)]
  const outcome = await settled(Promise.all([...looks, ...offers]))
  // One whose lengths were changed since they were learnt can be read.
  const problem = outcome instanceof AppError && outcome.code !== 'length_not_offered' ? outcome : undefined
  const { clerkUserId, id } = connection
  const now = await inTenant(deps.db, clerkUserId, async (trx) => {
    await recordCheck(trx, connection, problem?.code ?? null)
    return findConnection(trx, clerkUserId, id)
  })
  const current = now ?? connection
  // A vendor that does not answer says nothing about the tokens; one that refuses them does.
  const refused = current.state !== 'active' || problem?.code === 'consent_revoked'
  return {
    connection: current,
    authorized: !refused && (problem === undefined || current.secondsLeft > 0),
    verified: problem === undefined,
    problem,
  }
}

/** What came of it, an expected failure included: here that is an answer too. */
export function settled<T>(work: Promise<T>): Promise<T | AppError> {
  return work.catch((error: unknown) => {
    if (error instanceof AppError) return error
    throw error
  })
}
