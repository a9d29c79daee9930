import { randomUUID } from 'node:crypto'
import { logEvent, owner } from '../audit/log.ts'
import { inTenant } from '../db/client.ts'
import { type Connection, findAccount, listConnections, markEnding, saveConnection } from '../db/connections.ts'
import { inTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { choiceOnConnecting } from './choice.ts'
import { END_LEASE_MS, endConnections, logDisconnects, revokeGrant } from './disconnect.ts'
import { providerOf } from './provider-of.ts'
import { sealTokens } from './sealing.ts'
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
    const flow = await takeFlow(deps, callback)
    returnOrigin = flow.returnOrigin
    if (flow.provider !== providerId) throw new AppError('flow_expired', 'a state of another vendor')
    await connect(deps, flow, callback)
    return { returnOrigin }
  } catch (failure) {
    return { returnOrigin, failure }
  }
}

/**
 * The same for a page that the vendor sent the browser to, and that hands on for the signed-in user what the vendor sent. A state that another
 * user began with is as good as an unknown one, and is used up all the same.
 * @returns whose account is connected now
 * @throws AppError `flow_expired`, `consent_denied`, `code_refused`, `scope_missing`, `calendar_unusable`, and what the calendars throw
 */
export async function finishConnectingAs(deps: Deps, clerkUserId: string, callback: Callback): Promise<string> {
  const flow = await takeFlow(deps, callback)
  if (flow.clerkUserId !== clerkUserId) throw new AppError('flow_expired', "another user's state")
  await connect(deps, flow, callback)
  return flow.provider
}

async function takeFlow(deps: Deps, { state }: Callback) {
  const flow = state === undefined ? undefined : await closeFlow(deps, state)
  if (!flow) throw new AppError('flow_expired', 'unknown or used state')
  return flow
}

/** What is needed of the flow that `state` began. */
type Flow = Awaited<ReturnType<typeof takeFlow>>

async function connect(deps: Deps, { clerkUserId, provider: providerId, codeVerifier, role, expired }: Flow, callback: Callback) {
  if (expired) throw new AppError('flow_expired', 'late')
  const provider = providerOf(deps, providerId)
  if (callback.error !== undefined)
    throw new AppError(callback.error === 'access_denied' ? 'consent_denied' : 'code_refused', 'the vendor said no')
  if (callback.code === undefined) throw new AppError('code_refused', 'no code')
  if (callback.iss !== undefined && !provider.issues(callback.iss)) throw new AppError('code_refused', 'another issuer')
  const grant = await provider.exchangeCode(callback.code, codeVerifier())
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

  const replaced = await inTenant(deps.db, clerkUserId, async (trx) => {
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
    return others
  })
  if (replaced === undefined) {
    await revokeGrant(deps, { provider: providerId, accountId: grant.account.id, refreshToken: () => refreshToken })
    throw new AppError('flow_expired', 'the user was deleted meanwhile')
  }
  await endConnections(deps, replaced)
}
