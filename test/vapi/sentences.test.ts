import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { timesIn } from '../../scripts/call/offers.ts'
import { AppError, errorCodes } from '../../src/errors.ts'
import type { Interval } from '../../src/providers/provider.ts'
import { root } from '../../src/root.ts'
import * as allQuestions from '../../src/vapi/questions.ts'
import * as allSpeech from '../../src/vapi/speech.ts'
import * as allBookings from '../../src/vapi/spoken-bookings.ts'
import * as allChanges from '../../src/vapi/spoken-changes.ts'
import * as allMessages from '../../src/vapi/spoken-messages.ts'
import * as allRentals from '../../src/vapi/spoken-rentals.ts'

/**
 * Every sentence that a caller can hear stands in sentences.txt, to be read at one go. After a change `WRITE_SENTENCES=1 node
 * test/vapi/sentences.test.ts` writes it anew, and the difference is for people to read.
 */

const FILE = path.join(import.meta.dirname, 'sentences.txt')
const ZONE = 'America/New_York'
const PLACE = '123 Main Street'
const at = (local: string) => new Date(Temporal.PlainDateTime.from(local).toZonedDateTime(ZONE).epochMilliseconds)
const slot = (local: string): Interval => ({ startsAt: at(local), endsAt: new Date(at(local).getTime() + 1_800_000) })
const day = (date: string): Interval => ({ startsAt: at(date), endsAt: at(Temporal.PlainDate.from(date).add({ days: 1 }).toString()) })

const one = [slot('2026-12-01T09:00')]
const two = [...one, slot('2026-12-02T14:00')]
const three = [...one, slot('2026-12-01T10:30'), slot('2026-12-02T14:00')]
const many = [...three, slot('2026-12-02T15:00'), slot('2026-12-03T09:00')]
const noons = [slot('2026-12-01T12:00'), slot('2026-12-01T12:30'), slot('2026-12-01T13:00')]
const startsAt = at('2026-12-01T14:30')
const longest = at('2026-11-25T11:45') // "Wednesday the twenty fifth of November at eleven forty five in the morning"
const told = { startsAt, timeZone: ZONE, place: PLACE }
const code = '471926'
const booked = { startsAt, timeZone: ZONE, code }
const elm = { propertyAddress: '12 Elm St', price: 1850, bedrooms: 2, bathrooms: 1.5, availableDate: null }
const today = Temporal.PlainDate.from('2026-11-29')

/** What is said, by the function that says it. Filled below, so that a function that nobody has called is found out. */
const said = new Map<string, string[]>()
function noting<T extends object>(sentences: T): T {
  const note = (name: string, sentence: unknown) => {
    if (typeof sentence === 'string') said.set(name, [...(said.get(name) ?? []), sentence])
    return sentence
  }
  const get = (target: T, name: string) => {
    const made: unknown = Reflect.get(target, name)
    return typeof made === 'function' ? (...values: unknown[]) => note(name, made(...values)) : made
  }
  return new Proxy({ ...sentences }, { get: (target, name) => get(target, String(name)) })
}
const speech = noting(allSpeech)
const questions = noting(allQuestions)
const bookings = noting(allBookings)
const changes = noting(allChanges)
const messages = noting(allMessages)
const rentals = noting(allRentals)
const modules = { ...allSpeech, ...allQuestions, ...allBookings, ...allChanges, ...allMessages, ...allRentals }

