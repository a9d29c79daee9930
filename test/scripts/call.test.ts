import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { type Answer, answered, type FunctionCall, firstMind, heard, type Mind } from '../../scripts/call/assistant.ts'
import { isStageDirection, scriptOf } from '../../scripts/call/caller.ts'
import { chosen, meaningsIn, timesIn } from '../../scripts/call/offers.ts'
import { emailIn, hasNoEmail, nameIn, spokenEmail } from '../../scripts/call/person.ts'
import { lines } from '../../scripts/call/screen.ts'
import { addressIn, isNo, isYes, rentalWishIn, whenIn } from '../../scripts/call/understand.ts'
import { root } from '../../src/root.ts'
import { offerSentence, takenSentence } from '../../src/vapi/speech.ts'
import { rentalsSentence } from '../../src/vapi/spoken-rentals.ts'
import { spokenTime } from '../../src/vapi/spoken-time.ts'
import { readPhrase } from '../../src/words/phrase.ts'

const ZONE = 'America/Chicago'
const at = (local: string) => new Date(Temporal.PlainDateTime.from(local).toZonedDateTime(ZONE).epochMilliseconds)
const slot = (local: string) => ({ startsAt: at(local), endsAt: new Date(at(local).getTime() + 1_800_000) })
const offers = ['2026-12-01T09:00', '2026-12-01T10:30', '2026-12-01T12:00', '2026-12-02T14:00', '2026-12-22T21:30']

/** A call: what the caller says in turn, and what the service answers to each function call. */
function call(turns: string[], service: (call: FunctionCall) => Answer, from: Mind = firstMind) {
  const calls: FunctionCall[] = []
  const said: string[] = []
  let mind = from
  for (const words of turns) {
    let turn = heard(mind, words)
    if ('call' in turn) {
      calls.push(turn.call)
      turn = answered(turn.mind, turn.call, service(turn.call))
    }
    said.push(turn.say)
    mind = turn.mind
  }
  return { calls, said, mind }
}

const offer = offerSentence(
  offers.slice(0, 3).map((one) => slot(one)),
  ZONE,
)
const nine = 'Tuesday the first of December at nine in the morning'
const noon = 'Tuesday the first of December at noon'
const service = ({ name }: FunctionCall): Answer =>
  name === 'book_appointment' ? { result: `You are booked for ${nine}.` } : { result: offer }

t.test('every time of an offer is found in its own words', async (t) => {
  for (let from = 0; from < offers.length; from += 1) {
    for (let to = from + 1; to <= Math.min(from + 3, offers.length); to += 1) {
      const some = offers.slice(from, to)
      const expected = some.map((one) => spokenTime(at(one), ZONE))
      const slots = some.map((one) => slot(one))
      t.same(timesIn(offerSentence(slots, ZONE, { complete: true })), expected)
      t.same(timesIn(takenSentence(slots, ZONE)), expected)
    }
  }
  t.same(timesIn(`You are booked for ${nine}. Is there anything else I can do for you?`), [], 'no offer')
  t.same(meaningsIn('Do you mean eight in the morning or eight in the evening?'), ['eight in the morning', 'eight in the evening'])
})

t.test('a choice is understood by its place, its day or its time', async (t) => {
  const [one = '', two = '', three = '', four = ''] = offers.map((local) => spokenTime(at(local), ZONE))
  const options = [one, two, three, four]
  for (const [said, expected] of [
    ['The first one, please.', [one]],
    ['the second', [two]],
    ['the first one sounds good', [one]],
    ['the last one', [four]],
    ['ten thirty', [two]],
    ['10:30 would be fine', [two]],
    ['Let us say nine', [one]],
    ['the ten thirty one, please', [two]],
    ['Tuesday at noon', [three]],
    ['noon', [three]],
    ['Wednesday', [four]],
    ['the one in the afternoon', [four]],
    ['the second of December', [four]],
    ['Tuesday', [one, two, three]],
    ['yes', options],
    ['Friday', []],
    ['eleven', []],
    ['hm', []],
  ] as const) {
    t.same(chosen(options, said), expected, said)
  }
  t.same(chosen([one], 'Yes, please.'), [one], 'one offer needs no more than a yes')
})

t.test("a day or time is passed on in the caller's own words", async (t) => {
  for (const [said, expected] of [
    ['Do you have anything next week?', 'next week'],
    ['Good morning! Could I come by on Saturday at ten?', 'Saturday at ten'],
    ['What about Wednesday afternoon, if that is possible?', 'Wednesday afternoon'],
    ["I'd like to come the day after tomorrow", 'the day after tomorrow'],
    ['How about the third of December at half past two?', 'the third of December at half past two'],
    ['Hello, I would like a viewing', undefined],
    ['Just a second', undefined],
  ] as const) {
    t.equal(whenIn(said), expected, said)
    if (expected) t.ok(readPhrase(expected), 'the service reads it')
  }
  t.equal(addressIn('the flat at 12 Elm Street on Tuesday'), '12 Elm Street')
})

