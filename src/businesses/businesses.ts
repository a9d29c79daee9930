import { logEvent, owner } from '../audit/log.ts'
import { findAgent } from '../db/agents.ts'
import {
  type Business,
  type BusinessValues,
  claimNumber,
  insertBusiness,
  listBusinesses,
  lockBusiness,
  releaseNumber,
  updateBusiness,
} from '../db/businesses.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import { takeTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { e164 } from '../phone-number.ts'
import { regionOf } from '../phone-region.ts'

const MOST_BUSINESSES = 20

/** Oldest first. */
export function businessesOf({ db }: Pick<Deps, 'db'>, clerkUserId: string): Promise<Business[]> {
  return inTenant(db, clerkUserId, (trx) => listBusinesses(trx, clerkUserId))
}

/** @throws AppError `not_found` */
export async function businessOf(deps: Pick<Deps, 'db'>, clerkUserId: string, id: string): Promise<Business> {
  const found = (await businessesOf(deps, clerkUserId)).find((one) => one.id === id)
  if (!found) throw new AppError('not_found', 'no such business of hers')
  return found
}

/** @throws AppError `limit_reached`, `number_taken`, `number_unreadable`, `agent_unknown` */
export function addBusiness(
  deps: Pick<Deps, 'db' | 'config'>,
  clerkUserId: string,
  values: Partial<BusinessValues> & { name: string },
): Promise<Business> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    await takeTurn(trx, clerkUserId)
    if ((await listBusinesses(trx, clerkUserId)).length >= MOST_BUSINESSES)
      throw new AppError('limit_reached', `${MOST_BUSINESSES} businesses`)
    const sound = await soundValues(deps, trx, clerkUserId, values)
    const business = await insertBusiness(trx, clerkUserId, { ...sound, name: values.name })
    await log(trx, clerkUserId, 'business.created', business, values)
    return business
  })
}

/**
 * Changes what is given. It holds for the next offer: what is asked of a business is read anew each time.
 * @throws AppError `not_found`, `number_taken`, `number_unreadable`, `agent_unknown`
 */
export function changeBusiness(
  deps: Pick<Deps, 'db' | 'config'>,
  clerkUserId: string,
  id: string,
  values: Partial<BusinessValues>,
): Promise<Business> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    await takeTurn(trx, clerkUserId)
    const known = await lockBusiness(trx, clerkUserId, id)
    if (!known) throw new AppError('not_found', 'no such business of hers')
    const sound = await soundValues(deps, trx, clerkUserId, values, known)
    if (Object.keys(sound).length === 0) return known
    const changed = await updateBusiness(trx, clerkUserId, id, sound)
    if (known.phoneNumber !== null && known.phoneNumber !== changed.phoneNumber) await releaseNumber(trx, known.phoneNumber)
    await log(trx, clerkUserId, 'business.changed', changed, values)
    return changed
  })
}

/** The same values with the number in E.164, claimed: one that another business has is refused, whoever's that is. */
async function soundValues(
  { config }: Pick<Deps, 'config'>,
  trx: TenantDb,
  clerkUserId: string,
  values: Partial<BusinessValues>,
  known?: Business,
): Promise<Partial<BusinessValues>> {
  const { phoneNumber: written, agentId } = values
  if (typeof agentId === 'number' && !(await findAgent(trx, clerkUserId, agentId))) throw new AppError('agent_unknown', 'none of hers')
  if (typeof written !== 'string') return values
  const { phoneRegion = null, timeZone = null } = { ...known, ...values }
  const region = regionOf({ phoneRegion, timeZone: timeZone ?? config.defaultTimeZone, phoneNumber: known?.phoneNumber ?? null })
  const number = e164(written, region)
  if (number === undefined) throw new AppError('number_unreadable', 'no E.164 can be made of it')
  const isOwn = (await listBusinesses(trx, clerkUserId)).some((one) => one.phoneNumber === number && one.id !== known?.id)
  if (isOwn || !(await claimNumber(trx, number))) throw new AppError('number_taken', isOwn ? 'by another of hers' : 'by another user')
  return { ...values, phoneNumber: number }
}

async function log(
  trx: TenantDb,
  clerkUserId: string,
  action: 'business.created' | 'business.changed',
  { id }: Business,
  values: Partial<BusinessValues>,
): Promise<void> {
  await logEvent(trx, { clerkUserId, actor: owner, action, subject: { kind: 'business', id }, details: { fields: Object.keys(values) } })
}
