import { randomUUID } from 'node:crypto'
import { logEvent, owner } from '../audit/log.ts'
import { inTenant } from '../db/client.ts'
import { type Connection, findAccount, listConnections, markEnding, saveConnection } from '../db/connections.ts'
import { inTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Grant } from '../providers/provider.ts'
import { choiceOnConnecting, type Role } from './choice.ts'
import { END_LEASE_MS, endConnections, logDisconnects, revokeGrant } from './disconnect.ts'
import { providerOf } from './provider-of.ts'
import { sealTokens } from './sealing.ts'

const DAY_MS = 24 * 60 * 60_000

/** Who connects, an account of which vendor, and as what. */
export interface Connecting {
  clerkUserId: string
  provider: string
  role: Role
}

/**
 * Makes a connection of a grant, whichever way it was come by: reads its calendars, chooses among them and keeps the tokens.
 * @returns the id of the connection: that of before, where the account was connected already
 * @throws AppError `calendar_unusable`, `scope_missing`, `flow_expired` when the user was deleted meanwhile, and what the vendor's `calendars`
 * and `busy` throw
 */
export async function takeGrant(deps: Deps, { clerkUserId, provider: providerId, role }: Connecting, grant: Grant): Promise<string> {
  const provider = providerOf(deps, providerId)
  const { refreshToken } = grant
  if (refreshToken === null) throw new AppError('scope_missing', 'no refresh token')
  const isThisAccount = (one: Connection) => one.provider === providerId && one.accountId === grant.account.id
  const before = (await inTenant(deps.db, clerkUserId, (trx) => listConnections(trx, clerkUserId))).find(isThisAccount)
  // A line of its own: whoever connects an account again because it does not work must not be kept out by that.
  const access = { accessToken: grant.accessToken, mailbox: `connecting ${grant.account.id}` }
  const calendars = await provider.calendars(access)
  const { calendarId, busyCalendarIds } = choiceOnConnecting(role, calendars, before)
  // A live read: what cannot be read is not called connected.
  const from = deps.clock.now()
  const day = { startsAt: from, endsAt: new Date(from.getTime() + DAY_MS) }
  await Promise.all([calendarId, ...busyCalendarIds].map((id) => provider.calendar(access, id).busy(day)))

  const taken = await inTenant(deps.db, clerkUserId, async (trx) => {
    if (!(await inTurn(trx, clerkUserId))) return undefined
    const connections = await listConnections(trx, clerkUserId)
    const choice = choiceOnConnecting(role, calendars, connections.find(isThisAccount))
    // One that is being ended is taken back into use.
    const known = await findAccount(trx, { clerkUserId, provider: providerId, accountId: grant.account.id })
    // Bookings go to one calendar: the new one takes the place of the old.
    const others = choice.role === 'busy' ? [] : connections.filter((one) => one.role === 'destination' && one.id !== known?.id)
    await markEnding(trx, clerkUserId, others, END_LEASE_MS)
    await logDisconnects(trx, others)
    // Tokens are bound to their row, and connecting an account again keeps it.
    const row = { clerkUserId, id: known?.id ?? randomUUID(), provider: providerId }
    await saveConnection(trx, {
      ...row,
      ...sealTokens(deps, row, grant, refreshToken),
      ...choice,
      accountId: grant.account.id,
      calendarEmail: grant.account.email,
      scopes: grant.scopes,
    })
    await logEvent(trx, {
      clerkUserId,
      actor: owner,
      action: 'calendar.connected',
      subject: { kind: 'connection', id: row.id },
      details: { provider: providerId, role: choice.role },
    })
    return { id: row.id, replaced: others }
  })
  if (taken === undefined) {
    await revokeGrant(deps, { provider: providerId, accountId: grant.account.id, refreshToken: () => refreshToken })
    throw new AppError('flow_expired', 'the user was deleted meanwhile')
  }
  await endConnections(deps, taken.replaced)
  return taken.id
}
