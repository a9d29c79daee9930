import { labelOf, type Vendor } from '../vendors.ts'

/** The page of the frontend that waits for the end of a sign-in. */
export const LANDING_PATHS: Record<Vendor, string> = { microsoft: '/users', google: '/users', calcom: '/dashboard' }

/**
 * Where the browser ends, with what that page reads of its address.
 * @param problem what went wrong, for people; `undefined`: the account is connected
 */
export function landing(provider: Vendor, origin: string, problem: string | undefined): URL {
  const target = new URL(LANDING_PATHS[provider], origin)
  target.search = new URLSearchParams(provider === 'calcom' ? onDashboard(problem) : onUsers(labelOf(provider), problem)).toString()
  return target
}

function onUsers(label: string, problem: string | undefined): Record<string, string> {
  return problem === undefined ? { auth: 'success', message: `${label} is connected.` } : { auth: 'error', message: problem }
}

function onDashboard(problem: string | undefined): Record<string, string> {
  return problem === undefined ? { success: 'calcom_connected' } : { error: problem }
}
