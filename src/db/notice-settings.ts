import { sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'

/** How an owner wants to be told. */
export interface NoticeSettings {
  emailEnabled: boolean
  /** `null`: the user's own. */
  emailAddress: string | null
  /** Also of what she has done herself. */
  emailOfOwnActs: boolean
  /** Those that are sent, over either channel; `null`: all there are, later ones too. */
  kinds: string[] | null
  webhookEnabled: boolean
  webhookUrl: string | null
  /** Sealed. */
  webhookSecret: string | null
  /** Sealed; signs beside the new one while it is valid. */
  webhookOldSecret: string | null
  webhookOldUntil: Date | null
}

const STANDARD: NoticeSettings = {
  emailEnabled: true,
  emailAddress: null,
  emailOfOwnActs: true,
  kinds: null,
  webhookEnabled: false,
  webhookUrl: null,
  webhookSecret: null,
  webhookOldSecret: null,
  webhookOldUntil: null,
}

const COLUMNS = [
  'emailEnabled',
  'emailAddress',
  'emailOfOwnActs',
  'kinds',
  'webhookEnabled',
  'webhookUrl',
  'webhookSecret',
  'webhookOldSecret',
  'webhookOldUntil',
] as const

export async function findNoticeSettings(trx: TenantDb, clerkUserId: string): Promise<NoticeSettings> {
  const row = await trx.selectFrom('noticeSettings').select(COLUMNS).where('clerkUserId', '=', clerkUserId).executeTakeFirst()
  return row ?? STANDARD
}

/** Whoever else changes them waits until this transaction ends; there need be none yet. */
export async function lockNoticeSettings(trx: TenantDb, clerkUserId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`notice settings ${clerkUserId}`}, 0))`.execute(trx)
}

/** What is not given stays. */
export async function saveNoticeSettings(trx: TenantDb, clerkUserId: string, changed: Partial<NoticeSettings>): Promise<NoticeSettings> {
  const row = { ...(await findNoticeSettings(trx, clerkUserId)), ...changed }
  await trx
    .insertInto('noticeSettings')
    .values({ clerkUserId, ...row })
    .onConflict((conflict) => conflict.column('clerkUserId').doUpdateSet({ ...row, updatedAt: sql<Date>`now()` }))
    .execute()
  return row
}

/** The new secret (sealed) signs from now on, and what was there before beside it for so long. */
export async function replaceWebhookSecret(
  trx: TenantDb,
  clerkUserId: string,
  sealed: string,
  oldValidSeconds: number,
): Promise<Date | null> {
  const changed = await trx
    .updateTable('noticeSettings')
    .set({
      webhookSecret: sealed,
      webhookOldSecret: sql<string | null>`webhook_secret`,
      webhookOldUntil: sql<Date | null>`case when webhook_secret is not null then now() + ${oldValidSeconds} * interval '1 second' end`,
      updatedAt: sql<Date>`now()`,
    })
    .where('clerkUserId', '=', clerkUserId)
    .returning('webhookOldUntil')
    .executeTakeFirst()
  return changed?.webhookOldUntil ?? null
}

/** Ids of the keys with which secrets of webhooks are sealed, of all tenants. */
export async function webhookSealingKeys(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select * from notice_settings_sealing_keys() as id`.execute(db)
  return rows.map((row) => row.id)
}

/** Whose webhook has a secret that another key than this sealed. */
export async function listWebhooksSealedElsewhere(db: Db, keyId: string, atMost: number): Promise<string[]> {
  const { rows } = await sql<{ owner: string }>`
    select clerk_user_id as owner from notice_settings_sealed_elsewhere(${keyId}, ${atMost})`.execute(db)
  return rows.map((row) => row.owner)
}

/** The same secrets in a new seal; false when they were replaced meanwhile. */
export async function replaceSealedWebhook(
  trx: TenantDb,
  clerkUserId: string,
  before: Pick<NoticeSettings, 'webhookSecret' | 'webhookOldSecret'>,
  fresh: Pick<NoticeSettings, 'webhookSecret' | 'webhookOldSecret'>,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('noticeSettings')
    .set(fresh)
    .where('clerkUserId', '=', clerkUserId)
    .where('webhookSecret', 'is not distinct from', before.webhookSecret)
    .where('webhookOldSecret', 'is not distinct from', before.webhookOldSecret)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
