import { z } from 'zod'
import { oneLine } from '../../one-line.ts'
import type { Access, CalendarInfo } from '../provider.ts'
import { mailboxTimeZone, pageOf } from './calendar-view.ts'
import { allPages, type Graph } from './graph.ts'

const LONGEST_NAME = 200

export async function listCalendars(graph: Graph, access: Access): Promise<CalendarInfo[]> {
  const path = '/me/calendars?$select=id,name,canEdit,isDefaultCalendar&$top=100'
  const [calendars, timeZone] = await Promise.all([
    allPages(graph, access, 'calendars', path, CalendarPage),
    mailboxTimeZone(graph, access),
  ])
  return calendars
    .map(({ id, name, canEdit, isDefaultCalendar }) => ({
      id,
      name: oneLine(name, LONGEST_NAME),
      isMain: isDefaultCalendar,
      canWrite: canEdit,
      timeZone,
      link: 'https://outlook.office.com/calendar/',
      minutes: [],
    }))
    .sort((a, b) => Number(b.isMain) - Number(a.isMain))
}

const CalendarPage = pageOf(
  z.object({ id: z.string(), name: z.string(), canEdit: z.boolean().default(false), isDefaultCalendar: z.boolean().default(false) }),
)
