import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import { askSentence, cannotSentence } from '../../src/vapi/questions.ts'
import { spokenDay, spokenTime } from '../../src/vapi/spoken-time.ts'
import type { Setting, When } from '../../src/words/meaning.ts'
import { readWhen } from '../../src/words/when.ts'
import { dates } from './phrases/dates.ts'
import { days } from './phrases/days.ts'
import { hours } from './phrases/hours.ts'
import { moments } from './phrases/moments.ts'
import { spans } from './phrases/spans.ts'
import { speech } from './phrases/speech.ts'
import { friday, NEW_YORK, short } from './phrases/table.ts'
import { written } from './phrases/written.ts'

const corpus = [...days, ...spans, ...dates, ...hours, ...moments, ...written, ...speech]
/** The child of the last test repeats the corpus alone. */
const corpusOnly = { skip: process.env.TZ !== undefined && 'tried in the zone of the machine' }
const zones = [NEW_YORK, 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Honolulu']

for (const { about, setting, phrases } of corpus) {
  t.test(about, async (t) => {
    for (const [text, expected] of Object.entries(phrases)) t.equal(short(readWhen(text, setting), setting), expected, text)
  })
}

t.test('the corpus is large', async (t) => {
  const phrases = corpus.flatMap(({ about, phrases }) => Object.keys(phrases).map((text) => `${about} ${text}`))
  t.ok(new Set(phrases).size >= 650, `${phrases.length} phrases`)
})

t.test('capitals, spaces, punctuation and fillers change nothing', corpusOnly, async (t) => {
  for (const { setting, phrases } of [...days, ...spans, ...hours]) {
    for (const [text, expected] of Object.entries(phrases)) {
      const said = (changed: string) => t.equal(short(readWhen(changed, setting), setting), expected, changed)
      said(`  ${text.toUpperCase()}  `)
      if (/^[a-z]/i.test(text) && expected !== 'not_understood') said(`Um, maybe ${text}, please!`)
    }
  }
})

t.test('every question and refusal has a sentence', corpusOnly, async (t) => {
  for (const { setting, phrases } of corpus) {
    for (const text of Object.keys(phrases)) {
      const when = readWhen(text, setting)
      if (when.kind === 'ask')
        t.match(askSentence(when.question, setting.timeZone), /^(Do you mean|Which|That date has passed) ?[^:\d\n]*\?$/)
      if (when.kind === 'cannot') t.match(cannotSentence(when, setting.timeZone), /^[^:\d\n]+\?$/)
    }
  }
})

t.test('what is asked back can be answered in the words of the question', corpusOnly, async (t) => {
  for (const { setting, phrases } of corpus) {
    for (const text of Object.keys(phrases)) {
      const when = readWhen(text, setting)
      if (when.kind !== 'ask' || !('times' in when.question || 'days' in when.question)) continue
      const { timeZone } = setting
      const ahead = (day: Date) => readWhen(spokenDay(day, timeZone), setting).kind === 'days'
      const [first, second] = 'times' in when.question ? when.question.times : when.question.days
      for (const one of [first, second]) {
        if ('times' in when.question)
          t.has(readWhen(spokenTime(one, timeZone), setting), { kind: 'instant', startsAt: one }, `${text} → ${spokenTime(one, timeZone)}`)
        // Days without their year are those of the next twelve months.
        else if (one.getTime() < setting.now.getTime() + 300 * 86_400_000)
          t.equal(ahead(one), one >= new Date(setting.now.getTime() - 86_400_000), `${text} → ${spokenDay(one, timeZone)}`)
      }
    }
  }
})

t.test('every time that Ringbook says is understood when it comes back', corpusOnly, async (t) => {
  let checked = 0
  for (const timeZone of zones) {
    const setting = { ...friday, timeZone }
    const first = Math.ceil(friday.now.getTime() / 60_000) * 60_000
    // Steps that share no factor with a day: every minute of the clock and every day of the year comes up.
    for (let step = 0; step < 350; step += 1) {
      const startsAt = new Date(first + step * 1477 * 60_000 + (step % 97) * 60_000)
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
  t.ok(checked > 2_000, `${checked} times`)
})

/** Nothing that was read may lie in the past, and days are whole days. */
function isSound(when: When, { now, timeZone }: Setting): boolean {
  const isMidnight = (at: Date) => {
    const zoned = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone)
    return zoned.startOfDay().epochMilliseconds === at.getTime()
  }
  if (when.kind === 'instant') return when.startsAt >= now
  if (when.kind === 'ask') {
    const { question } = when
    if ('times' in question) return question.times[0] >= now && question.times[0] < question.times[1]
    return !('days' in question) || (question.days.every(isMidnight) && question.days[0] < question.days[1])
  }
  if (when.kind === 'cannot') return true
  const { range, window } = when
  const hours = !window || (window.fromMinutes >= 0 && window.fromMinutes < window.toMinutes && window.toMinutes <= 1440)
  return hours && isMidnight(range.startsAt) && isMidnight(range.endsAt) && range.startsAt < range.endsAt && range.endsAt > now
}

t.test('whatever is said, in whatever order, nothing is thrown and nothing past is booked', corpusOnly, async (t) => {
  const words = [...new Set(corpus.flatMap(({ phrases }) => Object.keys(phrases)).flatMap((text) => text.split(/\s+/)))].filter(Boolean)
  const moments = corpus.map(({ setting }) => setting)
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 9 }),
      fc.constantFrom(...moments),
      fc.constantFrom(...zones),
      (said, moment, timeZone) => isSound(readWhen(said.join(' '), { ...moment, timeZone }), { ...moment, timeZone }),
    ),
    { numRuns: 3000, seed: 20261120 },
  )
  fc.assert(
    fc.property(fc.string({ maxLength: 140 }), (text) => isSound(readWhen(text, friday), friday)),
    { numRuns: 500, seed: 20261120 },
  )
  t.pass('3,500 texts')
})

t.test('no text takes long to read', corpusOnly, async (t) => {
  const started = performance.now()
  const pieces = [
    'the ',
    'at ',
    'twenty ',
    '1',
    'a.m.',
    'in the ',
    'november ',
    '-',
    ' ',
    '2026-12-01T',
    '+05:30',
    'or ',
    '2-',
    'ish',
    'after ',
    'from monday to ',
  ]
  for (const piece of pieces) {
    readWhen(piece.repeat(50_000), friday)
    readWhen(piece.repeat(Math.floor(120 / piece.length)), friday)
  }
  t.ok(performance.now() - started < 1000)
})

if (!process.env.TZ) {
  t.test('the zone of the machine changes nothing', async (t) => {
    const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
      env: { ...process.env, TZ: 'Asia/Tokyo' },
      encoding: 'utf8',
    })
    t.equal(run.status, 0, run.status === 0 ? '' : run.stdout.slice(0, 2000))
  })
}
