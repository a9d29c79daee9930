import { inTenant } from '../db/client.ts'
import type { LeasedDelivery } from '../db/notice-deliveries.ts'
import { findNoticeSettings, type NoticeSettings } from '../db/notice-settings.ts'
import type { Deps } from '../deps.ts'
import type { JobData } from '../jobs/jobs.ts'
import { deliver } from './deliver.ts'
import type { Outcome } from './outcome.ts'
import { type Answer, postOutside } from './post.ts'
import { openWebhookSecret, signedHeaders } from './webhook.ts'

/**
 * A job: sends a notice to its owner's webhook, at least once: whatever is not a 2xx within five seconds is tried again for two days. Its id
 * stays the same, so that the receiver knows what comes twice.
 */
export async function postNotice(deps: Deps, { clerkUserId, deliveryId }: JobData['post-notice'], signal: AbortSignal): Promise<void> {
  await deliver(deps, { clerkUserId, id: deliveryId, channel: 'webhook' }, async (delivery): Promise<Outcome> => {
    const settings = await inTenant(deps.db, clerkUserId, (trx) => findNoticeSettings(trx, clerkUserId))
    if (!settings.webhookEnabled) return { kind: 'dead', error: 'switched_off' }
    const answer = await postSigned(deps, { clerkUserId, id: `msg_${delivery.id}`, settings, ...messageOf(delivery), signal })
    if ('problem' in answer) return { kind: 'put_off', error: answer.problem }
    return answer.status >= 200 && answer.status < 300 ? { kind: 'sent' } : { kind: 'put_off', error: String(answer.status) }
  })
}

/** What the receiver reads. */
interface Message {
  type: string
  timestamp: string
  data: object
}

function messageOf({ kind, happenedAt, noticeId, text, data }: LeasedDelivery): Message {
  return { type: kind, timestamp: happenedAt.toISOString(), data: { notice_id: noticeId, text, ...(data instanceof Object ? data : {}) } }
}

interface Signed extends Message {
  clerkUserId: string
  id: string
  settings: NoticeSettings
  signal: AbortSignal
}

/** Signed with the secret there is, and for a day after it was replaced with the one before too. */
export async function postSigned(deps: Pick<Deps, 'config' | 'cipher'>, message: Signed): Promise<Answer> {
  const { clerkUserId, id, settings, signal, type, timestamp, data } = message
  const { webhookUrl: url, webhookSecret, webhookOldSecret, webhookOldUntil } = settings
  const now = new Date()
  const old = webhookOldUntil !== null && webhookOldUntil > now ? webhookOldSecret : null
  const sealed = [webhookSecret, old].filter((one) => one !== null)
  if (url === null || sealed.length === 0) return { problem: 'no_webhook' }
  const secrets = sealed.flatMap((one) => openWebhookSecret(deps.cipher, clerkUserId, one) ?? [])
  if (secrets.length === 0) return { problem: 'secret_lost' }
  const body = JSON.stringify({ type, timestamp, data })
  return postOutside({ url, headers: signedHeaders(id, body, now, secrets), body, mayBeLocal: deps.config.webhooksMayBeLocal, signal })
}
