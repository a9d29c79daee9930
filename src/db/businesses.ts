import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { TenantDb } from './client.ts'
import type { Json } from './schema.ts'

/** The public face of a user: when it is open and what may be booked there. */
export interface Business {
  id: string
  name: string
  /** IANA; `null`: that of the user or the calendar. */
  timeZone: string | null
  /** E.164; its own. */
  phoneNumber: string | null
  /** ISO 3166: whose national numbers callers say; `null`: see `regionOf`. */
  phoneRegion: string | null
  /** Wall-clock intervals by weekday, as `Rules` of calendar/ has them. */
  openingHours: Json
  /** Days with other hours, as `Rules` has them. */
  dateOverrides: Json
  slotMinutes: number
  /** `null`: as far apart as a slot is long. */
  stepMinutes: number | null
  /** opening | hour */
  startsFrom: string
  bufferBeforeMinutes: number
  bufferAfterMinutes: number
  dailyCap: number | null
  noticeMinutes: number
  aheadDays: number
  horizonDays: number
  /** From and to of each word for a stretch of the day: { "morning": ["00:00", "12:00"], … }. */
  dayWindows: Json
  allDayBlocks: boolean
  tentativeBlocks: boolean
  outOfOfficeBlocks: boolean
  workingElsewhereBlocks: boolean
  email: string | null
  /** While it is not, its line says that it is not set up. */
  isActive: boolean
  /** By what a caller proves that an appointment is hers: code (besides the number of her call) | number. */
  changeProof: string
  /** How long what was said is kept; 0: it is not stored. */
  transcriptDays: number
  /** How long it is kept that there was a call. */
  recordDays: number
  /** Who answers; `null`: the newest active agent with an assistant. */
  agentId: number | null
  /** Of the secret of assistants that are made for one call. */
  secretDigest: string | null
  createdAt: Date
  updatedAt: Date
}

/** What its owner says about it. */
export type BusinessValues = Omit<Business, 'id' | 'secretDigest' | 'createdAt' | 'updatedAt'>

const COLUMNS = [
  'id',
  'name',
  'timeZone',
  'phoneNumber',
  'phoneRegion',
  'openingHours',
  'dateOverrides',
  'slotMinutes',
  'stepMinutes',
  'startsFrom',
  'bufferBeforeMinutes',
  'bufferAfterMinutes',
  'dailyCap',
  'noticeMinutes',
  'aheadDays',
  'horizonDays',
  'dayWindows',
  'allDayBlocks',
  'tentativeBlocks',
  'outOfOfficeBlocks',
  'workingElsewhereBlocks',
  'email',
  'isActive',
  'changeProof',
  'transcriptDays',
  'recordDays',
  'agentId',
  'secretDigest',
  'createdAt',
  'updatedAt',
] as const

/**
 * The user's business with that number, else her first one, which was made with her.
 * @param dialled E.164
 * @throws AppError `not_signed_in` when she was deleted meanwhile
 */
export function findBusiness(trx: TenantDb, clerkUserId: string, dialled: string | null = null): Promise<Business> {
  return trx
    .selectFrom('businesses')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .orderBy(sql`phone_number is not distinct from ${dialled}::text and phone_number is not null`, 'desc')
    .orderBy('createdAt')
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow(() => new AppError('not_signed_in', 'no business, so the user was deleted meanwhile'))
}

/** How customers know the business, and where they write to it. */
export function findContact(trx: TenantDb, clerkUserId: string): Promise<{ name: string; email: string | null }> {
  return trx
    .selectFrom('businesses')
    .select(['name', 'email'])
    .where('clerkUserId', '=', clerkUserId)
    .orderBy('createdAt')
    .orderBy('id')
    .executeTakeFirstOrThrow(() => new AppError('not_signed_in', 'no business, so the user was deleted meanwhile'))
}

/** By what a caller proves that an appointment is hers: its code besides the number of her call, or that number alone. */
export async function findChangeProof(trx: TenantDb, clerkUserId: string): Promise<string> {
  return (await findBusiness(trx, clerkUserId)).changeProof
}

/** Oldest first: the first is the one that holds where no number tells another. */
export function listBusinesses(trx: TenantDb, clerkUserId: string): Promise<Business[]> {
  return trx.selectFrom('businesses').select(COLUMNS).where('clerkUserId', '=', clerkUserId).orderBy('createdAt').orderBy('id').execute()
}

/** For whoever may change it: nobody else does until the transaction ends. */
export function lockBusiness(trx: TenantDb, clerkUserId: string, id: string): Promise<Business | undefined> {
  return trx
    .selectFrom('businesses')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

/** Its number, if it has one, must have been claimed in the same transaction. What is not said begins with the usual rules. */
export function insertBusiness(
  trx: TenantDb,
  clerkUserId: string,
  { name, ...values }: Partial<BusinessValues> & { name: string },
): Promise<Business> {
  return trx
    .insertInto('businesses')
    .values({ clerkUserId, name, ...columnsOf(values) })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}

/** Its new number, if it has one, must have been claimed in the same transaction. */
export function updateBusiness(trx: TenantDb, clerkUserId: string, id: string, values: Partial<BusinessValues>): Promise<Business> {
  return trx
    .updateTable('businesses')
    .set({ ...columnsOf(values), updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
}

/** False when it is another tenant's. Numbers that callers dial are unique over all tenants. @param number E.164 */
export async function claimNumber(trx: TenantDb, number: string): Promise<boolean> {
  const { rows } = await sql<{ claimed: boolean }>`select directory_claim('number', ${number}) as claimed`.execute(trx)
  return rows[0]?.claimed ?? false
}

/** From now on anybody may have it. */
export async function releaseNumber(trx: TenantDb, number: string): Promise<void> {
  await sql`select directory_release('number', ${number})`.execute(trx)
}

/** Assistants that are made for one call prove themselves by this secret from now on, and no longer by the one before. */
export async function replaceCallSecret(trx: TenantDb, clerkUserId: string, business: Business, digest: string): Promise<void> {
  if (business.secretDigest !== null) await sql`select directory_release('secret', ${business.secretDigest})`.execute(trx)
  await sql`select directory_claim('secret', ${digest})`.execute(trx)
  await trx
    .updateTable('businesses')
    .set({ secretDigest: digest })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', business.id)
    .execute()
}

// An array would be taken for one of Postgres's own.
function columnsOf({ openingHours, dateOverrides, dayWindows, ...values }: Partial<BusinessValues>) {
  return {
    ...values,
    ...(openingHours === undefined ? {} : { openingHours: JSON.stringify(openingHours) }),
    ...(dateOverrides === undefined ? {} : { dateOverrides: JSON.stringify(dateOverrides) }),
    ...(dayWindows === undefined ? {} : { dayWindows: JSON.stringify(dayWindows) }),
  }
}

/** Is this the id of one of this user's businesses? @param id as somebody else has it */
export async function isBusiness(trx: TenantDb, clerkUserId: string, id: string): Promise<boolean> {
  const own = await trx.selectFrom('businesses').select('id').where('clerkUserId', '=', clerkUserId).execute()
  return own.some((business) => business.id === id)
}

/** The phone numbers of her businesses, E.164. */
export async function listBusinessNumbers(trx: TenantDb, clerkUserId: string): Promise<string[]> {
  const rows = await trx.selectFrom('businesses').select('phoneNumber').where('clerkUserId', '=', clerkUserId).execute()
  return rows.map(({ phoneNumber }) => phoneNumber).filter((number) => number !== null)
}
