import { inTenant } from '../db/client.ts'
import { findVapiKey } from '../db/vapi-keys.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { VapiClient } from './client.ts'
import { openKey } from './sealing.ts'

type Tools = Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher'>

/** A client, and in whose account it works. */
export interface Access {
  client: VapiClient
  withOwnKey: boolean
}

/**
 * Vapi for one tenant: with her own key where she has saved one, else with the installation's. What was made in the one account is not
 * found in the other: `madeWithOwnKey` says where to look for an assistant that we made.
 * @throws AppError `vapi_off`, `vapi_key_refused` when the stored key does not open
 */
export async function vapiOf({ db, vapi, vapiWith, cipher }: Tools, clerkUserId: string, madeWithOwnKey?: boolean): Promise<Access> {
  const own = madeWithOwnKey === false ? undefined : await inTenant(db, clerkUserId, (trx) => findVapiKey(trx, clerkUserId))
  if (own) return { client: vapiWith(openKey({ cipher }, own)), withOwnKey: true }
  if (madeWithOwnKey) throw new AppError('vapi_off', 'the key that it was made with is not there any more')
  if (!vapi) throw new AppError('vapi_off', 'no VAPI_API_KEY')
  return { client: vapi, withOwnKey: false }
}
