import { AppError } from '../errors.ts'
import type { TenantDb } from './client.ts'
import type { Json } from './schema.ts'

/** When a business is open and what may be booked there. */
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
}

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
] as const

/** The user's first business; one was made with her. @throws AppError `not_signed_in` when she was deleted meanwhile */
export function findBusiness(trx: TenantDb, clerkUserId: string): Promise<Business> {
  return trx
    .selectFrom('businesses')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .orderBy('createdAt')
    .orderBy('id')
    .executeTakeFirstOrThrow(() => new AppError('not_signed_in', 'no business, so the user was deleted meanwhile'))
}

/** By what a caller proves that an appointment is hers: its code besides the number of her call, or that number alone. */
export async function findChangeProof(trx: TenantDb, clerkUserId: string): Promise<string> {
  const { changeProof } = await trx
    .selectFrom('businesses')
    .select('changeProof')
    .where('clerkUserId', '=', clerkUserId)
    .orderBy('createdAt')
    .orderBy('id')
    .executeTakeFirstOrThrow(() => new AppError('not_signed_in', 'no business, so the user was deleted meanwhile'))
  return changeProof
}

/** Is this the id of one of this user's businesses? @param id as somebody else has it */
export async function isBusiness(trx: TenantDb, clerkUserId: string, id: string): Promise<boolean> {
  const own = await trx.selectFrom('businesses').select('id').where('clerkUserId', '=', clerkUserId).execute()
  return own.some((business) => business.id === id)
}
