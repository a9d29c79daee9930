import t from 'tap'
import { noteOffers } from '../../src/bookings/offers.ts'
import { dropOldOffers } from '../../src/db/call-offers.ts'
import { type ConnectedOwner, NOW, testApp } from '../setup/app.ts'
import { rowsOf } from '../setup/rows.ts'
import { speakable, words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const live = (owner: ConnectedOwner) => test.world[owner.vendor].events(owner.calendarEmail).filter((event) => event.status !== 'cancelled')
const asked = (owner: ConnectedOwner) => test.world[owner.vendor].ledger.length
const kept = async (owner: ConnectedOwner) =>
  (await rowsOf(test.database.url, owner.clerkUserId)).filter(({ table }) => table === 'call_offers').length

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: each time that is offered has a letter, and the letter books it`, async (t) => {
    const owner = await test.owner({ vendor })
    const offered = await owner.call('get_availability', { duration: 60 })
    t.match(offered.result, /\? <slots A, B, C>$/, 'after the question, in brackets that are not spoken')
    speakable(t, words(offered))
    t.equal(words(await owner.call('get_availability', { duration: 60 })), words(offered), 'a time keeps its letter')
    const booked = await owner.call('book_appointment', { slot: 'B', name: 'Ana' })
    t.match(booked.result, 'You are booked for Tuesday the first of December at noon')
    t.has(live(owner), [{ startsAt: new Date('2026-12-01T18:00:00Z'), endsAt: new Date('2026-12-01T19:00:00Z') }], 'as long as offered')
    t.match((await owner.call('get_availability', { date: 'thursday' })).result, / <slots D, E, F>$/, 'new times have new letters')
    const [, letter = ''] = /<slots D, (E), F>/.exec(words(await owner.call('get_availability', { date: 'thursday' }))) ?? []
    t.match(
      (await owner.call('book_appointment', { when: `slot ${letter.toLowerCase()}`, name: 'Ana' })).result,
      'You are booked for Thursday',
    )
    t.equal(live(owner).length, 2)
  })

  t.test(`${vendor}: an offer is no promise`, async (t) => {
    const owner = await test.owner({ vendor })
    await owner.call('get_availability', {})
    test.world[vendor].addEvent(owner.calendarEmail, {
      subject: 'x',
      startsAt: new Date('2026-12-01T15:00:00Z'),
      endsAt: new Date('2026-12-01T15:30:00Z'),
    })
    const answer = await owner.call('book_appointment', { slot: 'A' })
    t.match(answer.error, /^That time is taken, sorry\. The nearest .*\? <slots D, E>$/, 'and the times in its place have letters')
    t.match((await owner.call('book_appointment', { slot: 'D' })).result, 'You are booked for Tuesday the first of December at nine thirty')
  })
}

t.test('a letter that was not given out, or in another call, asks which time is meant, and books nothing', async (t) => {
  const owner = await test.owner()
  await owner.call('get_availability', {})
  const which = /^I am not sure which of the times you mean\. Which day and what time would you like\?$/
  t.match((await owner.call('book_appointment', { slot: 'Q' })).error, which)
  t.match((await owner.call('book_appointment', { slot: 'A' }, { callId: 'another' })).error, which)
  t.match(
    (await owner.call('book_appointment', { slot: 'A', when: 'Wednesday at two' })).error,
    /^Do you mean Tuesday .* or Wednesday .*\?$/,
  )
  t.match((await owner.call('book_appointment', { slot: '' })).error, 'Which day and what time')
  t.equal(live(owner).length, 0)
  t.match((await owner.call('book_appointment', { slot: 'Z', when: 'Tuesday at nine' })).result, 'You are booked', 'clear words are enough')
})

t.test('a wall-clock time that a model sends with a false Z is the one that was offered', async (t) => {
  const owner = await test.owner()
  t.match((await owner.call('get_availability', { date: 'Tuesday at four' })).result, 'four in the afternoon is free')
  const booked = await owner.call('book_appointment', { start_time: '2026-12-01T16:00:00Z' })
  t.match(booked.result, 'You are booked for Tuesday the first of December at four in the afternoon')
  const elsewhere = await owner.call('book_appointment', { start_time: '2026-12-02T16:00:00Z' }, { callId: 'no offers' })
  t.match(words(elsewhere), /ten in the morning|Do you mean/, 'without an offer it says what it says, or is asked about')
})

t.test('an offer is known again in whatever zone the model puts beside its words, and by its weekday alone', async (t) => {
  const owner = await test.owner()
  t.match((await owner.call('get_availability', { date: 'Tuesday the eighth at two' })).result, 'two in the afternoon is free')
  const said = { start_time: 'Tuesday the eighth of December at two in the afternoon', timezone: 'America/New_York' }
  const two = 'You are booked for Tuesday the eighth of December at two in the afternoon'
  t.match((await owner.call('set_appointment', said)).result, two, 'not at one, which is two in New York')
  t.match((await owner.call('get_availability', { date: 'Wednesday the ninth at ten' })).result, 'is free')
  const ten = 'You are booked for Wednesday the ninth of December at ten'
  t.match((await owner.call('book_appointment', { when: 'Wednesday at ten' })).result, ten, 'not the Wednesday before')
  const utc = { when: 'Thursday at ten', timezone: 'UTC' }
  t.match((await owner.call('book_appointment', utc)).result, 'You are booked for Thursday the third of December at ten')
  const written = await owner.call('book_appointment', { start_time: '2026-12-04T14:00:00', timezone: 'UTC' })
  t.match(written.result, 'You are booked for Friday the fourth of December at two', 'the one reading in opening hours')
})

t.test('where a whole part of a day is open the caller chooses, and whichever time she names was offered', async (t) => {
  const owner = await test.owner()
  const open = (when: string, more = {}) => owner.call('get_availability', { when, ...more })
  const afternoon = 'I have Tuesday the first of December, any time from noon to four thirty in the afternoon. Which time would you like?'
  t.equal((await open('Tuesday afternoon')).result, afternoon, 'without letters')
  speakable(t, afternoon)
  t.match((await open('Tuesday from one to five')).result, 'any time from one to four thirty in the afternoon')
  t.match((await open('Tuesday after eleven')).result, 'any time from eleven in the morning to four thirty in the afternoon')
  t.match((await open('Tuesday', { part_of_day: 'morning' })).result, 'any time from nine to eleven thirty in the morning')
  t.match((await open('Tuesday')).result, 'at nine or nine thirty in the morning, or at noon', 'a whole day is not read out')
  t.match((await open('Tuesday to Thursday in the afternoon')).result, /^I have (?!.*any time)/, 'nor are several')
  t.match((await open('Tuesday from three to five')).result, 'any time from three to four thirty', 'as many as cannot be said')
  t.match((await open('Tuesday from four to five')).result, 'at four or four thirty in the afternoon')
  await owner.call('get_availability', { when: 'Thursday afternoon' }, { callId: 'z' })
  const named = await owner.call('book_appointment', { when: '2026-12-03T15:30:00Z' }, { callId: 'z' })
  t.match(named.result, 'Thursday the third of December at three thirty', 'of the two readings the one that was offered')
  t.match((await open('Thursday afternoon')).result, /^I have Thursday(?!.*any time)/, 'one time of it is taken')
  await owner.call('get_availability', { when: 'Friday afternoon' }, { callId: 'a' })
  t.match((await owner.call('book_appointment', { when: 'at two' }, { callId: 'a' })).result, 'Friday the fourth of December at two')
})

t.test('a part of the day alone is asked for on the day that was offered', async (t) => {
  const owner = await test.owner()
  const ask = async (when: string) => words(await owner.call('get_availability', { when }))
  t.equal(await ask('in the afternoon'), 'Which day would you like?')
  await ask('Thursday')
  t.match(await ask('in the afternoon'), /^I have Thursday the third of December, any time from noon/)
  t.match(await ask('at four'), 'Thursday the third of December at four in the afternoon is free')
  t.match(await ask('the same day before ten'), 'Thursday the third of December at nine or nine thirty')
  t.match(await ask('2026-12-03T16:00:00Z'), 'four in the afternoon is free', 'of the two readings the one that was offered')
  await ask('Friday')
  t.equal(await ask('in the afternoon'), 'Which day would you like?', 'two days are talked about')
})

t.test('whoever chooses a day hears which of its times was offered, and a letter of another day books nothing', async (t) => {
  const owner = await test.owner()
  t.match((await owner.call('get_availability', {})).result, /nine in the morning or at noon, or Wednesday .* at nine in the morning/)
  const booked = async (parameters: object) => (await owner.call('book_appointment', parameters)).error
  t.equal(await booked({ when: 'Wednesday' }), 'Do you mean Wednesday the second of December at nine in the morning?')
  t.equal(await booked({ when: 'Tuesday' }), 'Do you mean nine in the morning or noon?')
  t.equal(await booked({ when: 'Tuesday afternoon' }), 'Do you mean Tuesday the first of December at noon?')
  t.equal(await booked({ when: 'Thursday' }), 'Which day and what time would you like?')
  t.match(await booked({ slot: 'A', when: 'Wednesday' }), 'I am not sure which of the times you mean')
  t.equal(live(owner).length, 0)
})

t.test('a day that a program writes as its midnight is that day, whatever the offset', async (t) => {
  const owner = await test.owner()
  const day = words(await owner.call('get_availability', { date: '2026-12-02' }))
  for (const date of ['2026-12-02T00:00:00Z', '2026-12-02T00:00:00+00:00', '2026-12-02T00:00:00-06:00', '2026-12-02 00:00'])
    t.equal(words(await owner.call('get_availability', { date })), day, date)
})

t.test('"anything later?" is answered from what the last look found, without asking the calendar', async (t) => {
  const owner = await test.owner()
  const first = await owner.call('get_availability', { date: '2026-12-01' })
  t.match(first.result, 'nine or nine thirty in the morning, or at noon')
  const before = asked(owner)
  const later = await owner.call('get_availability', { when: 'Anything later?' })
  t.match(later.result, /^I have Tuesday the first of December at twelve thirty.* <slots D, E, F>$/)
  t.equal(asked(owner), before, 'the calendar is left in peace')
  t.match((await owner.call('get_availability', { when: 'something earlier' })).result, /^I have .*/)
  t.ok((await kept(owner)) <= 9 * 3)
  await owner.call('get_availability', { date: '2026-12-01' }, { callId: 'slow' })
  test.setNow(new Date(NOW.getTime() + 3 * 60_000))
  t.teardown(() => test.setNow(NOW))
  const again = asked(owner)
  t.match((await owner.call('get_availability', { when: 'anything later' }, { callId: 'slow' })).result, /^I have/)
  t.ok(asked(owner) > again, 'what was found minutes ago is looked up anew')
})

t.test('"anything later that day?" stays on that day', async (t) => {
  const owner = await test.owner()
  const ask = async (when: string) => words(await owner.call('get_availability', { when }))
  t.match(await ask('Thursday'), 'nine or nine thirty in the morning, or at noon')
  t.match(await ask('do you have anything later that day'), /^I have Thursday the third of December at twelve thirty(?!.*Friday)/)
  t.match(await ask('something earlier on Thursday'), /^I have Thursday the third of December at (?!.*(Wednesday|Friday))/)
  t.match(await ask('Thursday at four thirty'), 'is free')
  t.match(await ask('anything later on Thursday?'), 'I have nothing later.')
})

t.test('whoever wants an earlier time than the earliest hears that there is none', async (t) => {
  const owner = await test.owner()
  await owner.call('get_next_available', {})
  t.equal(
    (await owner.call('get_availability', { when: 'anything earlier' })).result,
    'I have nothing earlier. Which of the times that I named would you like?',
  )
  t.match((await owner.call('get_availability', { when: 'another time' })).result, /^I have /)
})

t.test('outside a call nothing is remembered and no letters are given', async (t) => {
  const owner = await test.owner()
  const call = { id: 'x', function: { name: 'get_availability', arguments: {} } }
  const message = { type: 'tool-calls', toolCallList: [call], assistant: { id: owner.assistantId } }
  const reply = await test.app.inject({
    method: 'POST',
    url: '/vapi/webhook',
    headers: { 'x-vapi-secret': owner.secret },
    payload: { message },
  })
  t.match(words(reply.json().results[0]), /^I have Tuesday.*\?$/)
  t.equal(await kept(owner), 0)
})

t.test('times that are asked for side by side in one call never share a letter', async (t) => {
  const owner = await test.owner()
  const at = (day: number) => ({ startsAt: new Date(`2026-12-0${day}T15:00:00Z`), endsAt: new Date(`2026-12-0${day}T15:30:00Z`) })
  const offeredIn = { clerkUserId: owner.clerkUserId, vapiCallId: 'call' }
  const note = (day: number) => noteOffers(test.deps, offeredIn, { said: [at(day)], found: [], timeZone: 'UTC' })
  const letters = (await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(note))).flat()
  t.same(letters.sort(), ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'])
})

t.test('what was offered is forgotten hours after', async (t) => {
  const owner = await test.owner()
  await owner.call('get_availability', {})
  t.ok((await kept(owner)) > 0)
  await dropOldOffers(test.deps.db, 24 * 365 * 20)
  t.ok((await kept(owner)) > 0)
  await dropOldOffers(test.deps.db, -24 * 365 * 20)
  t.equal(await kept(owner), 0)
})
