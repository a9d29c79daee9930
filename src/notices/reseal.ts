import { inTenant } from '../db/client.ts'
import { findNoticeSettings, listWebhooksSealedElsewhere, replaceSealedWebhook, webhookSealingKeys } from '../db/notice-settings.ts'
import type { Deps } from '../deps.ts'
import { openWebhookSecret, sealWebhookSecret } from './webhook.ts'

const AT_ONCE = 100

/**
 * Seals webhooks' secrets again with the active key, so that an older one can be taken out of the settings. As with tokens, it may be
 * interrupted and run by several processes.
 * @throws Error when one was sealed with a key that is not in the settings
 */
export async function resealWebhookSecrets({ db, cipher, log }: Pick<Deps, 'db' | 'cipher' | 'log'>): Promise<void> {
  const missing = (await webhookSealingKeys(db)).filter((id) => !cipher.keyIds.includes(id))
  if (missing.length > 0) throw new Error(`TOKEN_ENCRYPTION_KEYS lacks ${missing.join(', ')}: webhooks' secrets were sealed with it`)
  const again = (clerkUserId: string, sealed: string | null) => {
    const secret = sealed === null ? undefined : openWebhookSecret(cipher, clerkUserId, sealed)
    // One that was damaged opens with no key: it stays as it is, and does not keep the service from starting.
    return secret === undefined ? sealed : sealWebhookSecret(cipher, clerkUserId, secret)
  }
  let changed = 1
  while (changed > 0) {
    changed = 0
    for (const clerkUserId of await listWebhooksSealedElsewhere(db, cipher.activeKeyId, AT_ONCE)) {
      const isResealed = await inTenant(db, clerkUserId, async (trx) => {
        const before = await findNoticeSettings(trx, clerkUserId)
        const webhookSecret = again(clerkUserId, before.webhookSecret)
        const webhookOldSecret = again(clerkUserId, before.webhookOldSecret)
        if (webhookSecret === before.webhookSecret && webhookOldSecret === before.webhookOldSecret) return false
        return replaceSealedWebhook(trx, clerkUserId, before, { webhookSecret, webhookOldSecret })
      })
      if (isResealed) changed += 1
      else log.error("a webhook's secret does not open; its owner has to make a new one")
    }
  }
}
