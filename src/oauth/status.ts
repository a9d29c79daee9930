import { inTenant } from '../db/client.ts'
import { type Connection, findConnection, listConnections, recordCheck } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { useCalendar } from './use-calendar.ts'

// Several pages of the frontend ask at once and again.
const VERIFIED_FOR_SECONDS = 60
const LOOK_MS = 60 * 60_000

/** How a user's destination calendar is doing, as the vendor sees it now. */
export interface ConnectionStatus {
  connection: Connection
  /** Tokens that work, now or after a refresh. */
  authorized: boolean
  /** A read of the calendar worked within the last minute. */
  verified: boolean
  problem: AppError | undefined
}

/** @param providerId only a connection of this vendor counts; any when left out */
export async function connectionStatus(deps: Deps, clerkUserId: string, providerId?: string): Promise<ConnectionStatus | undefined> {
  const connections = await inTenant(deps.db, clerkUserId, (trx) => listConnections(trx, clerkUserId))
  const connection = connections.find((one) => one.role === 'destination' && (providerId === undefined || one.provider === providerId))
  if (!connection) return undefined
  const usable = connection.state === 'active' && connection.secondsLeft > 0
  const isVerified = connection.verifiedSecondsAgo !== null && connection.verifiedSecondsAgo < VERIFIED_FOR_SECONDS
  if (usable && isVerified) return { connection, authorized: true, verified: true, problem: undefined }
  return check(deps, connection)
}

async function check(deps: Deps, connection: Connection): Promise<ConnectionStatus> {
  const from = deps.clock.now()
  const range = { startsAt: from, endsAt: new Date(from.getTime() + LOOK_MS) }
  const signal = AbortSignal.timeout(deps.config.timeouts.toolCallMs)
  const problem = await useCalendar(deps, connection, signal, (calendar) => calendar.busy(range)).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof AppError) return error
      throw error
    },
  )
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
