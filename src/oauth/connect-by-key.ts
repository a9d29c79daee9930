import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { providerOf } from './provider-of.ts'
import { type Connecting, takeGrant } from './take-grant.ts'

/**
 * Connects the account that this key opens, as if its owner had signed in at the vendor.
 * @returns the id of the connection: that of before, where the account was connected already
 * @throws AppError `key_refused`, `not_found` of a vendor that gives no keys, `provider_off`, and what `takeGrant` throws
 */
export async function connectByKey(deps: Deps, connecting: Connecting, key: string): Promise<string> {
  const { id, keyGrant } = providerOf(deps, connecting.provider)
  if (!keyGrant) throw new AppError('not_found', `${id} gives no keys`)
  return takeGrant(deps, connecting, await keyGrant(key))
}
