import * as z from 'zod'
import type { OpeningHours } from '../calendar/slots.ts'
import type { TenantDb } from './client.ts'

/** When a business is open and what may be booked there. */
export interface Business {
  id: string
  name: string
  /** IANA; `null`: that of the user or the calendar. */
  timeZone: string | null
  openingHours: OpeningHours
  slotMinutes: number
  noticeMinutes: number
  aheadDays: number
  horizonDays: number
}

const StoredHours = z.partialRecord(
  z.enum(['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']),
  z.array(z.tuple([z.string(), z.string()])),
)
const COLUMNS = ['id', 'name', 'timeZone', 'openingHours', 'slotMinutes', 'noticeMinutes', 'aheadDays', 'horizonDays'] as const

/** The user's first business; one was made with her. */
export async function findBusiness(trx: TenantDb, clerkUserId: string): Promise<Business> {
  const row = await trx
    .selectFrom('businesses')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .orderBy('createdAt')
    .orderBy('id')
    .executeTakeFirstOrThrow()
  return { ...row, openingHours: StoredHours.parse(row.openingHours) }
}
