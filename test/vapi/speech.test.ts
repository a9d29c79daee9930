import t from 'tap'
import { readWhen } from '../../src/calendar/when.ts'
import { oneLine } from '../../src/one-line.ts'
import type { Interval } from '../../src/providers/provider.ts'
import * as allQuestions from '../../src/vapi/questions.ts'
import * as allSpeech from '../../src/vapi/speech.ts'
import { spokenTime } from '../../src/vapi/spoken-time.ts'

const ZONE = 'America/New_York'
const at = (local: string) => new Date(Temporal.PlainDateTime.from(local).toZonedDateTime(ZONE).epochMilliseconds)
const slot = (local: string): Interval => ({ startsAt: at(local), endsAt: new Date(at(local).getTime() + 1_800_000) })
const day = (date: string): Interval => ({ startsAt: at(date), endsAt: at(Temporal.PlainDate.from(date).add({ days: 1 }).toString()) })

const tuesday = [slot('2026-12-01T09:00'), slot('2026-12-01T10:30')]
const two = [slot('2026-12-01T09:00'), slot('2026-12-02T14:00')]
const three = [...tuesday, slot('2026-12-02T14:00')]
const halfPastTwo = at('2026-12-01T14:30')

// Which sentences were made: one that nobody has read here is found out.
const made = new Set<string>()
const noting = <T extends object>(sentences: T): T =>
  new Proxy({ ...sentences }, { get: (target, name, self) => made.add(String(name)) && Reflect.get(target, name, self) })
const speech = noting(allSpeech)
const questions = noting(allQuestions)

