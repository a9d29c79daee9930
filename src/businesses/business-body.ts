import * as z from 'zod'
import type { Business, BusinessValues } from '../db/businesses.ts'
import { instant, line } from '../http/zod.ts'
import { isZoneName } from '../time-zone.ts'
import { DateOverrides, DayWindows, OpeningHours } from './hours-body.ts'

const A_YEAR_IN_MINUTES = 365 * 24 * 60

/** What an owner says about a business, in the names of the wire. The database refuses what these refuse. */
const fields = {
  name: line(200).describe('As the assistant says it'),
  phone_number: z
    .string()
    .max(40)
    .nullable()
    .describe('The number that callers dial, kept as E.164; it leads calls to this business and is no other one’s'),
  email: z.email({ error: 'write an e-mail address, such as desk@example.com' }).max(254).nullable(),
  time_zone: z
    .string()
    .refine(isZoneName, { error: 'is no IANA time zone; write one such as America/Chicago' })
    .nullable()
    .describe('IANA; null: that of the user, else of the connected calendar'),
  region: z
    .string()
    .regex(/^[A-Z]{2}$/, { error: 'write the two capital letters of a country (ISO 3166), such as US' })
    .nullable()
    .describe('Whose national phone numbers callers say; null: by the number, else by the time zone'),
  agent_id: z.int().min(1).nullable().describe('Which agent answers calls to the number; null: the newest active one with an assistant'),
  active: z.boolean().describe('While false, callers hear that the line is not set up, and book nothing'),
  opening_hours: OpeningHours.describe(
    'Wall clock in its time zone, one list of stretches per weekday; a weekday that is missing is closed',
  ),
  date_overrides: DateOverrides.describe(
    'Days with other hours; both days count, no hours means closed, the last one that covers a day counts',
  ),
  slot_minutes: z.int().min(5).max(480).describe('Length of an appointment where nobody asks for another'),
  step_minutes: z.int().min(5).max(480).nullable().describe('How far apart appointments may begin; null: as slot_minutes'),
  starts_from: z.enum(['opening', 'hour']).describe('Steps are counted from each opening, or from the full hour at or before it'),
  buffer_before_minutes: z.int().min(0).max(480).describe('Kept free before each appointment of callers'),
  buffer_after_minutes: z.int().min(0).max(480),
  daily_cap: z.int().min(1).max(500).nullable().describe('Appointments of callers on one day; null: as many as fit'),
  notice_minutes: z.int().min(0).max(A_YEAR_IN_MINUTES).describe('Callers book so long ahead at least'),
  ahead_days: z.int().min(1).max(365).describe('How far is looked ahead when the caller names no day'),
  horizon_days: z.int().min(1).max(365).describe('Callers book so far ahead at most'),
  day_windows: DayWindows.describe('When an appointment begins that is wished for in the morning, at lunchtime and so on'),
  all_day_blocks: z.boolean().describe('Whole-day events that are not shown as free take time'),
  tentative_blocks: z.boolean(),
  out_of_office_blocks: z.boolean(),
  working_elsewhere_blocks: z.boolean(),
  change_proof: z
    .enum(['code', 'number'])
    .describe('By what a caller proves an appointment: its code besides the number of the call, or that number alone'),
  transcript_days: z
    .int()
    .min(0)
    .max(365)
    .describe(
      'How long what was said is kept, here and at Vapi; 0: nothing of it is stored. Of several businesses the shortest time counts',
    ),
  record_days: z
    .int()
    .min(30)
    .max(3650)
    .describe('How long calls, messages and notices are kept. Of several businesses the shortest time counts'),
}

const example = {
  name: 'Elm Street Viewings',
  phone_number: '+13125550142',
  email: 'desk@example.com',
  time_zone: 'America/Chicago',
  region: 'US',
  agent_id: null,
  active: true,
  opening_hours: {
    monday: [
      ['09:00', '12:00'],
      ['13:00', '17:00'],
    ],
    saturday: [['10:00', '14:00']],
  },
  date_overrides: [{ from: '2026-12-24', to: '2026-12-26', hours: [] }],
  slot_minutes: 30,
  step_minutes: null,
  starts_from: 'opening',
  buffer_before_minutes: 0,
  buffer_after_minutes: 15,
  daily_cap: null,
  notice_minutes: 1440,
  ahead_days: 7,
  horizon_days: 60,
  day_windows: {
    morning: ['00:00', '12:00'],
    afternoon: ['12:00', '17:00'],
    evening: ['17:00', '24:00'],
    lunchtime: ['11:30', '13:30'],
    after_work: ['17:00', '24:00'],
  },
  all_day_blocks: true,
  tentative_blocks: true,
  out_of_office_blocks: true,
  working_elsewhere_blocks: false,
  change_proof: 'code',
  transcript_days: 30,
  record_days: 730,
}

