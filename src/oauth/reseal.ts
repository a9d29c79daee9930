import { inTenant } from '../db/client.ts'
import { findConnection, listSealedElsewhere, replaceSealed, sealingKeys } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { reseal } from '../reseal.ts'
import { sealAgain } from './sealing.ts'

/** As `reseal`, for vendors' tokens. */
export async function resealTokens(deps: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const { db, log } = deps
  await reseal(deps, {
    what: 'stored tokens',
    keyIds: sealingKeys,
    listElsewhere: listSealedElsewhere,
    again: ({ clerkUserId, id }) =>
      inTenant(db, clerkUserId, async (trx) => {
        const row = await findConnection(trx, clerkUserId, id)
        if (!row) return false
        return replaceSealed(trx, row, {
          accessToken: sealAgain(deps, row, 'accessToken'),
          refreshToken: sealAgain(deps, row, 'refreshToken'),
        })
      }).catch((error: unknown) => {
        log.error({ err: error, connectionId: id }, 'a stored token does not open; its owner has to connect again')
        return false
      }),
  })
}
