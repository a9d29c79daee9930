import t from 'tap'
import { testApp } from '../setup/app.ts'

const NUMBER = '+12125550123'

t.test('a call books two appointments and a number three to come; the next is refused in words, and nothing is made', async (t) => {
  const test = await testApp(t, { LIMIT_BOOKINGS_PER_CALL: '2', LIMIT_BOOKINGS_PER_NUMBER: '3' })
  const owner = await test.owner()
  const book = (callId: string, time: string, number?: string) =>
    owner.call('book_appointment', { start_time: `2026-12-01T${time}`, second: true }, { callId, ...(number ? { number } : {}) })
  const events = () => test.world.google.events(owner.calendarEmail).length

  for (const time of ['09:00', '09:30']) t.match((await book('one', time, NUMBER)).result, /^You are booked/)
  t.match((await book('one', '10:00', NUMBER)).error, /^I cannot book any more appointments for you/)
  t.match((await book('one', '09:30', NUMBER)).result, /^You are already booked/, 'what is booked stays so')
  t.match((await book('two', '10:00', NUMBER)).result, /^You are booked/)
  t.match((await book('three', '10:30', NUMBER)).error, /^I cannot book any more appointments for you/)
  t.equal(events(), 3)
  t.match((await book('four', '10:30', '+12125550199')).result, /^You are booked/, 'another number may')
  t.match((await book('five', '11:00')).result, /^You are booked/, 'a hidden number counts by its call alone')

  test.setNow(new Date('2026-12-02T15:00:00Z'))
  const later = await owner.call('book_appointment', { start_time: '2026-12-04T09:00' }, { callId: 'six', number: NUMBER })
  t.match(later.result, /^You are booked/, 'what is over counts no more')
})

t.test('many bookings of one call at once do not slip past the limit', async (t) => {
  const test = await testApp(t, { LIMIT_BOOKINGS_PER_CALL: '2' })
  const owner = await test.owner()
  const times = ['09:00', '09:30', '10:00', '10:30', '11:00', '11:30']
  const answers = await Promise.all(times.map((time) => owner.call('book_appointment', { start_time: `2026-12-01T${time}`, second: true })))
  t.equal(answers.filter(({ result }) => result).length, 2)
  t.equal(test.world.google.events(owner.calendarEmail).length, 2)

  const last = () =>
    owner.call('book_appointment', { start_time: '2026-12-02T09:00', second: true }, { callId: 'last', toolCallId: 'same' })
  await owner.call('book_appointment', { start_time: '2026-12-02T10:00' }, { callId: 'last' })
  const twins = await Promise.all(Array.from({ length: 8 }, last))
  t.ok(
    twins.every(({ result }) => result?.startsWith('You are booked')),
    `the last one that she may book, delivered often: ${JSON.stringify(twins)}`,
  )
  t.equal(test.world.google.events(owner.calendarEmail).length, 4)
})

t.test('a phone call has thirty function calls; one that is delivered again is none more', async (t) => {
  const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_CALL: '3' })
  const owner = await test.owner()
  const ask = (callId: string, toolCallId: string) => owner.call('search_rentals', { website: 'example.com' }, { callId, toolCallId })
  for (const id of ['a', 'b', 'b', 'b', 'c']) t.notMatch(await ask('one', id), { error: /anything more in this call/ }, id)
  t.match(await ask('one', 'd'), { error: /^I cannot look up anything more in this call/ })
  t.notMatch(await ask('one', 'a'), { error: /anything more in this call/ }, 'a repeat hears what the first did')
  t.notMatch(await ask('two', 'a'), { error: /anything more in this call/ })
})
