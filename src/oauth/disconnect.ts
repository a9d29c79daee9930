import { logEvent, owner } from '../audit/log.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { type Connection, claimEnding, findEnding, forgetEnding, isConnected, listConnections, markEnding } from '../db/connections.ts'
import { inTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { closeChannel } from './channels.ts'
import { openToken } from './sealing.ts'

/** A push that is ended, two attempts at a vendor and a deletion; whoever needs longer to end a connection has died. */
export const END_LEASE_MS = 9000
// A vendor that stays silent does not keep the tokens with us: everything is gone within a minute.
const GIVE_UP_MS = 45_000
const AT_ONCE = 20

/**
 * Takes the connections that `which` chooses out of use at once, ends their grants at the vendors and forgets their tokens. Nothing to do
 * is success, and a vendor that does not answer is no failure: `endLeftovers` goes on with it.
 */
export async function disconnect(deps: Deps, clerkUserId: string, which: (connection: Connection) => boolean): Promise<void> {
  const ending = await inTenant(deps.db, clerkUserId, async (trx) => {
    await inTurn(trx, clerkUserId)
    const chosen = (await listConnections(trx, clerkUserId)).filter(which)
    await markEnding(trx, clerkUserId, chosen, END_LEASE_MS)
    await logDisconnects(trx, chosen)
    return chosen
  })
  await endConnections(deps, ending)
}

/** That they are out of use from now on stands in the event log; how their grants end at the vendors is no act of anybody's. */
export async function logDisconnects(trx: TenantDb, connections: Connection[]): Promise<void> {
  for (const { clerkUserId, id, provider, role } of connections) {
    const subject = { kind: 'connection', id } as const
    await logEvent(trx, { clerkUserId, actor: owner, action: 'calendar.disconnected', subject, details: { provider, role } })
  }
}

/** Ends what was marked (`markEnding`) a moment ago. */
export async function endConnections(deps: Deps, ending: Connection[]): Promise<void> {
  await Promise.all(ending.map((connection) => end(deps, connection)))
}

/**
 * Goes on with connections that a crash or a silent vendor left while they were being ended. Any number of processes may run it at once.
 * @param stop does not wait for vendors any longer; what was taken up is taken up again when its lease is over
 */
export async function endLeftovers(deps: Deps, stop?: AbortSignal): Promise<void> {
  for (;;) {
    const claimed = await claimEnding(deps.db, END_LEASE_MS, AT_ONCE)
    const work = claimed.map(async ({ clerkUserId, id }) => {
      const connection = await inTenant(deps.db, clerkUserId, (trx) => findEnding(trx, clerkUserId, id))
      if (connection) await end(deps, connection)
    })
    await unlessStopped(
      work.map((one) => one.catch((error: unknown) => deps.log.warn({ err: error }, 'a connection could not be ended now'))),
      stop,
    )
    if (claimed.length < AT_ONCE || stop?.aborted) return
  }
}

async function end(deps: Deps, connection: Connection): Promise<void> {
  const { provider, accountId } = connection
  const refreshToken = () => openToken(deps, connection, 'refreshToken')
  // First, because it takes the grant that ends with the other.
  const isQuiet = await closeChannel(deps, connection)
  const isRevoked = await revokeGrant(deps, { provider, accountId, refreshToken })
  await inTenant(deps.db, connection.clerkUserId, (trx) => forgetEnding(trx, connection, isQuiet && isRevoked ? 0 : GIVE_UP_MS))
}

/**
 * Ends a grant at its vendor, unless somebody else has connected the same account: her consent would end with it.
 * @returns false when the vendor did not answer, so that asking again may help
 */
export async function revokeGrant(
  deps: Deps,
  grant: { provider: string; accountId: string; refreshToken: () => string },
): Promise<boolean> {
  const provider = deps.providers.get(grant.provider)
  if (!provider) return true // switched off since: there is nobody to tell
  if (await isConnected(deps.db, grant.provider, grant.accountId)) return true
  try {
    await provider.revoke(grant.refreshToken())
    return true
  } catch (error) {
    deps.log.warn({ err: error, provider: provider.id }, 'a grant was given up here, but could not be ended at the vendor')
    return !(error instanceof AppError && ['provider_unavailable', 'provider_busy'].includes(error.code))
  }
}

/** Waits for all of it, but not while the process is to stop. */
async function unlessStopped(work: Promise<void>[], stop: AbortSignal | undefined): Promise<void> {
  if (stop?.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const leave = () => resolve()
  stop?.addEventListener('abort', leave, { once: true })
  await Promise.race([Promise.all(work), promise])
  stop?.removeEventListener('abort', leave)
}