// Free times.
for (const offers of [one, three, many, noons]) speech.offerSentence(offers, ZONE)
speech.offerSentence(three.slice(0, 2), ZONE, { complete: true })
speech.offerSentence(one, ZONE, { complete: true, partOfDay: 'morning' })
speech.anyTimeSentence([at('2026-12-01T13:00'), at('2026-12-01T16:30')], ZONE)
speech.anyTimeSentence([at('2026-12-01T12:00'), at('2026-12-01T13:30')], ZONE)
speech.anyTimeSentence([at('2026-12-01T11:00'), at('2026-12-01T13:30')], ZONE)
for (const which of ['later', 'earlier', 'any'] as const) speech.noOthersSentence(which)
speech.withSlots(speech.offerSentence(two, ZONE), ['A', 'B'])
speech.withSlots(speech.freeSentence(startsAt, ZONE), ['C'])
speech.withToday(speech.withSlots(speech.freeSentence(startsAt, ZONE), ['C']), at('2026-11-29T17:00'), ZONE)
speech.notFreeSentence(two, ZONE)
speech.nothingFreeSentence({ range: day('2026-11-30') }, two, ZONE)
speech.nothingFreeSentence({ range: day('2026-11-30'), partOfDay: 'afternoon' }, one, ZONE)
speech.nothingFreeSentence({ range: { startsAt: at('2026-11-23'), endsAt: at('2026-11-30') }, partOfDay: 'evening' }, [], ZONE)
speech.nothingAtAllSentence(at('2027-01-28'), ZONE)
// Booking.
bookings.bookedSentence(booked)
bookings.bookedSentence({ ...booked, place: PLACE, invited: true })
bookings.bookedSentence({ ...booked, callersNumber: '+12125550142' })
bookings.bookedSentence({ ...booked, emailUnclear: true })
bookings.bookedSentence({ ...booked, startsAt: at('2026-11-01T01:30'), repeatedHour: true })
bookings.bookedSentence({ ...booked, startsAt: longest, place: PLACE, callersNumber: '+17777777777', emailUnclear: true, code: '777777' })
bookings.alreadyBookedSentence(booked)
bookings.alreadyBookedSentence({ ...booked, invited: true })
bookings.pendingSentence(startsAt, ZONE)
bookings.stillPendingSentence(startsAt, ZONE)
bookings.unsureSentence()
changes.unsureChangeSentence()
speech.noAnswerSentence()
for (const alternatives of [[], one, many]) speech.takenSentence(alternatives, ZONE)
speech.notOfferedSentence([], ZONE)
speech.notOfferedSentence(two, ZONE)
speech.tooSoonSentence(startsAt, ZONE)
speech.tooSoonSentence(undefined, ZONE)
speech.tooFarSentence(at('2027-01-19'), ZONE)
speech.closedSentence(at('2026-12-01T18:00'), [['09:00', '12:00'], ['13:30', '17:00']], one, ZONE) // biome-ignore format: one case, one line
speech.closedSentence(at('2026-12-06T10:00'), [], many, ZONE)
speech.fullDaySentence(startsAt, two, ZONE)
speech.offGridSentence(two, ZONE)
speech.unknownAssistantSentence()
speech.unknownFunctionSentence()
speech.noDetailsSentence()
speech.unmannedLineSentence()
speech.busyLineSentence()
speech.noTransferSentence()
speech.noHandoverSentence()
// Questions.
questions.pastSentence()
questions.notUnderstoodSentence()
questions.missingHourSentence([at('2027-03-14T01:30'), at('2027-03-14T03:30')], ZONE)
questions.cannotSentence({ kind: 'cannot', why: 'past' }, ZONE)
questions.cannotSentence({ kind: 'cannot', why: 'not_understood' }, ZONE)
questions.askSentence({ about: 'no_day' }, ZONE)
questions.askSentence({ about: 'which_week', days: [at('2026-11-24'), at('2026-12-01')] }, ZONE)
questions.askSentence({ about: 'weekday_or_date', days: [at('2026-11-30'), at('2026-12-01')] }, ZONE)
questions.askSentence({ about: 'next_year', day: at('2027-11-10') }, ZONE)
questions.askSentence({ about: 'half_of_day', times: [at('2026-12-01T08:00'), at('2026-12-01T20:00')] }, ZONE)
questions.askSentence({ about: 'which_time', times: [at('2026-12-01T10:00'), at('2026-12-01T16:00')] }, ZONE)
questions.askSentence({ about: 'which_time', times: [at('2026-12-04T00:00'), at('2026-12-05T00:00')] }, ZONE)
questions.askSentence({ about: 'which_span', span: 'week', days: [at('2026-11-30'), at('2026-12-07')] }, ZONE)
questions.askSentence({ about: 'which_span', span: 'weekend', days: [at('2026-11-28'), at('2026-12-05')] }, ZONE)
questions.askSentence({ about: 'which_date', days: [at('2026-12-03'), at('2027-03-12')] }, ZONE)
questions.askSentence({ about: 'likely', day: at('2026-12-01') }, ZONE)
questions.askSentence({ about: 'likely', startsAt: at('2026-12-01T18:00') }, ZONE)
questions.askSentence({ about: 'either_day', days: [at('2026-12-01'), at('2026-12-03')] }, ZONE)
questions.askSentence({ about: 'either_time', times: [at('2026-12-01T14:00'), at('2026-12-01T15:00')] }, ZONE)
questions.missingTimeSentence()
questions.secondThatDaySentence(startsAt, ZONE)
questions.whichTimeSentence([startsAt, at('2026-12-02T14:00')], ZONE)
questions.unknownSlotSentence()
for (const offers of [one, two, many]) questions.whichOfferSentence(offers, ZONE)
questions.whichEmailSentence(['dance4life@example.com', 'dancefourlife@example.com'])
questions.whichEmailSentence(['ana@hmail.com', 'ana@gmail.com'])
questions.phoneAgainSentence()
questions.readBackSentence('john.smith@gmail.com')
questions.spellBackSentence('jon_s7@gmail.com')
questions.emailAgainSentence()
questions.missingMessageSentence()
questions.whichAppointmentSentence(many, ZONE)
questions.whichAppointmentSentence(one, ZONE)
// What becomes of an appointment.
changes.appointmentSentence(told)
changes.movedSentence(told, code)
changes.standsSentence(told)
changes.cancelledSentence(told)
changes.alreadyCancelledSentence(told)
changes.restoredSentence(told, code)
changes.movePendingSentence(told)
changes.cancelPendingSentence(told)
changes.keepPendingSentence(told)
changes.unchanged(speech.takenSentence(two, ZONE))
changes.notBroughtBack(speech.takenSentence(two, ZONE))
// Messages.
messages.messageTakenSentence('+12125550142')
messages.messageTakenSentence(null)
messages.messageWithoutNumberSentence()
messages.messageNumberAgainSentence()
messages.unsureMessageSentence()
// What there is to rent.
rentals.rentalsSentence([elm], today)
rentals.rentalsSentence([elm, { ...elm, propertyAddress: '8 Oak Avenue', price: 2000, availableDate: '2026-12-15' }], today)
rentals.otherRentalsSentence([elm], today)
rentals.noRentalsSentence()
rentals.lateRentalsSentence()
for (const errorCode of errorCodes) said.set(errorCode, [new AppError(errorCode, 'test').say])

