import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { logEvent, system } from '../audit/log.ts'
import { inTenant } from '../db/client.ts'
import { type Connection, findConnection, leaseRefresh, markReconnect, releaseRefresh, storeRefreshed } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { tellOfLostConnection } from '../notices/tell.ts'
import { providerOf } from './provider-of.ts'
import { openToken, sealTokens } from './sealing.ts'

// A call lasts minutes: a token that ends sooner could die between two questions.
const REFRESH_AHEAD_SECONDS = 5 * 60
// While the vendor's token endpoint is away, a token that lasts for one more answer is better than none.
const STILL_USABLE_SECONDS = 30
// Two attempts at a vendor's token endpoint and a store; whoever needs longer has died.
const LEASE_MS = 7000
const LOOK_AGAIN_MS = 50

/**
 * An access token that is still good for a call. Of many that need a new one at once, in whatever process, one refreshes and the others
 * take what it stored. No transaction is open while the vendor is asked.
 * @param options `signal` ends the waiting; `refused` is the connection whose access token the vendor did not take
 * @throws AppError `consent_revoked` when only the user can repair it, `calendar_not_connected` when it was disconnected meanwhile,
 * `provider_off`, and what the vendor's `refresh` throws
 */
export async function accessTokenOf(
  deps: Deps,
  connection: Connection,
  options: { signal: AbortSignal; refused?: Connection },
): Promise<{ accessToken: string; connection: Connection }> {
  const giveUpAt = performance.now() + LEASE_MS
  const opened = (row: Connection) => ({ accessToken: openToken(deps, row, 'accessToken'), connection: row })
  let current = connection
  for (;;) {
    if (current.state !== 'active') throw new AppError('consent_revoked', 'marked for reconnecting')
    if (lasts(current, REFRESH_AHEAD_SECONDS, options.refused)) return opened(current)
    const holder = randomUUID()
    const lease = { holder, leaseMs: LEASE_MS, aheadMs: REFRESH_AHEAD_SECONDS * 1000, refused: options.refused?.accessToken }
    const leased = await inTenant(deps.db, connection.clerkUserId, (trx) => leaseRefresh(trx, connection, lease))
    if (leased) {
      const refreshed = await until(options.signal, refresh(deps, leased, holder)).catch((error: unknown) => {
        if (lasts(leased, STILL_USABLE_SECONDS, options.refused) && error instanceof AppError && error.code !== 'consent_revoked')
          return leased
        throw error
      })
      return opened(refreshed)
    }
    // Somebody else renews it: nobody has to wait for that.
    if (lasts(current, STILL_USABLE_SECONDS, options.refused)) return opened(current)
    if (performance.now() > giveUpAt || options.signal.aborted)
      throw new AppError('provider_unavailable', 'somebody else refreshes and does not finish')
    await delay(LOOK_AGAIN_MS)
    const found = await inTenant(deps.db, connection.clerkUserId, (trx) => findConnection(trx, connection.clerkUserId, connection.id))
    if (!found) throw new AppError('calendar_not_connected', 'disconnected meanwhile')
    current = found
  }
}

/** Waits no longer than `signal` allows. The work goes on: a refresh that has begun must be stored, whoever waits for it. */
function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(new AppError('provider_unavailable', 'the token was not renewed in time'))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', stop))
}

/** The one place in which a connection in use is found to be one that only its owner can repair: from here on nobody asks the vendor. */
export async function giveUp(deps: Deps, connection: Connection): Promise<void> {
  await inTenant(deps.db, connection.clerkUserId, async (trx) => {
    if (!(await markReconnect(trx, connection, 'consent_revoked'))) return
    await tellOfLostConnection(deps, trx, connection)
    const { clerkUserId, id, provider } = connection
    await logEvent(trx, { clerkUserId, actor: system, action: 'calendar.lost', subject: { kind: 'connection', id }, details: { provider } })
    deps.log.warn({ provider: connection.provider }, 'a calendar no longer lets us in')
  })
}

function lasts(current: Connection, seconds: number, refused: Connection | undefined): boolean {
  return current.secondsLeft > seconds && current.accessToken !== refused?.accessToken
}

/** Asks the vendor and stores the answer before anybody uses it: a refresh token may be good only once. */
async function refresh(deps: Deps, leased: Connection, holder: string): Promise<Connection> {
  const ask = async () => {
    const refreshToken = openToken(deps, leased, 'refreshToken')
    return { tokens: await providerOf(deps, leased.provider).refresh(refreshToken), refreshToken }
  }
  const { tokens, refreshToken } = await ask().catch(async (error: unknown) => {
    if (error instanceof AppError && error.code === 'consent_revoked') await giveUp(deps, leased)
    else await inTenant(deps.db, leased.clerkUserId, (trx) => releaseRefresh(trx, leased, holder))
    throw error
  })
  const stored = await inTenant(deps.db, leased.clerkUserId, (trx) =>
    storeRefreshed(trx, leased, holder, sealTokens(deps, leased, tokens, refreshToken)),
  )
  if (!stored) throw new AppError('provider_unavailable', 'the refresh took longer than its lease')
  return stored
}
