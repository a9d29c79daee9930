import { type Action, logEvent, owner } from '../audit/log.ts'
import { inTenant, type TenantDb } from '../db/client.ts'
import {
  findNoticeSettings,
  lockNoticeSettings,
  type NoticeSettings,
  replaceWebhookSecret,
  saveNoticeSettings,
} from '../db/notice-settings.ts'
import type { NoticeKind } from '../db/notices.ts'
import { findUser } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { type Answer, isFitForWebhook } from './post.ts'
import { postSigned } from './post-notice.ts'
import { newWebhookSecret, sealWebhookSecret } from './webhook.ts'

/** A user has one. */
const WEBHOOK = { kind: 'webhook', id: 'notices' } as const

// Long enough to give the new one to whoever receives.
const OLD_SECRET_SECONDS = 24 * 60 * 60

/** The settings with what they come to. */
export interface ShownSettings extends NoticeSettings {
  /** Where e-mails go. */
  address: string | null
  /** Shown in the answer to the request that made it, and never again. */
  newSecret: string | null
}

/** What is left out stays. `null`: as it was at first. */
export interface SettingsChange {
  email?: { enabled?: boolean | undefined; address?: string | null | undefined; ownActs?: boolean | undefined } | undefined
  kinds?: NoticeKind[] | null | undefined
  webhook?: { enabled?: boolean | undefined; url?: string | null | undefined } | undefined
}

export function settingsOf({ db }: Pick<Deps, 'db'>, clerkUserId: string): Promise<ShownSettings> {
  return inTenant(db, clerkUserId, async (trx) => shown(trx, clerkUserId, await findNoticeSettings(trx, clerkUserId)))
}

/**
 * Changes how a user is told. The first address of a webhook gets a secret; an address that is set switches it on, unless the same request
 * says otherwise. @throws AppError `webhook_address_refused`, `webhook_missing`
 */
export async function changeSettings({ db, config, cipher }: Deps, clerkUserId: string, change: SettingsChange): Promise<ShownSettings> {
  const { email = {}, kinds, webhook = {} } = change
  if (webhook.url && !isFitForWebhook(webhook.url, config.webhooksMayBeLocal))
    throw new AppError('webhook_address_refused', 'not https, or not of the public internet')
  return inTenant(db, clerkUserId, async (trx) => {
    await lockNoticeSettings(trx, clerkUserId)
    const before = await findNoticeSettings(trx, clerkUserId)
    const webhookUrl = webhook.url === undefined ? before.webhookUrl : webhook.url
    const webhookEnabled = webhook.enabled ?? (webhook.url === undefined ? before.webhookEnabled : webhook.url !== null)
    if (webhookEnabled && webhookUrl === null) throw new AppError('webhook_missing', 'switched on without an address')
    const newSecret = webhookUrl !== null && before.webhookSecret === null ? newWebhookSecret() : null
    const after = await saveNoticeSettings(trx, clerkUserId, {
      emailEnabled: email.enabled ?? before.emailEnabled,
      emailAddress: email.address === undefined ? before.emailAddress : email.address,
      emailOfOwnActs: email.ownActs ?? before.emailOfOwnActs,
      kinds: kinds === undefined ? before.kinds : kinds,
      webhookUrl,
      webhookEnabled,
      ...(newSecret === null ? {} : { webhookSecret: sealWebhookSecret(cipher, clerkUserId, newSecret) }),
    })
    await logChanges(trx, clerkUserId, before, after)
    return { ...(await shown(trx, clerkUserId, after)), newSecret }
  })
}

/**
 * Makes a new secret; what is sent is signed with the one before too for a day, so that nothing is refused meanwhile.
 * @throws AppError `webhook_missing`
 */
export function rotateSecret(
  { db, cipher }: Pick<Deps, 'db' | 'cipher'>,
  clerkUserId: string,
): Promise<{ secret: string; oldUntil: Date | null }> {
  const secret = newWebhookSecret()
  return inTenant(db, clerkUserId, async (trx) => {
    await lockNoticeSettings(trx, clerkUserId)
    const { webhookUrl } = await findNoticeSettings(trx, clerkUserId)
    if (webhookUrl === null) throw new AppError('webhook_missing', 'no address yet')
    const sealed = sealWebhookSecret(cipher, clerkUserId, secret)
    const oldUntil = await replaceWebhookSecret(trx, clerkUserId, sealed, OLD_SECRET_SECONDS)
    await logEvent(trx, { clerkUserId, actor: owner, action: 'secret.changed', subject: WEBHOOK, details: { old_until: oldUntil } })
    return { secret, oldUntil }
  })
}

/** Sends a ping at once, whether or not the webhook is switched on. @throws AppError `webhook_missing` */
export async function testWebhook(deps: Pick<Deps, 'db' | 'config' | 'cipher'>, clerkUserId: string, signal: AbortSignal): Promise<Answer> {
  const settings = await inTenant(deps.db, clerkUserId, (trx) => findNoticeSettings(trx, clerkUserId))
  if (settings.webhookUrl === null) throw new AppError('webhook_missing', 'no address yet')
  const id = `msg_${crypto.randomUUID()}`
  return postSigned(deps, { clerkUserId, id, settings, type: 'ping', timestamp: new Date().toISOString(), data: {}, signal })
}

/** Where an owner's news go to is worth knowing; the addresses themselves stay out of a log that is never changed. */
async function logChanges(trx: TenantDb, clerkUserId: string, before: NoticeSettings, after: NoticeSettings): Promise<void> {
  const log = (action: Action, fields: string[]) =>
    logEvent(trx, { clerkUserId, actor: owner, action, subject: WEBHOOK, details: { fields } })
  if (before.webhookUrl === null && after.webhookUrl !== null) await log('webhook.created', ['url'])
  else if (before.webhookUrl !== null && after.webhookUrl === null) await log('webhook.deleted', ['url'])
  else if (before.webhookUrl !== after.webhookUrl) await log('webhook.changed', ['url'])
  else if (before.webhookEnabled !== after.webhookEnabled) await log('webhook.changed', ['enabled'])
  const others = {
    email_enabled: before.emailEnabled !== after.emailEnabled,
    email_address: before.emailAddress !== after.emailAddress,
    own_acts: before.emailOfOwnActs !== after.emailOfOwnActs,
    kinds: before.kinds?.join() !== after.kinds?.join(),
  }
  const fields = Object.entries(others).flatMap(([name, isOther]) => (isOther ? [name] : []))
  if (fields.length === 0) return
  const subject = { kind: 'user', id: clerkUserId } as const
  await logEvent(trx, { clerkUserId, actor: owner, action: 'notices.changed', subject, details: { fields } })
}

async function shown(trx: TenantDb, clerkUserId: string, settings: NoticeSettings): Promise<ShownSettings> {
  const address = settings.emailAddress ?? (await findUser(trx, clerkUserId))?.email ?? null
  return { ...settings, address, newSecret: null }
}