// For the assistant alone.
const TODAY = / <today is [A-Z][a-z]+day the [a-z ]+ of [A-Z][a-z]+, time zone [\w/]+>$/
/** Heard where Vapi does not wait for a reply. */
const statements = ['unmannedLineSentence', 'busyLineSentence', 'noTransferSentence', 'noHandoverSentence']
const everything = [...said].flatMap(([name, sentences]) => sentences.map((sentence) => ({ name, sentence })))

t.test('callers hear these sentences and no others', async (t) => {
  for (const name of Object.keys(modules)) t.ok(said.has(name), `${name} is read here`)
  const list = [...said].map(([name, sentences]) => `${name}\n${[...new Set(sentences)].map((one) => `  ${one}\n`).join('')}`).join('\n')
  if (process.env.WRITE_SENTENCES) await writeFile(FILE, list)
  t.equal(list, await readFile(FILE, 'utf8').catch(() => ''), 'sentences.txt has them all')
})

t.test('no sentence is written anywhere else in the voice functions', async (t) => {
  const folder = path.join(root, 'src/vapi')
  const homes = ['speech', 'questions', 'spoken-bookings', 'spoken-changes', 'spoken-messages', 'spoken-rentals', 'sentence-parts']
  for (const file of await readdir(folder)) {
    if (file === 'routes.ts' || homes.includes(path.basename(file, '.ts'))) continue // routes.ts shows one as an example
    const code = (await readFile(path.join(folder, file), 'utf8')).replaceAll(/\/\/.*|^\s*\/?\*.*/gm, '')
    t.notMatch(code, /['`][A-Z][^'`\n]* [^'`\n]*\?['`]/, file)
  }
})

t.test('every sentence can be said aloud, and what answers a function call ends with a question', async (t) => {
  for (const { name, sentence: whole } of everything) {
    const sentence = whole.replace(TODAY, '').replace(/ <slots? [A-Z]{1,2}(?:, [A-Z]{1,2})*>$/, '')
    if (!statements.includes(name)) t.match(sentence, /\?$/, `${name}: ${sentence}`)
    t.equal(sentence.split('?').length <= 2, true, `one question: ${sentence}`)
    t.ok(sentence.length <= 360, `${sentence.length} characters: ${sentence}`)
    t.notMatch(sentence, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}:*_#[\]{}<>`~|]/u, `no colon, line break or markup: ${sentence}`)
    t.notMatch(sentence.replaceAll(/123 Main Street|12 Elm St|8 Oak Avenue/g, ''), /\d/, `no digits but those of an address: ${sentence}`)
    t.notMatch(sentence, / {2}|undefined|null|NaN|\[object/)
  }
})

t.test('no sentence names a zone, a year, a vendor or the insides of the service', async (t) => {
  for (const { sentence: whole } of everything) {
    const sentence = whole.replace(TODAY, '').replace(/ <slots? [^>]*>$/, '')
    t.notMatch(sentence, /\b(UTC|GMT|E[SD]T|C[SD]T|P[SD]T|AM|PM|ISO|America|Eastern|Central|Pacific|time ?zone)\b/, sentence)
    t.notMatch(sentence, /\btwenty twenty\b|\btwo thousand (?!dollars)/, `no year: ${sentence}`)
    t.notMatch(sentence, /\b(Google|Microsoft|Outlook|Graph|Vapi|Clerk|slot|error|database|server|token|tool|function)\b/i, sentence)
  }
})

t.test('no sentence promises what nobody keeps, begs pardon twice, or offers more than three times', async (t) => {
  for (const { sentence } of everything) {
    t.notMatch(sentence, /text message|\bSMS\b|\btexts?\b|wait(ing)? ?list|call (you|him|her|them) back|remind/i, sentence)
    t.notMatch(
      sentence,
      /\b(we|they|I|he|she|somebody|someone|the owner) (will|shall) (call|ring|phone|write|contact|get back|be in touch)/i,
      sentence,
    )
    t.notMatch(sentence, /call again later/i, `a message can be left: ${sentence}`)
    t.ok((sentence.match(/\b(sorry|apolog\w+|pardon)\b/gi) ?? []).length <= 1, sentence)
    t.ok(timesIn(sentence).length <= 3, sentence)
  }
  for (const sentence of [speech.takenSentence(many, ZONE), speech.offerSentence(many, ZONE)]) t.equal(timesIn(sentence).length, 3)
})

t.test('no sentence says that something is booked, moved or cancelled but those that follow from it', async (t) => {
  const done = ['bookedSentence', 'alreadyBookedSentence', 'movedSentence', 'cancelledSentence', 'alreadyCancelledSentence', 'restoredSentence', 'standsSentence'] // biome-ignore format: one list
  for (const { name, sentence } of everything) {
    if (done.includes(name)) continue
    t.notMatch(
      sentence,
      /\byou are (already )?booked\b|(?<!whether that|nothing) is (now )?(cancelled|moved|booked)\b/i,
      `${name}: ${sentence}`,
    )
    t.notMatch(sentence, /your code is/i, 'a code is only in an answer that tells of a real appointment')
  }
})
