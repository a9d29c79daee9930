import t from 'tap'
import { type ConnectedOwner, testApp } from '../setup/app.ts'
import { speakable, words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const live = (owner: ConnectedOwner) => test.world[owner.vendor].events(owner.calendarEmail).filter((event) => event.status !== 'cancelled')
const starts = (owner: ConnectedOwner) =>
  live(owner)
    .map((event) => event.startsAt.toISOString())
    .sort()
const ANA = '+13125550142'
const FIRST = { callId: 'first', number: ANA }
const LATER = { callId: 'later', number: ANA }
const REFUSAL = 'For that I need a call from the number of the appointment and its confirmation code. Shall I take a message instead?'
/** "four seven one, nine two six" in what the caller heard. */
const codeIn = (answer: { result?: string }) => /Your code is (?:still )?([a-z, ]+)\./.exec(answer.result ?? '')?.[1] ?? ''

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: a caller finds her appointment by the code she heard, moves it and cancels it`, async (t) => {
    const owner = await test.owner({ vendor })
    const booked = await owner.call(
      'book_appointment',
      { start_time: '2026-12-01T09:00', name: 'Ana', property_address: '12 Elm St' },
      FIRST,
    )
    t.match(booked.result, /12 Elm St\. I have your number ending in zero one four two\. Your code is [a-z ]+, [a-z ]+\. Is there/)
    const code = codeIn(booked)
    const found = await owner.call('find_appointment', { code }, LATER)
    t.equal(
      found.result,
      'Your appointment is on Tuesday the first of December at nine in the morning, at 12 Elm St. Shall I move it, cancel it, or leave it as it is?',
    )

    const offered = await owner.call('get_availability', { date: 'wednesday', duration: 60 }, LATER)
    t.match(offered.result, /<slots A, B, C>$/)
    const moved = await owner.call('reschedule_appointment', { code, slot: 'A' }, { ...LATER, toolCallId: 'move' })
    t.match(
      moved.result,
      /^Your appointment is now on Wednesday the second of December at nine in the morning, at 12 Elm St\. Your code is still /,
    )
    t.equal(codeIn(moved), code, 'the code stays')
    t.same(starts(owner), ['2026-12-02T15:00:00.000Z'])
    t.equal(
      Number(live(owner)[0]?.endsAt) - Number(live(owner)[0]?.startsAt),
      30 * 60_000,
      'as long as it was, however long the offers were',
    )
    t.same(
      await owner.call('reschedule_appointment', { code, slot: 'A' }, { ...LATER, toolCallId: 'move' }),
      moved,
      'delivered again, said again',
    )
    t.match((await owner.call('reschedule_booking', { code, slot: 'A' }, LATER)).result, /^Your appointment stands on Wednesday/)

    const cancelled = await owner.call('cancel_appointment', { code }, { ...LATER, toolCallId: 'cancel' })
    t.equal(
      cancelled.result,
      'Your appointment on Wednesday the second of December at nine in the morning is cancelled. Is there anything else I can do for you?',
    )
    t.same(await owner.call('cancel_appointment', { code }, { ...LATER, toolCallId: 'cancel' }), cancelled)
    t.match((await owner.call('cancel_booking', { code }, LATER)).result, 'is cancelled already')
    t.same(starts(owner), [])
    for (const answer of [booked, found, moved, cancelled]) speakable(t, words(answer))
  })

  t.test(`${vendor}: "actually, keep it" takes back what was changed in this call`, async (t) => {
    const owner = await test.owner({ vendor })
    const code = codeIn(await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }, FIRST))
    t.match((await owner.call('keep_appointment', {}, LATER)).error, 'I have not changed any appointment in this call.')
    await owner.call('reschedule_appointment', { code, when: 'Thursday at ten' }, LATER)
    t.same(starts(owner), ['2026-12-03T16:00:00.000Z'])
    const kept = await owner.call('keep_appointment', {}, LATER)
    t.match(kept.result, /^You keep your appointment on Tuesday the first of December at nine in the morning\. Your code is still /)
    t.same(starts(owner), ['2026-12-01T15:00:00.000Z'])
    await owner.call('cancel_appointment', { code }, LATER)
    t.same(starts(owner), [])
    t.equal(codeIn(await owner.call('keep_appointment', {}, LATER)), code)
    t.same(starts(owner), ['2026-12-01T15:00:00.000Z'])
  })

  t.test(`${vendor}: an appointment stays as it is where the new time cannot be had, and others are offered`, async (t) => {
    const owner = await test.owner({ vendor })
    const code = codeIn(await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }, FIRST))
    test.world[vendor].addEvent(owner.calendarEmail, {
      subject: 'Private',
      startsAt: new Date('2026-12-02T15:00:00Z'),
      endsAt: new Date('2026-12-02T16:00:00Z'),
    })
    const refusals: [object, RegExp][] = [
      [
        { when: 'Wednesday at nine' },
        /^Your appointment stays as it is\. That time is taken, sorry\. The nearest I have is Wednesday.*<slots? [A-Z, ]+>$/,
      ],
      [{ when: 'Saturday at ten' }, /^Your appointment stays as it is\. We are closed on Saturday/],
      [{ start_time: '2026-11-30T10:00' }, /^Your appointment stays as it is\. That is too soon/],
      [{ start_time: '2027-03-01T10:00' }, /^Your appointment stays as it is\. I can book up to/],
      [{}, /^Which day and what time would you like\?$/],
      [{ slot: 'Q' }, /^I am not sure which of the times you mean\./],
      [{ when: 'Thursday' }, /^Which day and what time would you like\?$/],
    ]
    for (const [parameters, sentence] of refusals) {
      const answer = await owner.call('reschedule_appointment', { code, ...parameters }, LATER)
      t.match(answer.error, sentence, JSON.stringify(parameters))
      speakable(t, words(answer))
    }
    t.equal(live(owner).length, 2)
    t.ok(starts(owner).includes('2026-12-01T15:00:00.000Z'))
  })

  t.test(`${vendor}: a change that the calendar has not confirmed is not said to be done`, async (t) => {
    const owner = await test.owner({ vendor })
    const code = codeIn(await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }, FIRST))
    test.world[vendor].faults.add({ kind: 'lost', method: vendor === 'google' ? 'PUT' : 'PATCH', times: Number.POSITIVE_INFINITY })
    test.world[vendor].faults.add({ kind: 'lost', method: 'PATCH', times: Number.POSITIVE_INFINITY })
    const moving = await owner.call('reschedule_appointment', { code, when: 'Thursday at ten' }, LATER)
    test.world[vendor].faults.clear()
    t.match(
      moving.error,
      /^I am moving your appointment to Thursday .* not confirmed yet, so the old time stays yours\. Shall I check again\?$/,
    )
    t.equal(moving.result, undefined)
  })

  t.test(`${vendor}: what is held, and not in the calendar yet, is called neither an appointment nor a move`, async (t) => {
    const owner = await test.owner({ vendor })
    test.world[vendor].faults.add({ kind: 'lost', times: Number.POSITIVE_INFINITY, method: 'POST', path: /events/ })
    const held = /^I am holding Tuesday the first of December at nine in the morning for you, but it is not confirmed yet\./
    t.match((await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }, FIRST)).error, held)
    test.world[vendor].faults.clear()
    t.match((await owner.call('find_appointment', {}, FIRST)).error, held)
    t.match(
      (await owner.call('reschedule_appointment', { when: 'Thursday at ten' }, FIRST)).error,
      /^That appointment is still waiting for the diary, so I cannot move it yet\./,
    )
  })

  t.test(`${vendor}: "keep it" says what is so when the owner, or somebody else, was faster`, async (t) => {
    const owner = await test.owner({ vendor })
    const keep = (callId: string) => owner.call('keep_appointment', {}, { callId })
    const asOwner = async (method: 'PATCH' | 'DELETE', at: string, payload?: object) => {
      const { bookings } = (await test.app.inject({ url: '/bookings?status=confirmed', headers: owner.headers() })).json()
      const { id } = bookings.find((one: { start_time: string }) => one.start_time.startsWith(at))
      const reply = await test.app.inject({ method, url: `/bookings/${id}`, headers: owner.headers(), ...(payload ? { payload } : {}) })
      t.equal(reply.statusCode, 200, reply.body)
    }
    const moved = async (callId: string, day: string) => {
      await owner.call('book_appointment', { when: `${day} at nine`, name: 'Ana' }, { callId })
      await owner.call('reschedule_appointment', { when: `${day} at eleven` }, { callId })
    }
    await moved('owner moves', 'Tuesday')
    await asOwner('PATCH', '2026-12-01T11', { start_time: '2026-12-01T15:00:00-06:00' })
    t.match(
      (await keep('owner moves')).result,
      'Your appointment stands on Tuesday the first of December at three',
      'what the owner decided stays',
    )
    await moved('owner cancels', 'Wednesday')
    await keep('owner cancels')
    await asOwner('DELETE', '2026-12-02T09')
    t.match((await keep('owner cancels')).error, 'That appointment cannot be changed any more.', 'and is not said to stand')
    await owner.call('book_appointment', { when: 'Thursday at nine', name: 'Ana' }, { callId: 'taken' })
    await owner.call('cancel_appointment', {}, { callId: 'taken' })
    const other = { subject: 'x', startsAt: new Date('2026-12-03T15:00:00Z'), endsAt: new Date('2026-12-03T15:30:00Z') }
    test.world[vendor].addEvent(owner.calendarEmail, other)
    t.match(
      (await keep('taken')).error,
      /^I could not bring your appointment back\. That time is taken, sorry\. The nearest I have is Thursday/,
    )
    const { bookings } = (await test.app.inject({ url: '/bookings', headers: owner.headers() })).json()
    t.match(bookings.at(-1), { status: 'cancelled', start_time: '2026-12-03T09:00:00-06:00' }, 'the owner still sees what was cancelled')
    const again = { method: 'DELETE', url: `/bookings/${bookings.at(-1).id}`, headers: owner.headers() } as const
    t.match((await test.app.inject(again)).json(), { status: 'cancelled' })
    t.match(
      (await test.app.inject({ url: '/bookings?status=failed', headers: owner.headers() })).json().bookings,
      [],
      'and no appointment twice',
    )
  })

  t.test(`${vendor}: a calendar that refuses a change is not said to have refused a booking`, async (t) => {
    const owner = await test.owner({ vendor })
    await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }, FIRST)
    test.world[vendor].faults.add({ kind: 'status', status: 400, times: Number.POSITIVE_INFINITY, path: /events/ })
    for (const [name, parameters] of [
      ['cancel_appointment', {}],
      ['reschedule_appointment', { when: 'Thursday at ten' }],
    ] as const)
      t.equal(
        (await owner.call(name, parameters, FIRST)).error,
        'The diary did not accept that, so I could not do it. Shall I take a message instead?',
      )
    test.world[vendor].faults.clear()
    t.same(starts(owner), ['2026-12-01T15:00:00.000Z'])
  })
}

t.test('whoever does not prove an appointment hears one refusal, whatever there is', async (t) => {
  const owner = await test.owner()
  const code = codeIn(await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }, FIRST))
  const wrong = code.startsWith('one') ? 'two two two two two two' : 'one one one one one one'
  const attempts: [object, object][] = [
    [{ code: wrong }, LATER],
    [{}, LATER],
    [
      { code, phone: ANA, number: ANA },
      { callId: 'stranger', number: '+13125550177' },
    ],
    [{ code }, { callId: 'hidden' }],
    [{ name: 'Ana', code: '*' }, LATER],
    [{ code: 'all', booking_id: '%' }, LATER],
  ]
  for (const name of ['find_appointment', 'reschedule_appointment', 'cancel_appointment']) {
    for (const [parameters, from] of attempts.slice(0, 3)) {
      t.equal(
        (await owner.call(name, { when: 'Thursday at ten', current_time: '', ...parameters }, from)).error,
        REFUSAL,
        `${name} ${JSON.stringify(parameters)}`,
      )
    }
  }
  for (const [parameters, from] of attempts) t.equal((await owner.call('cancel_appointment', parameters, from)).error, REFUSAL)
  const empty = await test.owner()
  t.equal((await empty.call('cancel_appointment', { code }, LATER)).error, REFUSAL, 'the same where there is nothing')
  t.same(starts(owner), ['2026-12-01T15:00:00.000Z'])
  t.match((await owner.call('take_message', { message: 'Cannot come on Tuesday.' }, LATER)).result, 'I have taken your message down')
})

t.test('a code is understood as it is said, and what was booked in this very call needs none', async (t) => {
  const owner = await test.owner()
  const digits = new Map('zero one two three four five six seven eight nine'.split(' ').map((word, digit) => [word, String(digit)]))
  const code = codeIn(await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana' }, FIRST))
  const written = (code.match(/[a-z]+/g) ?? []).map((word) => digits.get(word)).join('')
  for (const said of [
    written,
    `${written.slice(0, 2)} ${written.slice(2, 4)} ${written.slice(4)}`,
    `My code is ${code.replaceAll(',', '')}.`,
  ])
    t.match((await owner.call('find_appointment', { code: said }, LATER)).result, 'Your appointment is on Tuesday', said)
  t.match(
    (await owner.call('reschedule_appointment', { when: 'Thursday at ten' }, { callId: 'first', number: ANA })).result,
    'is now on Thursday',
  )
  t.match((await owner.call('cancel_appointment', {}, { callId: 'first', number: ANA })).result, 'is cancelled')
})

t.test('which appointment is meant is told by a day or an hour alone, and another time than hers is asked about', async (t) => {
  const owner = await test.owner()
  const change = (name: string, parameters: object) => owner.call(name, parameters, FIRST)
  await change('book_appointment', { start_time: '2026-12-01T09:30', name: 'Ana' })
  for (const at of ['Wednesday', 'Wednesday at nine', '2026-12-01T14:00', 'Tuesday afternoon', '2026-11-24T09:30']) {
    const answer = await change('cancel_appointment', { current_time: at })
    t.equal(
      answer.error,
      'Your appointment is on Tuesday the first of December at nine thirty in the morning. Is that the one you mean?',
      at,
    )
  }
  t.equal(live(owner).length, 1, 'nothing is cancelled that was not meant')
  await change('book_appointment', { start_time: '2026-12-03T14:00', name: 'Ana' })
  for (const at of ['Friday', 'next week', '']) {
    const answer = await change('cancel_appointment', { current_time: at })
    t.match(answer.error, /^You have more than one appointment, Tuesday .*, or Thursday .*\. Which one do you mean\?$/, at)
  }
  const found = async (at: string) => words(await change('find_appointment', { current_time: at }))
  for (const at of ['Tuesday', 'the Tuesday one', 'nine thirty', 'my appointment on Tuesday', '2024-12-01T09:30'])
    t.match(await found(at), /^Your appointment is on Tuesday the first of December/, at)
  for (const at of ['Thursday', 'the one at two', 'the third', '2026-12-03T14:00:00Z'])
    t.match(await found(at), /^Your appointment is on Thursday the third of December/, at)
  t.match((await change('cancel_appointment', { current_time: 'the Thursday one' })).result, 'on Thursday the third of December')
  const again = await change('cancel_appointment', { current_time: 'Thursday' })
  t.match(again.result, /^Your appointment on Thursday .* is cancelled already\./, 'a repeat is not taken for the other one')
  t.match((await change('reschedule_appointment', { current_time: 'Tuesday', when: 'Friday at ten' })).result, 'now on Friday')
  t.match((await change('cancel_appointment', { current_time: 'Friday' })).result, 'on Friday the fourth of December')
  t.match((await change('cancel_appointment', { current_time: 'Friday' })).result, 'is cancelled already')
  t.equal((await change('cancel_appointment', { current_time: 'Monday the seventh' })).error, REFUSAL, 'of another one nothing is known')
})

t.test('an assistant that shows no secret finds and changes nothing', async (t) => {
  const user = test.user()
  const assistantId = crypto.randomUUID()
  await test.app.inject({
    method: 'POST',
    url: '/agents',
    headers: user.headers(),
    payload: { agent_name: 'Desk', vapi_assistant_id: assistantId },
  })
  for (const name of ['find_appointment', 'reschedule_appointment', 'cancel_appointment', 'keep_appointment']) {
    const call = { id: crypto.randomUUID(), function: { name, arguments: { code: '471926', when: 'Thursday at ten' } } }
    const message = { type: 'tool-calls', toolCallList: [call], call: { id: 'c', assistantId, customer: { number: ANA } } }
    const reply = await test.app.inject({ method: 'POST', url: '/vapi/webhook', payload: { message } })
    t.equal(reply.json().results[0].error, REFUSAL, name)
  }
})

t.test('an assistant that shows no secret hears and touches nothing of a call whose id it names', async (t) => {
  const owner = await test.owner()
  const open = crypto.randomUUID()
  const payload = { agent_name: 'Open', vapi_assistant_id: open }
  await test.app.inject({ method: 'POST', url: '/agents', headers: owner.headers(), payload })
  /** As whoever has read the ids of Ana's call somewhere. */
  const forge = async (name: string, parameters: object, id: string): Promise<{ result?: string; error?: string }> => {
    const toolCallList = [{ id, function: { name, arguments: parameters } }]
    const message = {
      type: 'tool-calls',
      toolCallList,
      call: { id: 'first', assistantId: open, customer: { number: ANA } },
      customer: { number: ANA },
    }
    return (await test.app.inject({ method: 'POST', url: '/vapi/webhook', payload: { message, customer: { number: ANA } } })).json()
      .results[0]
  }
  const wish = { when: 'Friday at ten', name: 'Ana', property_address: '7 Quiet Rd' }
  await owner.call('get_availability', { date: 'friday' }, FIRST)
  const booked = await owner.call('book_appointment', wish, { ...FIRST, toolCallId: 'book' })
  const left = { message: 'Please ring twice.' }
  await owner.call('take_message', left, { ...FIRST, toolCallId: 'left' })
  const seen = JSON.stringify(live(owner))

  t.match(
    (await forge('book_appointment', { slot: 'A' }, 'a')).error,
    'I am not sure which of the times you mean',
    'not even what was offered',
  )
  for (const id of ['book', 'another'])
    t.match((await forge('book_appointment', { ...wish, email: 'eve@example.com' }, id)).error, /^That time is taken/, id)
  await forge('take_message', { ...left, phone: '+12125550123' }, 'left')
  const messages = (await test.app.inject({ url: '/messages', headers: owner.headers() })).json().messages
  t.same(
    messages.map((one: { phone: string | null; call_id: string }) => [one.phone, one.call_id]),
    [
      ['+12125550123', 'first'],
      [null, 'first'],
    ],
    "a message of its own, and Ana's as it was",
  )
  t.equal(JSON.stringify(live(owner)), seen, 'nobody else is invited')

  const cancelled = await owner.call('cancel_appointment', {}, { ...FIRST, toolCallId: 'cancel' })
  t.match(cancelled.result, 'is cancelled')
  for (const id of ['cancel', 'keep'])
    t.equal((await forge('cancel_appointment', {}, id)).error, REFUSAL, 'delivered again, but not by Vapi')
  t.equal((await forge('keep_appointment', {}, 'keep')).error, REFUSAL)
  const own = await forge('book_appointment', { when: 'Friday at ten', name: 'Eve' }, 'own')
  t.match(own.result, /^You are booked for Friday/)
  t.not(codeIn(own), codeIn(booked), 'an appointment of her own: what was cancelled is not brought back')
  t.match((await owner.call('keep_appointment', {}, FIRST)).error, 'That time is taken')
  const [forged] = (await test.app.inject({ url: '/bookings?status=confirmed', headers: owner.headers() })).json().bookings
  t.match(forged, { call_id: 'first', address: null, customer: { name: 'Eve', phone: null } })
})

t.test('an endless call id is that of no call, and no bug', async (t) => {
  const owner = await test.owner()
  const callId = Array.from({ length: 900 }, () => crypto.randomUUID()).join('')
  t.match((await owner.call('get_availability', {}, { callId })).result, /^I have .*\?$/)
})

t.test('a spoken e-mail address is read back in two stages, and one that is not understood costs no booking', async (t) => {
  const owner = await test.owner()
  const said = 'j o n underscore s at gmial dot com'
  t.equal((await owner.call('check_email', { email: said })).result, 'I have jon underscore s at gmail dot com. Is that right?')
  t.equal(
    (await owner.call('check_email', { email: said, spell: true })).result,
    'I spell it. j, o, n as in Nora, underscore, s as in Sam, at gmail dot com. Is that right?',
  )
  t.match((await owner.call('check_email', { email: 'er, what?' })).error, 'I did not get the e-mail address.')
  const unclear = await owner.call('book_appointment', { when: 'Tuesday at nine', name: 'Jon', email: 'jon@hmail.com' }, FIRST)
  t.match(unclear.error, /^Is the e-mail address at h, m as in Mary, .*, or at gmail dot com\?$/)
  t.equal(live(owner).length, 0, 'two readings are asked about first')
  const confirmed = { when: 'Tuesday at nine', name: 'Jon', email: 'jon@hmail.com', email_confirmed: true }
  t.match((await owner.call('book_appointment', confirmed, FIRST)).result, 'An invitation comes by e-mail.')
  t.match(live(owner), [{ attendees: [{ email: 'jon@hmail.com' }], invitationsSent: true }])

  const again = { callId: 'again', number: ANA }
  const unusable = await owner.call('book_appointment', { when: 'Wednesday at nine', name: 'Jon', email: 'jon at gmail' }, again)
  t.match(unusable.result, /^You are booked .* Your code is .* so no invitation goes out yet\. Could you spell it for me\?$/)
  t.match(
    (await owner.call('book_appointment', { when: 'Thursday at nine', name: 'Jon', phone: '555 0123' }, again)).error,
    'I did not get the whole phone number.',
  )
})

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: an address that is spelled after the booking gets the invitation, once`, async (t) => {
    const owner = await test.owner({ vendor })
    const wish = { when: 'Tuesday at nine', name: 'Jon' }
    await owner.call('book_appointment', { ...wish, email: 'jon at gmail' }, FIRST)
    t.match(live(owner), [{ attendees: [], invitationsSent: false }])
    test.world[vendor].faults.add({ kind: 'status', status: 400, method: 'PATCH' })
    const refused = await owner.call('book_appointment', { ...wish, email: 'jon at gmail dot com' }, FIRST)
    t.ok(refused.error, 'the vendor does not take it')
    test.world[vendor].faults.clear()
    const spelled = await owner.call('book_appointment', { ...wish, email: 'j o n at gmail dot com' }, FIRST)
    t.match(spelled.result, /^You are already booked for Tuesday .* An invitation comes by e-mail\. Your code is /)
    t.match(live(owner), [{ attendees: [{ email: 'jon@gmail.com' }], invitationsSent: true }])
    const asked = test.world[vendor].ledger.length
    t.equal(words(await owner.call('book_appointment', { ...wish, email: 'jon@gmail.com' }, FIRST)), words(spelled))
    t.equal(words(await owner.call('book_appointment', { ...wish, email: 'else@gmail.com' }, FIRST)), words(spelled))
    t.equal(test.world[vendor].ledger.length, asked, 'the vendor is not asked again')
    t.match(live(owner), [{ attendees: [{ email: 'jon@gmail.com' }] }], 'whoever has an address keeps it')
  })
}