t.test('names and addresses are heard as people say them', async (t) => {
  for (const said of ['Kim Lee', 'kim lee', "It's Kim Lee.", 'My name is Kim Lee, please', 'this is Kim Lee speaking']) {
    t.equal(nameIn(said), 'Kim Lee', said)
  }
  for (const said of ['kim dot lee at example dot com', 'Kim.Lee@example.com', "It's kim dot lee at example dot com, thanks"]) {
    t.equal(emailIn(said), 'kim.lee@example.com', said)
  }
  t.equal(emailIn('k lee underscore two at my dash mail dot example dot com'), 'klee_2@my-mail.example.com')
  for (const said of ['kim at home', 'no e-mail', '', 'at dot com']) t.equal(emailIn(said), undefined, said)
  for (const said of ['no e-mail', 'No, thanks', "I don't have one"]) t.ok(hasNoEmail(said), said)
  t.equal(spokenEmail('kim.lee@example.com'), 'kim dot lee at example dot com')
})

t.test('a call is a wish, a choice, a name, an address, a yes', async (t) => {
  const turns = ['Is 12 Elm Street free to see on Tuesday?', 'noon', 'Kim Lee', 'kim at example dot com', 'Yes, please', 'No, bye']
  const { calls, said, mind } = call(turns, service)
  const details = { attendee_name: 'Kim Lee', attendee_email: 'kim@example.com', property_address: '12 Elm Street' }
  t.same(calls, [
    { name: 'get_availability', arguments: { date: 'Tuesday' } },
    { name: 'book_appointment', arguments: { start_time: noon, ...details } },
  ])
  t.match(said[3], `That is ${noon}, at 12 Elm Street, for Kim Lee, with an invitation to kim at example dot com.`)
  t.equal(mind.awaits, 'nothing')
  for (const one of said.slice(0, -1)) t.equal(one.split('?').length <= 2, true, `one question at a time: ${one}`)
})

t.test('nothing is booked without a clear yes', async (t) => {
  const asked = ['Tuesday', 'nine', 'Kim Lee', 'no e-mail']
  for (const end of ['bye', 'hm', 'no', 'yes, but at noon', 'Yes... no, wait', 'something else', 'okay, goodbye']) {
    const { calls } = call([...asked, end], service)
    t.notOk(
      calls.some(({ name }) => name === 'book_appointment'),
      end,
    )
  }
  t.ok(isYes('Yes, that is right.') && !isYes('no') && !isYes('yes, but later') && isNo('another day, please'))
})

t.test('a caller may change her mind, and is not asked twice for what she said', async (t) => {
  const turns = ['Tuesday', 'nine', 'Kim Lee', 'no e-mail', 'No, what about Thursday?', 'the second one']
  const { calls, said } = call(turns, service)
  t.same(
    calls.map((one) => one.arguments.date),
    ['Tuesday', 'Thursday'],
  )
  t.match(said.at(-1), /ten thirty in the morning, for Kim Lee, without an invitation\. Shall I book it\?$/)
  const renamed = call([...turns, 'No, the name is Kim Li'], service)
  t.match(renamed.said.at(-1), 'for Kim Li,')
})

t.test('a time that was taken leads to the nearest, a missing day to a question', async (t) => {
  const taken = call(['Tuesday', 'nine', 'Kim Lee', 'no e-mail', 'yes', 'noon', 'yes'], ({ name, arguments: { start_time } }) =>
    name !== 'book_appointment'
      ? { result: offer }
      : start_time === nine
        ? { error: takenSentence([slot('2026-12-01T12:00')], ZONE) }
        : { result: 'You are booked.' },
  )
  t.same(
    taken.calls.map((one) => one.arguments.start_time),
    [undefined, nine, noon],
  )
  const other = call(['Tuesday', 'eleven thirty', 'Friday'], service)
  t.equal(other.calls[1]?.arguments.date, 'eleven thirty Tuesday the first of December', 'another hour of the day that is spoken of')
  t.equal(other.calls[2]?.arguments.date, 'Friday', 'or another day')
  const halves = call(['at ten', 'Tuesday'], () => ({ error: 'Which day would you like?' }))
  t.equal(halves.calls[1]?.arguments.date, 'Tuesday at ten')
  const meant = call(['Tuesday at eight', 'the second one'], () => ({
    result: 'Do you mean eight in the morning or eight in the evening?',
  }))
  t.equal(meant.calls[1]?.arguments.date, 'Tuesday at eight in the evening')
  const pending = call(['yes'], service, {
    ...answered(
      { ...firstMind, awaits: 'consent' },
      { name: 'book_appointment', arguments: { start_time: nine } },
      { error: 'It is not confirmed yet. Shall I check again?' },
    ).mind,
  })
  t.equal(pending.calls[0]?.arguments.start_time, nine)
})

