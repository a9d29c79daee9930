import { labelOf, type Vendor, vendors } from '../vendors.ts'

/**
 * Where the browser ends, with what that page reads of its address.
 * @param problem what went wrong, for people; `undefined`: the account is connected
 */
export function landing(provider: Vendor, origin: string, problem: string | undefined): URL {
  const page = vendors[provider].landing
  const target = new URL(page, origin)
  target.search = new URLSearchParams(page === '/users' ? onUsers(provider, problem) : onDashboard(provider, problem)).toString()
  return target
}

function onUsers(provider: Vendor, problem: string | undefined): Record<string, string> {
  return problem === undefined ? { auth: 'success', message: `${labelOf(provider)} is connected.` } : { auth: 'error', message: problem }
}

function onDashboard(provider: Vendor, problem: string | undefined): Record<string, string> {
  return problem === undefined ? { success: `${provider}_connected` } : { error: problem }
}
