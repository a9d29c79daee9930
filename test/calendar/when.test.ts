import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Setting, When } from '../../src/calendar/meaning.ts'
import { readWhen } from '../../src/calendar/when.ts'
import type { OpeningHours } from '../../src/calendar/zone.ts'
import { spokenTime } from '../../src/vapi/spoken-time.ts'

const NEW_YORK = 'America/New_York'
const working: [string, string][] = [['09:00', '17:00']]
const openingHours: OpeningHours = { monday: working, tuesday: working, wednesday: working, thursday: working, friday: working }
/** A Friday, ten in the morning. */
const friday: Setting = { timeZone: NEW_YORK, now: new Date('2026-11-20T10:00:00-05:00'), openingHours }
const on = (now: string, changed: Partial<Setting> = {}): Setting => ({ ...friday, now: new Date(now), ...changed })

/** A reading in one short line, in local time. */
function short(when: When, { timeZone }: Setting): string {
  const local = (at: Date) => {
    const zoned = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone)
    return zoned.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')
  }
  const date = (at: Date) => local(at).replace(' 00:00', '')
  if (when.kind === 'instant') return `${local(when.startsAt)}${when.note ? ` ${when.note}` : ''}`
  if (when.kind === 'days') {
    const { startsAt, endsAt } = when.range
    return `${date(startsAt)} to ${date(endsAt)}${when.partOfDay ? ` ${when.partOfDay}` : ''}`
  }
  if (when.kind === 'cannot') return when.why === 'missing_hour' ? `missing ${when.neighbours.map(local).join(', ')}` : when.why
  const { question } = when
  if (question.about === 'no_day') return 'ask no_day'
  if (question.about === 'half_of_day') return `ask half ${question.times.map(local).join(', ')}`
  if (question.about === 'next_year') return `ask next_year ${date(question.day)}`
  return `ask ${question.about} ${question.days.map(date).join(', ')}`
}

const table =
  (rows: Record<string, string>, setting = friday) =>
  (t: Test) => {
    for (const [text, expected] of Object.entries(rows)) t.equal(short(readWhen(text, setting), setting), expected, text)
    t.end()
  }

t.test(
  'written times: with an offset an instant, without one the clock of the business',
  table({
    '2026-12-01': '2026-12-01 to 2026-12-02',
    '2026-12-01T14:00:00-05:00': '2026-12-01 14:00',
    '2026-12-01T19:00:00Z': '2026-12-01 14:00',
    '2026-12-01T19:00:00.000Z': '2026-12-01 14:00',
    '2026-12-01T20:00+0100': '2026-12-01 14:00',
    '2026-12-01T14:00:00': '2026-12-01 14:00',
    '2026-12-01T02:00': '2026-12-01 02:00',
    '2026-12-01 14:00': '2026-12-01 14:00',
    ' 2026-12-01 at 2 pm ': '2026-12-01 14:00',
    '2026-12-01 afternoon': '2026-12-01 to 2026-12-02 afternoon',
    'Tuesday 2026-12-01 at 14:30': '2026-12-01 14:30',
    '2026-02-30': 'not_understood',
    '2026-12-01T25:00': 'not_understood',
    '2026-13-01T10:00:00Z': 'not_understood',
    '2026-11-19': 'past',
    '2026-11-20': '2026-11-20 to 2026-11-21',
    '2026-11-20T09:59:00-05:00': 'past',
    '2026-11-20 09:59': 'past',
    '2026-11-20 10:00': '2026-11-20 10:00',
  }),
)

