import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { type Heard, withNews } from '../../src/calls/merge.ts'
import type { CallRecord } from '../../src/db/calls.ts'
import { newsOf } from '../../src/vapi/news.ts'
import { common, endOfCallReport, statusUpdate, transcript, type VapiBody } from '../world/vapi/messages.ts'

const START = Date.UTC(2026, 10, 29, 23)
const HEARD_AT = new Date(START + 3_600_000)
const at = (seconds: number) => ({ extra: { timestamp: START + seconds * 1000 } })
const moment = (seconds: number) => new Date(START + seconds * 1000)

const EMPTY: CallRecord = {
  clerkUserId: 'user_1',
  id: '1',
  vapiCallId: 'call-1',
  isBelieved: true,
  assistantId: null,
  direction: null,
  customerNumber: null,
  customerName: null,
  dialledNumber: null,
  status: 'scheduled',
  startedAt: null,
  endedAt: null,
  endedReason: null,
  summary: null,
  intent: null,
  sentiment: null,
  success: null,
  structuredData: null,
  cost: null,
  costs: null,
  hasRecording: false,
  hungAt: [],
  reportedAt: null,
  reportMadeAt: null,
  settled: [],
  lastHeardAt: HEARD_AT,
}

function heard(messages: VapiBody[], call: CallRecord = EMPTY): Heard {
  const all = messages.map(({ message }) => newsOf(String(message.type), message))
  return all.reduce<Heard>((known, news) => withNews(known, news, HEARD_AT), { call, turns: [] })
}

const said = (role: 'bot' | 'user', message: string, seconds: number) => ({
  role,
  message,
  time: START + seconds * 1000,
  secondsFromStart: seconds,
})
const REPORT = endOfCallReport(
  {
    startedAt: moment(3),
    endedAt: moment(63),
    structuredData: { intent: 'Booking', sentiment: 'positive' },
    messages: [said('bot', 'Hello, how can I help?', 3), said('user', 'A viewing, please.', 6)],
  },
  at(70),
)
const TALK = [
  statusUpdate('queued', at(0)),
  statusUpdate('ringing', at(1)),
  statusUpdate('in-progress', at(2)),
  transcript('assistant', 'Hello, how can I help?', at(4)),
  transcript('user', 'A viewing please', at(7)),
  transcript('user', 'A view', { ...at(6), partial: true }),
  transcript('user', 'Yes', at(20)),
  transcript('user', 'Yes', at(30)),
  { message: common('hang', at(15)) },
  { message: common('hang', at(16)) },
  {
    message: common('speech-update', { extra: { timestamp: START + 8000, status: 'started', call: { id: 'call-1', status: 'ringing' } } }),
  },
  statusUpdate('ended', { ...at(60), endedReason: 'silence-timed-out' }),
]

/** Each message once and some of them again, in any order. */
const shuffled = (messages: VapiBody[]) =>
  fc
    .array(fc.constantFrom(...messages), { maxLength: messages.length })
    .chain((again) => fc.shuffledSubarray([...messages, ...again], { minLength: messages.length + again.length }))

// Another order of things: CALLS_SEED=7 node test/calls/merge.test.ts
const SEED = Number(process.env.CALLS_SEED ?? 20261129)

t.test(`a call comes out the same in whatever order and however often its messages come (seed ${SEED})`, async (t) => {
  for (const messages of [TALK, [...TALK, REPORT]]) {
    const expected = heard(messages)
    fc.assert(
      fc.property(shuffled(messages), (order) => isDeepStrictEqual(heard(order), expected)),
      { seed: SEED, numRuns: 200, interruptAfterTimeLimit: 2000 },
    )
    t.pass(`${messages.length} messages`)
  }
})

t.test('without a report a call is what was heard of it', async (t) => {
  const { call, turns } = heard(TALK)
  t.has(call, { status: 'ended', startedAt: moment(2), endedAt: moment(60), endedReason: 'silence-timed-out', reportedAt: null })
  t.same(call.hungAt, [moment(15), moment(16)])
  t.same(
    turns.map(({ role, text }) => `${role}: ${text}`),
    ['assistant: Hello, how can I help?', 'user: A viewing please', 'user: Yes', 'user: Yes'],
  )
})

t.test('what the report tells takes the place of what was heard, and no late message changes it', async (t) => {
  const { call, turns } = heard([REPORT, ...TALK])
  t.has(call, { status: 'ended', startedAt: moment(3), endedAt: moment(63), endedReason: 'customer-ended-call', reportedAt: HEARD_AT })
  t.has(call, { intent: 'booking', sentiment: 'positive', success: 'true', cost: 0.21, summary: 'Caller booked a viewing.' })
  t.same(call.structuredData, { intent: 'Booking', sentiment: 'positive' })
  t.same(
    turns.map(({ role, text, saidAt }) => [role, text, saidAt]),
    [
      ['assistant', 'Hello, how can I help?', moment(3)],
      ['user', 'A viewing, please.', moment(6)],
    ],
  )
})

t.test('of two reports the later one counts, and where it is silent the earlier one', async (t) => {
  const early = endOfCallReport({ summary: 'Early.', cost: 0.1 }, at(70))
  const { analysis, ...late } = endOfCallReport({ cost: 0.2 }, at(80)).message
  for (const reports of [
    [early, { message: late }],
    [{ message: late }, early],
  ])
    t.has(heard(reports).call, { summary: 'Early.', cost: 0.2, reportMadeAt: moment(80) })
})

t.test('a status never goes back, and the old one inside the call does not count against the message', async (t) => {
  const stale = { call: { id: 'call-1', status: 'ringing' } }
  const ended = statusUpdate('ended', { extra: { ...stale, timestamp: START } })
  t.equal(heard([ended, statusUpdate('in-progress', at(5))]).call.status, 'ended')
  t.equal(heard([endOfCallReport({}, { extra: stale }), statusUpdate('ringing', at(5))]).call.status, 'ended')
  t.equal(heard([statusUpdate('forwarding', at(1)), transcript('user', 'Hello', at(2))]).call.status, 'forwarding')
  for (const status of ['not-found', 'deletion-failed'] as const)
    t.equal(heard([statusUpdate('in-progress', at(1)), statusUpdate(status, at(2))]).call.status, 'in-progress', status)
})