/** Sentences as a caller hears them. */
const golden: [string, string][] = [
  [
    speech.offerSentence(three, ZONE),
    'I have Tuesday the first of December at nine or ten thirty in the morning, or Wednesday the second of December at two in the afternoon. Which would you like?',
  ],
  [
    speech.offerSentence([...three, slot('2026-12-03T09:00')], ZONE),
    'I have Tuesday the first of December at nine or ten thirty in the morning, or Wednesday the second of December at two in the afternoon. Which would you like?',
  ],
  [
    speech.offerSentence(tuesday, ZONE, { complete: true }),
    'I have Tuesday the first of December at nine or ten thirty in the morning. That is all I have that day. Which would you like?',
  ],
  [
    speech.offerSentence([slot('2026-12-01T09:00')], ZONE, { complete: true, partOfDay: 'morning' }),
    'I have Tuesday the first of December at nine in the morning. That is all I have that morning. Would that work?',
  ],
  [
    speech.offerSentence([slot('2026-12-01T09:00'), slot('2026-12-01T12:00'), slot('2026-12-01T15:45')], ZONE),
    'I have Tuesday the first of December at nine in the morning, at noon or at three forty five in the afternoon. Which would you like?',
  ],
  [
    speech.offerSentence([slot('2026-12-01T12:00'), slot('2026-12-01T12:30'), slot('2026-12-01T13:00')], ZONE),
    'I have Tuesday the first of December at noon, or at twelve thirty or one in the afternoon. Which would you like?',
  ],
  [
    speech.nothingAtAllSentence(at('2027-01-28'), ZONE),
    'I am sorry, I have nothing free up to Thursday the twenty eighth of January. Could you call again later?',
  ],
  [speech.unsureSentence(), 'I do not know yet whether that is booked. Shall I check?'],
  [speech.noAnswerSentence(), 'The diary does not answer right now. Shall I try again?'],
  [
    speech.nothingFreeSentence({ range: day('2026-11-30') }, two, ZONE),
    'I have nothing free on Monday the thirtieth of November. The nearest I have is Tuesday the first of December at nine in the morning, or Wednesday the second of December at two in the afternoon. Which would you like?',
  ],
  [
    speech.nothingFreeSentence({ range: day('2026-11-30'), partOfDay: 'afternoon' }, two.slice(0, 1), ZONE),
    'I have nothing free on Monday the thirtieth of November in the afternoon. The nearest I have is Tuesday the first of December at nine in the morning. Would that work?',
  ],
  [
    speech.nothingFreeSentence({ range: { startsAt: at('2026-11-23'), endsAt: at('2026-11-30') }, partOfDay: 'evening' }, [], ZONE),
    'I have no free evening in that time. Which other day would suit you?',
  ],
  [
    speech.bookedSentence({ startsAt: halfPastTwo, timeZone: ZONE }),
    'You are booked for Tuesday the first of December at two thirty in the afternoon. Is there anything else I can do for you?',
  ],
  [
    speech.bookedSentence({ startsAt: halfPastTwo, timeZone: ZONE, place: '123 Main Street', invited: true }),
    'You are booked for Tuesday the first of December at two thirty in the afternoon, at 123 Main Street. An invitation comes by e-mail. Is there anything else I can do for you?',
  ],
  [
    speech.bookedSentence({ startsAt: at('2026-11-01T01:30'), timeZone: ZONE, repeatedHour: true }),
    'You are booked for Sunday the first of November at one thirty in the morning. The clocks go back that night, and I mean the first of the two. Is there anything else I can do for you?',
  ],
  [
    speech.alreadyBookedSentence(halfPastTwo, ZONE),
    'You are already booked for Tuesday the first of December at two thirty in the afternoon. Is there anything else I can do for you?',
  ],
  [speech.noOthersSentence('later'), 'I have nothing later. Which of the times that I named would you like?'],
  [speech.noOthersSentence('any'), 'I have nothing else. Which of the times that I named would you like?'],
  [speech.freeSentence(halfPastTwo, ZONE), 'Tuesday the first of December at two thirty in the afternoon is free. Shall I book it?'],
  [
    speech.notFreeSentence(tuesday, ZONE),
    'I do not have that time. The nearest I have is Tuesday the first of December at nine or ten thirty in the morning. Which would you like?',
  ],
  [
    speech.pendingSentence(halfPastTwo, ZONE),
    'I am holding Tuesday the first of December at two thirty in the afternoon for you, but it is not confirmed yet. Shall I check again?',
  ],
  [
    speech.takenSentence(tuesday, ZONE),
    'That time is taken, sorry. The nearest I have is Tuesday the first of December at nine or ten thirty in the morning. Which would you like?',
  ],
  [speech.takenSentence([], ZONE), 'That time is taken, sorry. Which other day would suit you?'],
  [
    speech.tooSoonSentence(halfPastTwo, ZONE),
    'That is too soon for me to book. The earliest I have is Tuesday the first of December at two thirty in the afternoon. Would that work?',
  ],
  [speech.tooSoonSentence(undefined, ZONE), 'That is too soon for me to book. Which other day would suit you?'],
  [
    speech.tooFarSentence(at('2027-01-19'), ZONE),
    'I can book up to Tuesday the nineteenth of January. Which day before that would suit you?',
  ],
  [
    speech.closedSentence(at('2026-12-01T18:00'), [['09:00', '12:00'], ['13:30', '17:00']], tuesday.slice(0, 1), ZONE), // biome-ignore format: one case, one line
    'On Tuesday the first of December we are open from nine in the morning to noon and from one thirty in the afternoon to five in the evening. The nearest I have is Tuesday the first of December at nine in the morning. Would that work?',
  ],
  [
    speech.closedSentence(at('2026-12-06T10:00'), [], tuesday.slice(0, 1), ZONE),
    'We are closed on Sunday the sixth of December. The nearest I have is Tuesday the first of December at nine in the morning. Would that work?',
  ],
  [
    speech.offGridSentence(tuesday, ZONE),
    'I cannot start at exactly that time. The nearest I have is Tuesday the first of December at nine or ten thirty in the morning. Which would you like?',
  ],
  [questions.pastSentence(), 'That time has already passed. Which other time would suit you?'],
  [questions.notUnderstoodSentence(), 'I did not catch the day and time. Which day and what time would you like?'],
  [
    questions.missingHourSentence([at('2027-03-14T01:30'), at('2027-03-14T03:30')], ZONE),
    'The clocks go forward that night and skip that time. The nearest would be Sunday the fourteenth of March at one thirty or three thirty in the morning. Which shall I try?',
  ],
  [questions.askSentence({ about: 'no_day' }, ZONE), 'Which day would you like?'],
  [
    questions.askSentence({ about: 'which_week', days: [at('2026-11-24'), at('2026-12-01')] }, ZONE),
    'Do you mean Tuesday the twenty fourth of November or Tuesday the first of December?',
  ],
  [
    questions.askSentence({ about: 'weekday_or_date', days: [at('2026-11-30'), at('2026-12-01')] }, ZONE),
    'Do you mean Monday the thirtieth of November or Tuesday the first of December?',
  ],
  [
    questions.askSentence({ about: 'next_year', day: at('2027-11-10') }, ZONE),
    'That date has passed this year. Do you mean Wednesday the tenth of November next year?',
  ],
  [
    questions.askSentence({ about: 'half_of_day', times: [at('2026-12-01T08:00'), at('2026-12-01T20:00')] }, ZONE),
    'Do you mean eight in the morning or eight in the evening?',
  ],
  [
    questions.whichTimeSentence([at('2026-12-01T09:00'), at('2026-12-02T14:00')], ZONE),
    'Do you mean Tuesday the first of December at nine in the morning, or Wednesday the second of December at two in the afternoon?',
  ],
  [questions.unknownSlotSentence(), 'I am not sure which of the times you mean. Which day and what time would you like?'],
  [questions.missingTimeSentence(), 'Which day and what time would you like?'],
  [speech.unknownAssistantSentence(), 'This line is not set up for appointments yet, sorry. Is there anything else I can help you with?'],
  [speech.unknownFunctionSentence(), 'I cannot do that on this line. Shall I look for a free time instead?'],
  [speech.noDetailsSentence(), 'I did not get the details. Could you say them once more?'],
]

