import { randomUUID } from 'node:crypto'
import { inTenant } from '../db/client.ts'
import { type Connection, deleteConnections, isConnected, listConnections, saveConnection } from '../db/connections.ts'
import { inTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { providerOf } from './provider-of.ts'
import { openToken, sealTokens } from './sealing.ts'
import { closeFlow } from './state.ts'

const DAY_MS = 24 * 60 * 60_000

export interface Callback {
  code?: string | undefined
  state?: string | undefined
  error?: string | undefined
  iss?: string | undefined
}

/** How a sign-in at a vendor ended, and where the browser goes now. */
export type SignInEnd = { returnOrigin: string; failure?: unknown }

/** The vendor sent the browser back. Nothing it sent is shown to anybody. Never throws: a person waits for a page, whatever went wrong. */
export async function finishConnecting(deps: Deps, providerId: string, callback: Callback): Promise<SignInEnd> {
  let returnOrigin = deps.config.frontendUrl
  try {
    const flow = callback.state === undefined ? undefined : await closeFlow(deps, callback.state)
    if (!flow) throw new AppError('flow_expired', 'unknown or used state')
    returnOrigin = flow.returnOrigin
    if (flow.expired) throw new AppError('flow_expired', 'late')
    if (flow.provider !== providerId) throw new AppError('flow_expired', 'a state of another vendor')
    await connect(deps, providerId, flow, callback)
    return { returnOrigin }
  } catch (failure) {
    return { returnOrigin, failure }
  }
}

async function connect(
  deps: Deps,
  providerId: string,
  { clerkUserId, codeVerifier }: { clerkUserId: string; codeVerifier: () => string },
  callback: Callback,
) {
  const provider = providerOf(deps, providerId)
  if (callback.error !== undefined)
    throw new AppError(callback.error === 'access_denied' ? 'consent_denied' : 'code_refused', 'the vendor said no')
  if (callback.code === undefined) throw new AppError('code_refused', 'no code')
  if (callback.iss !== undefined && !provider.issues(callback.iss)) throw new AppError('code_refused', 'another issuer')
  const grant = await provider.exchangeCode(callback.code, codeVerifier())
  const { refreshToken } = grant
  if (refreshToken === null) throw new AppError('scope_missing', 'no refresh token')
  const [calendar] = await provider.calendars(grant.accessToken)
  if (!calendar) throw new AppError('calendar_unusable', 'no calendar to write to')
  // A live read: what cannot be read is not called connected.
  const from = deps.clock.now()
  await provider.calendar(grant.accessToken, calendar.id).busy({ startsAt: from, endsAt: new Date(from.getTime() + DAY_MS) })

  const replaced = await inTenant(deps.db, clerkUserId, async (trx) => {
    await inTurn(trx, clerkUserId)
    const connections = await listConnections(trx, clerkUserId)
    const known = connections.find((one) => one.provider === providerId && one.accountId === grant.account.id)
    // Bookings go to one calendar: the new one takes the place of the old.
    const others = connections.filter((one) => one.role === 'destination' && one !== known)
    await deleteConnections(trx, clerkUserId, others)
    // Tokens are bound to their row, and connecting an account again keeps it.
    const row = { clerkUserId, id: known?.id ?? randomUUID(), provider: providerId }
    await saveConnection(trx, {
      ...row,
      ...sealTokens(deps, row, grant, refreshToken),
      accountId: grant.account.id,
      calendarEmail: grant.account.email,
      calendarId: calendar.id,
      calendarName: calendar.name,
      calendarLink: calendar.link,
      timeZone: calendar.timeZone,
      role: 'destination',
      scopes: grant.scopes,
    })
    return others
  })
  for (const other of replaced) await revoke(deps, other)
}

/** Forgets the tokens of this vendor and ends the grant there. Nothing to do is success. */
export async function disconnect(deps: Deps, clerkUserId: string, providerId: string): Promise<void> {
  const gone = await inTenant(deps.db, clerkUserId, async (trx) => {
    const found = (await listConnections(trx, clerkUserId)).filter((one) => one.provider === providerId)
    await deleteConnections(trx, clerkUserId, found)
    return found
  })
  for (const connection of gone) await revoke(deps, connection)
}

/** Our copy is gone already; neither a vendor that does not answer now nor a text that does not open must bring it back. */
async function revoke(deps: Deps, connection: Connection): Promise<void> {
  const provider = deps.providers.get(connection.provider)
  if (!provider) return // switched off since: there is nobody to tell
  try {
    if (await isConnected(deps.db, connection.provider, connection.accountId)) return // somebody else's consent would end with it
    await provider.revoke(openToken(deps, connection, 'refreshToken'))
  } catch (error) {
    deps.log.warn({ err: error, provider: provider.id }, 'the grant was forgotten here, but could not be ended at the vendor')
  }
}
