import { inTenant } from '../db/client.ts'
import { findConnection, listSealedElsewhere, replaceSealed, sealingKeys } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { sealAgain } from './sealing.ts'

const AT_ONCE = 100

/**
 * Seals again, with the active key, what an older key sealed, so that the older one can be taken out of the settings. May be interrupted
 * and run by several processes: a row that changed meanwhile is left for the next round.
 * @throws Error when rows were sealed with a key that is not in the settings
 */
export async function resealTokens({ db, cipher, log }: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const missing = (await sealingKeys(db)).filter((id) => !cipher.keyIds.includes(id))
  if (missing.length > 0) throw new Error(`TOKEN_ENCRYPTION_KEYS lacks ${missing.join(', ')}: stored tokens were sealed with it`)
  for (;;) {
    const rows = await listSealedElsewhere(db, cipher.activeKeyId, AT_ONCE)
    let changed = 0
    for (const { clerkUserId, id } of rows) {
      // A row that was damaged opens with no key; it must not keep the service from starting.
      const resealed = await inTenant(db, clerkUserId, async (trx) => {
        const row = await findConnection(trx, clerkUserId, id)
        if (!row) return false
        const fresh = { accessToken: sealAgain({ cipher }, row, 'accessToken'), refreshToken: sealAgain({ cipher }, row, 'refreshToken') }
        return replaceSealed(trx, row, fresh)
      }).catch((error: unknown) => {
        log.error({ err: error, connectionId: id }, 'a stored token does not open; its owner has to connect again')
        return false
      })
      if (resealed) changed += 1
    }
    if (changed > 0) log.info({ changed, key: cipher.activeKeyId }, 'tokens were sealed again')
    if (changed === 0) return
  }
}
