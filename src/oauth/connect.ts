import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { providerOf } from './provider-of.ts'
import { closeFlow } from './state.ts'
import { takeGrant } from './take-grant.ts'

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
  await takeGrant(deps, { clerkUserId, provider: providerId, role }, grant)
}
