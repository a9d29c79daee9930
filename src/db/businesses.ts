import { AppError } from '../errors.ts'
import type { TenantDb } from './client.ts'
import type { Json } from './schema.ts'

/** When a business is open and what may be booked there. */
export interface Business {
  id: string
  name: string
  /** IANA; `null`: that of the user or the calendar. */
  timeZone: string | null
  /** Wall-clock intervals by weekday, as `Rules` of calendar/ has them. */
  openingHours: Json
  slotMinutes: number
  noticeMinutes: number
  aheadDays: number
  horizonDays: number
}

const COLUMNS = ['id', 'name', 'timeZone', 'openingHours', 'slotMinutes', 'noticeMinutes', 'aheadDays', 'horizonDays'] as const

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