t.test('a question about what there is to rent has a function of its own, and the call goes on', async (t) => {
  for (const [said, expected] of [
    ['What do you have for rent?', {}],
    ['Which apartments are there in Austin?', { location: 'Austin' }],
    ['Any flats near Round Rock under $2,000?', { location: 'Round Rock', price_range: 'under $2,000' }],
    ['do you have houses between 1000 and 2000 in austin', { location: 'austin', price_range: 'between 1000 and 2000' }],
    ['I want to see the flat at 12 Elm Street on Tuesday', undefined],
    ['Is the flat free on Tuesday?', undefined],
    ['Do you have anything on Tuesday?', undefined],
  ] as const)
    t.same(rentalWishIn(said), expected, said)
  const known = [{ propertyAddress: '12 Elm Street', price: 1850, bedrooms: 2, bathrooms: 1, availableDate: null }]
  const answer = rentalsSentence(known, Temporal.PlainDate.from('2026-11-29'))
  const turns = ['What flats do you have in Austin?', 'I would like to see 12 Elm Street on Tuesday']
  const { calls, said } = call(turns, (asked) => (asked.name === 'search_rentals' ? { result: answer } : service(asked)))
  t.same(
    calls.map(({ name }) => name),
    ['search_rentals', 'get_availability'],
  )
  t.same(said, [answer, offer])
})

t.test('the soonest time has a function of its own', async (t) => {
  const { calls } = call(['As soon as possible'], service)
  t.same(calls, [{ name: 'get_next_available', arguments: {} }])
  t.same(call(['the next available afternoon'], service).calls, [{ name: 'get_next_available', arguments: { part_of_day: 'afternoon' } }])
})

t.test('no line is wider than the terminal, and nothing of it is lost', async (t) => {
  const json = JSON.stringify({
    start_time: nine,
    attendee_name: 'Kim Lee',
    attendee_email: 'kim@example.com',
    property_address: '12 Elm Street',
  })
  const broken = lines(`book_appointment ${json}`, 15)
  t.ok(broken.length > 1)
  for (const [index, line] of broken.entries()) t.ok(line.length + (index === 0 ? 15 : 0) <= 100)
  t.equal(
    broken
      .map((line) => line.trim())
      .join('')
      .replaceAll(' ', ''),
    `book_appointment${json}`.replaceAll(' ', ''),
  )
})

t.test('the scripts that come along are lines of a caller', async (t) => {
  for (const name of ['demo', 'taken', 'closed', 'change', 's0', 's1', 's4']) {
    const { document, lines: said } = scriptOf(await readFile(path.join(root, 'scripts/call', `${name}.txt`), 'utf8'))
    t.equal(document, /^s\d$/.test(name) ? name.toUpperCase() : undefined, `${name}: whose functions the assistant has`)
    t.match(said.at(-1), /bye/i, `${name} ends with a goodbye`)
    t.equal(said.filter(isStageDirection).length, name === 'taken' ? 1 : 0)
  }
})

t.test('the letters behind an offer are passed on and never said', async (t) => {
  const today = '<today is Sunday the twenty ninth of November, time zone America/Chicago>'
  const lettered = ({ name }: FunctionCall): Answer =>
    name === 'book_appointment' ? { result: `You are booked for ${nine}.` } : { result: `${offer} <slots A, B, C> ${today}` }
  const { calls, said } = call(['Tuesday', 'the second one', 'Kim Lee', 'no e-mail', 'yes'], lettered)
  t.match(calls.at(-1), { name: 'book_appointment', arguments: { slot: 'B' } })
  for (const sentence of said) t.notMatch(sentence, /[<>]/)
})

t.test('an appointment is found before it is moved or cancelled, outside its call by its code', async (t) => {
  const found = { result: `Your appointment is on ${nine}. Shall I move it, cancel it, or leave it as it is?` }
  const desk = ({ name }: FunctionCall): Answer =>
    name === 'find_appointment' ? found : name.startsWith('get') ? { result: `${offer} <slots A, B, C>` } : { result: 'Done.' }
  const cancelled = call(['I have to cancel my appointment', 'four seven one nine two six', 'cancel it'], desk)
  const code = 'four seven one nine two six'
  t.match(cancelled.calls, [
    { name: 'find_appointment', arguments: { code } },
    { name: 'cancel_appointment', arguments: { code } },
  ])
  const moved = call(['I need to move my appointment', '471926', 'Move it to Tuesday', 'the first one', 'yes'], desk)
  t.match(moved.calls.at(-1), { name: 'reschedule_appointment', arguments: { slot: 'A', code: '471926' } })
  t.match(call(['Can I leave a message?', 'The tap drips.'], desk).calls, [
    { name: 'take_message', arguments: { message: 'The tap drips.' } },
  ])
  t.match(call(['Actually, keep it.'], desk).calls, [{ name: 'keep_appointment' }])
})
