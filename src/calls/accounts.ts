import type { VapiClient } from '../assistants/client.ts'
import { vapiOf } from '../assistants/own-key.ts'
import { inTenant } from '../db/client.ts'
import { findWhereMade } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'

type Tools = Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher'>

/**
 * The accounts at Vapi in which calls of this assistant stand: the one in which we made it, and of one that we did not make her own before the
 * installation's. None: there is no key with which anybody could be asked.
 * @param assistantId `null`: it is not known who answered
 */
export async function accountsOf(deps: Tools, clerkUserId: string, assistantId: string | null): Promise<VapiClient[]> {
  const made =
    assistantId === null ? undefined : await inTenant(deps.db, clerkUserId, (trx) => findWhereMade(trx, clerkUserId, assistantId))
  const accounts = await Promise.all(
    (made ? [made.withOwnKey] : [true, false]).map((withOwnKey) => accountOf(deps, clerkUserId, withOwnKey)),
  )
  return accounts.filter((account) => account !== undefined)
}

/** Her own account, or the installation's; `undefined`: there is no key for it, or none that opens. */
export async function accountOf(deps: Tools, clerkUserId: string, withOwnKey: boolean): Promise<VapiClient | undefined> {
  try {
    return (await vapiOf(deps, clerkUserId, withOwnKey)).client
  } catch (error) {
    if (error instanceof AppError && (error.code === 'vapi_off' || error.code === 'vapi_key_refused')) return undefined
    throw error
  }
}