/** Heard where Vapi does not wait for a reply. */
const statements: [string, string][] = [
  [speech.unmannedLineSentence(), 'Sorry, this line is not set up yet. Please call back later.'],
  [speech.noTransferSentence(), 'I cannot transfer this call right now.'],
  [speech.noHandoverSentence(), 'I cannot hand over this call right now.'],
]

t.test('callers hear these sentences', async (t) => {
  for (const [sentence, expected] of [...golden, ...statements]) t.equal(sentence, expected)
  const heard = new Set(made)
  for (const name of ['cannotSentence', 'withSlots']) heard.add(name) // their tests are below
  for (const name of Object.keys({ ...allSpeech, ...allQuestions })) t.ok(heard.has(name), `${name} was read in full`)
})

t.test('every sentence can be said aloud, and what answers a function call ends with a question', async (t) => {
  for (const [sentence] of golden) t.match(sentence, /\?$/, sentence)
  for (const [sentence] of [...golden, ...statements]) {
    t.ok(sentence.length < 300, `${sentence.length} characters`)
    t.notMatch(sentence, /[:\n\r*_#[\]{}<>/]/, 'no colon, line break or markup')
    t.notMatch(sentence.replace('123 Main Street', ''), /\d/, 'no digits but those of an address')
    t.notMatch(sentence, /\b(UTC|GMT|EST|EDT|AM|PM|ISO|Google|Microsoft|Outlook|Vapi|Clerk|[Ss]lot|[Ee]rror|text message|waiting list)\b/)
    t.notMatch(sentence, / {2}|undefined|null|NaN/)
  }
})

t.test('the letters of an offer stand behind its question, where they are not spoken', async (t) => {
  t.equal(speech.withSlots('Would that work?', ['A']), 'Would that work? <slot A>')
  t.equal(speech.withSlots('Which would you like?', ['A', 'B', 'AA']), 'Which would you like? <slots A, B, AA>')
})

t.test('a list that was cut short is never called complete', async (t) => {
  const morning = ['09:00', '09:30', '10:00', '10:30'].map((time) => slot(`2026-12-01T${time}`))
  t.notMatch(speech.offerSentence(morning, ZONE, { complete: true }), 'all I have')
})

t.test('what could not be read becomes the sentence for it', async (t) => {
  const march = { timeZone: ZONE, now: at('2027-03-10T10:00') }
  const spoken = (text: string) => {
    const when = readWhen(text, march)
    return when.kind === 'cannot' ? questions.cannotSentence(when, ZONE) : ''
  }
  t.match(spoken('Sunday at 2:30 am'), 'skip that time')
  t.equal(spoken('2027-03-09'), questions.pastSentence())
  t.equal(spoken('whenever'), questions.notUnderstoodSentence())
})

t.test('times are said in words, noon and midnight by their names', async (t) => {
  const said = (local: string) => spokenTime(at(local), ZONE).replace('Tuesday the first of December at ', '')
  t.equal(said('2026-12-01T00:00'), 'midnight')
  t.equal(said('2026-12-01T00:30'), 'twelve thirty at night')
  t.equal(said('2026-12-01T01:00'), 'one in the morning')
  t.equal(said('2026-12-01T11:59'), 'eleven fifty nine in the morning')
  t.equal(said('2026-12-01T12:00'), 'noon')
  t.equal(said('2026-12-01T12:05'), 'twelve oh five in the afternoon')
  t.equal(said('2026-12-01T17:00'), 'five in the evening')
  t.equal(said('2026-12-01T21:15'), 'nine fifteen at night')
  t.equal(spokenTime(at('2026-12-31T14:30'), 'Asia/Kathmandu'), 'Friday the first of January at one fifteen in the morning')
})

t.test('text from outside cannot break the line, turn it around or push the question out', async (t) => {
  t.equal(oneLine(' a\r\n\tb\u0000\u202Ec\u2028d\u200B '), 'a bc d')
  t.equal(oneLine('x'.repeat(5000)).length, 600)
  t.ok(oneLine('😀'.repeat(50), 51).isWellFormed(), 'no half character at the cut')
  const said = speech.bookedSentence({
    startsAt: halfPastTwo,
    timeZone: ZONE,
    place: `Suite: 4\nIgnore this.${' x'.repeat(500)}`,
    invited: true,
  })
  t.match(said, /, at Suite 4 Ignore this\..*\. An invitation comes by e-mail\. Is there anything else I can do for you\?$/)
  t.ok(said.length < 300)
})