t.test(
  'days in words',
  table({
    today: '2026-11-20 to 2026-11-21',
    Tomorrow: '2026-11-21 to 2026-11-22',
    'the day after tomorrow': '2026-11-22 to 2026-11-23',
    'in three days': '2026-11-23 to 2026-11-24',
    'in two weeks': '2026-12-04 to 2026-12-05',
    Tuesday: '2026-11-24 to 2026-11-25',
    'on Tuesday.': '2026-11-24 to 2026-11-25',
    Friday: '2026-11-27 to 2026-11-28',
    'this Sunday': '2026-11-22 to 2026-11-23',
    'this coming Tuesday': '2026-11-24 to 2026-11-25',
    'this Tuesday': 'ask which_week 2026-11-24, 2026-12-01',
    'this Friday': 'ask which_week 2026-11-20, 2026-11-27',
    'next Tuesday': '2026-11-24 to 2026-11-25',
    'next Sunday': 'ask which_week 2026-11-22, 2026-11-29',
    'next Sunday at two': 'ask which_week 2026-11-22, 2026-11-29',
    'November 24': '2026-11-24 to 2026-11-25',
    'November 24, 2026': '2026-11-24 to 2026-11-25',
    'November the twenty-fourth': '2026-11-24 to 2026-11-25',
    'the twenty-fourth of November': '2026-11-24 to 2026-11-25',
    '24th of November': '2026-11-24 to 2026-11-25',
    '24 November': '2026-11-24 to 2026-11-25',
    'november twenty four': '2026-11-24 to 2026-11-25',
    'Tuesday, November 24th': '2026-11-24 to 2026-11-25',
    'Tue, Nov. 24, please': '2026-11-24 to 2026-11-25',
    'Thurs Dec 3': '2026-12-03 to 2026-12-04',
    'the third': '2026-12-03 to 2026-12-04',
    'the thirty-first': '2026-12-31 to 2027-01-01',
    'Thursday the third': '2026-12-03 to 2026-12-04',
    'this week': '2026-11-20 to 2026-11-23',
    'next week': '2026-11-23 to 2026-11-30',
    'Wednesday next week': '2026-11-25 to 2026-11-26',
    'any time next week': '2026-11-23 to 2026-11-30',
    'next week in the afternoon': '2026-11-23 to 2026-11-30 afternoon',
  }),
)

t.test(
  'parts of the day',
  table({
    'tomorrow morning': '2026-11-21 to 2026-11-22 morning',
    'Tuesday afternoon': '2026-11-24 to 2026-11-25 afternoon',
    'on Tuesday in the evening': '2026-11-24 to 2026-11-25 evening',
    'the morning of December first': '2026-12-01 to 2026-12-02 morning',
    'this afternoon': '2026-11-20 to 2026-11-21 afternoon',
    tonight: '2026-11-20 to 2026-11-21 evening',
    'tomorrow night': '2026-11-21 to 2026-11-22 evening',
    'in the morning': 'ask no_day',
  }),
)
t.test(
  'the morning that has gone by is past',
  table({ 'this morning': 'past', today: '2026-11-20 to 2026-11-21' }, on('2026-11-20T12:00:00-05:00')),
)

t.test(
  'times in words; an hour without am or pm is the one inside opening hours',
  table({
    'tomorrow at two': '2026-11-21 14:00',
    'Tuesday at 2 pm': '2026-11-24 14:00',
    'Tuesday 2pm': '2026-11-24 14:00',
    'Tuesday at 2:30 p.m.': '2026-11-24 14:30',
    'at 2 p.m. on Tuesday': '2026-11-24 14:00',
    'Tuesday at 7 am': '2026-11-24 07:00',
    'Tuesday at half past two': '2026-11-24 14:30',
    'Tuesday at half past nine': '2026-11-24 09:30',
    'Tuesday at a quarter to five': '2026-11-24 16:45',
    'Tuesday at quarter to one': '2026-11-24 12:45',
    'Tuesday at ten minutes after three': '2026-11-24 15:10',
    "Tuesday at two o'clock": '2026-11-24 14:00',
    'two oh five in the afternoon on Tuesday': '2026-11-24 14:05',
    'Tuesday two thirty': '2026-11-24 14:30',
    'Tuesday at nine': '2026-11-24 09:00',
    'Tuesday at twelve': '2026-11-24 12:00',
    'Tuesday at noon': '2026-11-24 12:00',
    'Tuesday at quarter to noon': '2026-11-24 11:45',
    'Tuesday at half past midnight': '2026-11-24 00:30',
    'Tuesday at 14:30': '2026-11-24 14:30',
    'Tuesday at 09:00': '2026-11-24 09:00',
    'Tuesday at 9:00': '2026-11-24 09:00',
    'tomorrow afternoon at two thirty': '2026-11-21 14:30',
    'tomorrow evening at seven': '2026-11-21 19:00',
    'tonight at eight': '2026-11-20 20:00',
    'tonight at midnight': '2026-11-21 00:00',
    'tomorrow at nine at night': '2026-11-21 21:00',
    'tomorrow at one at night': '2026-11-21 01:00',
    'December third at ten twenty five': '2026-12-03 10:25',
    'at ten twenty first of December': '2026-12-21 10:00',
    'at ten on the twenty first of December': '2026-12-21 10:00',
    'Tuesday the first of December at two thirty in the afternoon': '2026-12-01 14:30',
    'two thirty in the afternoon': 'ask no_day',
    noon: 'ask no_day',
    'Tuesday at eight': 'ask half 2026-11-24 08:00, 2026-11-24 20:00',
    'today at nine': 'past',
  }),
)