const shownExample = {
  id: '7d1c6b1e-3a52-4c07-9f0b-6b2f7f4c2190',
  ...example,
  created_at: '2026-11-01T15:00:00.000Z',
  updated_at: '2026-11-20T09:30:00.000Z',
}

export const NewBusiness = z
  .object(fields)
  .partial()
  .required({ name: true })
  .meta({ examples: [{ name: 'Elm Street Viewings', phone_number: '+13125550142', time_zone: 'America/Chicago' }] })
export const BusinessChange = z
  .object(fields)
  .partial()
  .meta({ examples: [{ opening_hours: example.opening_hours, notice_minutes: 120, step_minutes: 15 }] })

const Stretch = z.tuple([z.string(), z.string()])

export const BusinessBody = z
  .object({
    id: z.uuid(),
    ...fields,
    name: z.string(),
    phone_number: z.string().nullable(),
    email: z.string().nullable(),
    time_zone: z.string().nullable(),
    opening_hours: z.record(z.string(), z.array(Stretch)),
    date_overrides: z.array(z.object({ from: z.string(), to: z.string(), hours: z.array(Stretch) })),
    day_windows: z.record(z.string(), Stretch),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Business', examples: [shownExample] })

export const BusinessList = z.object({ businesses: z.array(BusinessBody) }).meta({ examples: [{ businesses: [shownExample] }] })

/** Columns one by one; what was not sent is not there. */
export function valuesOf(body: z.output<typeof BusinessChange>): Partial<BusinessValues> {
  return present({
    name: body.name,
    phoneNumber: body.phone_number,
    email: body.email,
    timeZone: body.time_zone,
    phoneRegion: body.region,
    agentId: body.agent_id,
    isActive: body.active,
    openingHours: body.opening_hours && present(body.opening_hours),
    dateOverrides: body.date_overrides,
    slotMinutes: body.slot_minutes,
    stepMinutes: body.step_minutes,
    startsFrom: body.starts_from,
    bufferBeforeMinutes: body.buffer_before_minutes,
    bufferAfterMinutes: body.buffer_after_minutes,
    dailyCap: body.daily_cap,
    noticeMinutes: body.notice_minutes,
    aheadDays: body.ahead_days,
    horizonDays: body.horizon_days,
    dayWindows: body.day_windows,
    allDayBlocks: body.all_day_blocks,
    tentativeBlocks: body.tentative_blocks,
    outOfOfficeBlocks: body.out_of_office_blocks,
    workingElsewhereBlocks: body.working_elsewhere_blocks,
    changeProof: body.change_proof,
    transcriptDays: body.transcript_days,
    recordDays: body.record_days,
  })
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function present<T extends object>(given: T): Present<T> {
  const kept: Present<T> = { ...given }
  for (const key in kept) if (kept[key] === undefined) delete kept[key]
  return kept
}

export function bodyOf(business: Business): z.input<typeof BusinessBody> {
  return {
    id: business.id,
    name: business.name,
    phone_number: business.phoneNumber,
    email: business.email,
    time_zone: business.timeZone,
    region: business.phoneRegion,
    agent_id: business.agentId,
    active: business.isActive,
    opening_hours: BusinessBody.shape.opening_hours.parse(business.openingHours),
    date_overrides: BusinessBody.shape.date_overrides.parse(business.dateOverrides),
    slot_minutes: business.slotMinutes,
    step_minutes: business.stepMinutes,
    starts_from: fields.starts_from.parse(business.startsFrom),
    buffer_before_minutes: business.bufferBeforeMinutes,
    buffer_after_minutes: business.bufferAfterMinutes,
    daily_cap: business.dailyCap,
    notice_minutes: business.noticeMinutes,
    ahead_days: business.aheadDays,
    horizon_days: business.horizonDays,
    day_windows: BusinessBody.shape.day_windows.parse(business.dayWindows),
    all_day_blocks: business.allDayBlocks,
    tentative_blocks: business.tentativeBlocks,
    out_of_office_blocks: business.outOfOfficeBlocks,
    working_elsewhere_blocks: business.workingElsewhereBlocks,
    change_proof: fields.change_proof.parse(business.changeProof),
    transcript_days: business.transcriptDays,
    record_days: business.recordDays,
    created_at: business.createdAt.toISOString(),
    updated_at: business.updatedAt.toISOString(),
  }
}
