import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { oneLine } from '../../one-line.ts'
import type { Access, CalendarInfo } from '../provider.ts'
import { auth, readable, type Vendor } from './api.ts'
import { apiFailure } from './failure.ts'

const MAX_PAGES = 20
const LONGEST_NAME = 200

export async function listCalendars(vendor: Vendor, access: Access): Promise<CalendarInfo[]> {
  const operation = 'calendarList.list'
  const found: z.infer<typeof CalendarPage>['items'] = []
  let pageToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await vendor.api.calendarList
      .list({
        auth: auth(vendor, access, { operation, budget: 'read' }),
        minAccessRole: 'freeBusyReader',
        maxResults: 250,
        ...(pageToken ? { pageToken } : {}),
      })
      .catch((error: unknown) => {
        throw apiFailure(operation, error)
      })
    const { items, nextPageToken } = readable(operation, CalendarPage, answer.data)
    found.push(...items)
    if (nextPageToken === undefined) return found.map(calendarInfo).sort((a, b) => Number(b.isMain) - Number(a.isMain))
    pageToken = nextPageToken
  }
  throw new AppError('provider_unavailable', `google ${operation}: pages without end`)
}

// An unknown role may write nothing: what it allows would show only when a booking fails.
const WRITING_ROLES = ['owner', 'writer', 'writerWithoutPrivateAccess']

function calendarInfo(entry: z.infer<typeof CalendarPage>['items'][number]): CalendarInfo {
  return {
    id: entry.id,
    name: oneLine(entry.summaryOverride ?? entry.summary, LONGEST_NAME),
    isMain: entry.primary,
    canWrite: WRITING_ROLES.includes(entry.accessRole),
    timeZone: entry.timeZone,
    link: 'https://calendar.google.com/calendar/r',
    minutes: [],
  }
}

const CalendarPage = z.object({
  items: z
    .array(
      z.object({
        id: z.string(),
        summary: z.string().default(''),
        summaryOverride: z.string().optional(),
        accessRole: z.string().default(''),
        timeZone: z.string().nullable().default(null),
        primary: z.boolean().default(false),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
})
