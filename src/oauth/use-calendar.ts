import { inTenant } from '../db/client.ts'
import { type Connection, markReconnect } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Calendar } from '../providers/provider.ts'
import { providerOf } from './provider-of.ts'
import { accessTokenOf } from './tokens.ts'

/**
 * Works with the calendar behind a connection. A token that the vendor refuses early is renewed and the work repeated once, so `work`
 * must bear repeating; refused again, the connection is marked for the owner.
 * @throws AppError what `accessTokenOf` and `work` throw
 */
export async function useCalendar<T>(
  deps: Deps,
  connection: Connection,
  signal: AbortSignal,
  work: (calendar: Calendar) => Promise<T>,
): Promise<T> {
  const provider = providerOf(deps, connection.provider)
  const first = await accessTokenOf(deps, connection, { signal })
  try {
    return await work(provider.calendar(first.accessToken, connection.calendarId, signal))
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  const second = await accessTokenOf(deps, first.connection, { signal, refused: first.connection })
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