t.test('a time alone means the day that the conversation is about', async (t) => {
  const setting = { ...friday, day: new Date('2026-12-01T15:00:00-05:00') }
  t.equal(short(readWhen('two thirty in the afternoon', setting), setting), '2026-12-01 14:30')
  t.equal(short(readWhen('noon', setting), setting), '2026-12-01 12:00')
})

t.test('an hour that fits both halves of the day is asked about', async (t) => {
  const always = on('2026-11-20T10:00:00-05:00', { openingHours: { tuesday: [['00:00', '24:00']] } })
  t.equal(short(readWhen('Tuesday at two', always), always), 'ask half 2026-11-24 02:00, 2026-11-24 14:00')
  const unknown: Setting = { timeZone: NEW_YORK, now: friday.now }
  t.equal(short(readWhen('Tuesday at two', unknown), unknown), 'ask half 2026-11-24 02:00, 2026-11-24 14:00')
  t.equal(short(readWhen('today at three', unknown), unknown), '2026-11-20 15:00', 'three in the morning has gone by')
})

t.test(
  'a weekday and a date that disagree are asked about, never guessed',
  table({
    'Monday, December 1': 'ask weekday_or_date 2026-11-30, 2026-12-01',
    'Friday the first of December at two': 'ask weekday_or_date 2026-12-01, 2026-12-04',
    'tomorrow, Tuesday': 'ask weekday_or_date 2026-11-21, 2026-11-24',
    'Monday 2026-12-01': 'ask weekday_or_date 2026-11-30, 2026-12-01',
  }),
)

t.test(
  'a date that has passed this year is next year, with a question unless that is near',
  table({
    'November 10': 'ask next_year 2027-11-10',
    'November 10 next year': '2027-11-10 to 2027-11-11',
    'January 5': '2027-01-05 to 2027-01-06',
    'Wednesday the tenth of November at noon': '2027-11-10 12:00',
    'Tuesday the tenth of November': 'past',
    'November 10, 2026': 'past',
    'February 29': 'ask next_year 2028-02-29',
    'February 30': 'not_understood',
  }),
)

t.test('a time that the clock skips is not booked, and its neighbours are named', async (t) => {
  const march = on('2027-03-10T10:00:00-05:00')
  t.equal(short(readWhen('Sunday at 2:30 am', march), march), 'missing 2027-03-14 01:30, 2027-03-14 03:30')
  t.equal(short(readWhen('2027-03-14T02:30', march), march), 'missing 2027-03-14 01:30, 2027-03-14 03:30')
  const island = on('2026-10-01T00:00:00Z', { timeZone: 'Australia/Lord_Howe' })
  t.equal(short(readWhen('2026-10-04 02:10', island), island), 'missing 2026-10-04 01:40, 2026-10-04 02:40')
})

