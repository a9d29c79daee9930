import { inTenant } from '../db/client.ts'
import { findNoticeSettings, listWebhooksSealedElsewhere, replaceSealedWebhook, webhookSealingKeys } from '../db/notice-settings.ts'
import type { Deps } from '../deps.ts'
import { reseal } from '../reseal.ts'
import { openWebhookSecret, sealWebhookSecret } from './webhook.ts'

/** As `reseal`, for webhooks' secrets. */
export async function resealWebhookSecrets(deps: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const { db, cipher, log } = deps
  const sealAgain = (clerkUserId: string, sealed: string | null) => {
    const secret = sealed === null ? undefined : openWebhookSecret(cipher, clerkUserId, sealed)
    return secret === undefined ? sealed : sealWebhookSecret(cipher, clerkUserId, secret)
  }
  await reseal(deps, {
    what: "webhooks' secrets",
    keyIds: webhookSealingKeys,
    listElsewhere: listWebhooksSealedElsewhere,
    again: async (clerkUserId) => {
      const isResealed = await inTenant(db, clerkUserId, async (trx) => {
        const before = await findNoticeSettings(trx, clerkUserId)
        const webhookSecret = sealAgain(clerkUserId, before.webhookSecret)
        const webhookOldSecret = sealAgain(clerkUserId, before.webhookOldSecret)
        if (webhookSecret === before.webhookSecret && webhookOldSecret === before.webhookOldSecret) return false
        return replaceSealedWebhook(trx, clerkUserId, before, { webhookSecret, webhookOldSecret })
      })
      if (!isResealed) log.error("a webhook's secret does not open; its owner has to make a new one")
      return isResealed
    },
  })
}