t.test('of a time that comes twice the first is meant, and the answer says so', async (t) => {
  const october = on('2026-10-28T10:00:00-04:00')
  const when = readWhen('Sunday at 1:30 am', october)
  t.match(when, { kind: 'instant', startsAt: new Date('2026-11-01T01:30:00-04:00'), note: 'repeated_hour' })
  t.match(
    readWhen('2026-11-01T01:30:00-05:00', october),
    { kind: 'instant', startsAt: new Date('2026-11-01T06:30:00Z') },
    'an offset says which',
  )
})

t.test('today is the day of the business, not of UTC', async (t) => {
  const evening = on('2026-11-21T02:00:00Z') // nine in the evening on Friday in New York
  t.equal(short(readWhen('tomorrow', evening), evening), '2026-11-21 to 2026-11-22')
  const kathmandu = on('2026-11-20T18:30:00Z', { timeZone: 'Asia/Kathmandu' })
  t.equal(short(readWhen('today', kathmandu), kathmandu), '2026-11-21 to 2026-11-22')
})

t.test('what is not wholly understood is not guessed', async (t) => {
  const strange = [
    ...['', '   ', 'hello', 'two', 'Tuesday 12', 'Tuesday at 25', 'Tuesday at 14', 'tomorrow at two or three', 'after two on Tuesday'],
    ...['Tuesday Wednesday', 'tomorrow today', 'tomorrow at two at three', 'a table for two tomorrow', 'the thirty-second', 'November'],
    ...[
      'Tuesday at half to two',
      'tomorrow at 14:00 in the morning',
      'Tuesday at 2 pm in the morning',
      'next week at two',
      '11/24',
      '24.11.2026',
    ],
    ...['2 pm pm tomorrow', 'quarter to twelve pm tomorrow', 'Tuesday at 13 pm', 'at ten 24 November', 'constructor', '__proto__'],
  ]
  for (const text of strange) t.equal(short(readWhen(text, friday), friday), 'not_understood', text)
})

t.test('no text takes long to read', async (t) => {
  const started = performance.now()
  for (const piece of ['the ', 'at ', 'twenty ', '1', 'a.m.', 'in the ', 'november ', '-', ' ', '2026-12-01T', '+05:30']) {
    readWhen(piece.repeat(50_000), friday)
    readWhen(piece.repeat(Math.floor(120 / piece.length)), friday)
  }
  t.ok(performance.now() - started < 1000)
})

t.test('every time that Ringbook says is understood when it comes back', async (t) => {
  const zones = [NEW_YORK, 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns']
  let checked = 0
  for (const timeZone of zones) {
    const setting = { ...friday, timeZone }
    const first = Math.ceil(friday.now.getTime() / 60_000) * 60_000
    // Steps that share no factor with a day: every minute of the clock and every day of the year comes up.
    for (let step = 0; step < 3650; step += 1) {
      const startsAt = new Date(first + step * 143 * 60_000 + (step % 97) * 60_000)
      if (startsAt.getTime() >= first + 365 * 86_400_000) break
      const zoned = Temporal.Instant.fromEpochMilliseconds(startsAt.getTime()).toZonedDateTimeISO(timeZone)
      const earliest = zoned.toPlainDateTime().toZonedDateTime(timeZone).epochMilliseconds
      const said = spokenTime(startsAt, timeZone)
      const when = readWhen(said, setting)
      checked += 1
      // The second of two equal times cannot be told apart by its words: the first is meant.
      if (when.kind !== 'instant' || when.startsAt.getTime() !== earliest) {
        return t.fail(`${startsAt.toISOString()} ${timeZone} "${said}" was read as ${JSON.stringify(when)}`)
      }
    }
  }
  t.ok(checked > 15_000, `${checked} times`)
})

if (!process.env.TZ) {
  t.test('the zone of the machine changes nothing', async (t) => {
    for (const TZ of ['UTC', 'Asia/Tokyo']) {
      const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], { env: { ...process.env, TZ }, encoding: 'utf8' })
      t.equal(run.status, 0, `${TZ} ${run.status === 0 ? '' : run.stdout.slice(0, 2000)}`)
    }
  })
}
