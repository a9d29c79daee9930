import t from 'tap'
import { inZone } from '../../src/calendar/zone.ts'
import { VENDORS } from '../../src/vendors.ts'
import { type ConnectedOwner, NOW, testApp } from '../setup/app.ts'
import { withoutDate } from '../setup/heard.ts'
import { say, speakable, words } from '../setup/voice.ts'
import { assistantRequest, endOfCallReport, functionCall, statusUpdate, toolCalls, transcript } from '../world/vapi/messages.ts'
import { type Conversation, conversations, type Turn } from './conversations.ts'

// What stands in the requirement documents, at the times and with the arguments that stand there, whoever keeps the diary.
const test = await testApp(t, { LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
const ZONE = 'America/Chicago'
const CALLER = '+15551234567'
const AWAY = 'The diary does not answer right now. Shall I try again, or take a message?'
const WANTS_EMAIL = 'For this appointment I need an e-mail address. Which address may I use?'
const NUMBER = 'I have your number ending in four five six seven.'
const INVITATION = 'An invitation comes by e-mail.'
const NOT_CONNECTED = 'I cannot see the diary at the moment, so I cannot book anything. Shall I take a message instead?'

const at = (local: string) => new Date(Temporal.PlainDateTime.from(local).toZonedDateTime(ZONE).epochMilliseconds)
const localTime = (instant: Date) => inZone(instant, ZONE).toPlainDateTime().toString({ smallestUnit: 'minute' })

for (const vendor of VENDORS) {
  t.test(`${vendor}: the conversations of the requirement documents`, async (t) => {
    t.teardown(() => test.setNow(NOW))
    const owner = await test.owner({ vendor, timeZone: ZONE })
    const standIn = test.world[vendor]
    const block = (from: string, to: string) =>
      standIn.addEvent(owner.calendarEmail, { subject: 'Busy', startsAt: at(from), endsAt: at(to) })
    const booked = () => standIn.events(owner.calendarEmail).filter(({ status, subject }) => status !== 'cancelled' && subject !== 'Busy')

    for (const conversation of conversations.map((one) => (vendor === 'calcom' ? atCalcom(one) : one))) {
      const { source, busy, turns, event, taken } = conversation
      const last = turns.slice(-1)

      t.test(`${source}: somebody else is faster, and the nearest times are offered in the same answer`, async (t) => {
        for (const [from, to] of busy) block(from, to)
        const before = booked().length
        const call = ring(owner, conversation)
        for (const turn of turns.slice(0, -1)) t.equal(await call.ask(turn), turn.told)
        const meanwhile = block(event.startsAt, event.endsAt)
        for (const turn of last) t.equal(await call.ask(turn), taken)
        t.equal(booked().length, before)
        standIn.deleteEvent(owner.calendarEmail, meanwhile)
      })

      t.test(`${source}: while the calendar does not answer the caller hears so, and nothing is booked`, async (t) => {
        const before = booked().length
        const call = ring(owner, conversation)
        standIn.faults.add({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
        for (const turn of turns) t.equal(await call.ask(turn), turn.asksBack ? turn.told : AWAY)
        standIn.faults.clear()
        t.equal(booked().length, before)
      })

      t.test(`${source}: every sentence as it is heard, one booking, and the record of the call names it`, async (t) => {
        const before = new Set(booked().map(({ id }) => id))
        const call = ring(owner, conversation)
        await call.begin()
        for (const turn of turns) {
          const told = await call.ask(turn)
          t.equal(told, turn.told)
          speakable(t, told)
        }
        await call.end()

        const made = booked().filter(({ id }) => !before.has(id))
        t.same(
          made.map(({ subject, startsAt, endsAt, attendees, told }) => ({
            subject,
            startsAt: startsAt && localTime(startsAt),
            endsAt: endsAt && localTime(endsAt),
            attendees: attendees.map(({ email }) => email),
            invited: told.map(({ email, what }) => `${email} is ${what}`),
          })),
          [{ ...event, invited: event.attendees.map((email) => `${email} is invited`) }],
        )
        for (const detail of conversation.described) t.match(made[0]?.description, detail)

        test.setNow(NOW)
        const { status, booking_created, intent, function_calls, bookings } = await onRecord(owner, call.id)
        t.same([status, booking_created, intent], ['ended', true, 'booking'])
        t.same(
          function_calls.map(({ answer }: { answer: string }) => withoutCode(withoutDate(answer))),
          turns.map(({ told }) => told),
        )
        t.same(
          bookings.map(({ status, start_time }: { status: string; start_time: string }) => [status, localTime(new Date(start_time))]),
          [['confirmed', event.startsAt]],
        )
      })
    }

    t.test('without a calendar every one of them ends with the offer of a message', async (t) => {
      const before = booked().length
      await test.app.inject({ method: 'DELETE', url: '/calendar/disconnect', headers: owner.headers() })
      for (const conversation of conversations) {
        const call = ring(owner, conversation)
        for (const turn of conversation.turns) t.equal(await call.ask(turn), turn.asksBack ? turn.told : NOT_CONNECTED)
      }
      t.equal(booked().length, before)
    })
  })
}

/** A scheduler books for somebody whom it can write to, under a title of its own, and does not tell why it has no such time. */
function atCalcom(conversation: Conversation): Conversation {
  const { turns, event, described } = conversation
  const [last] = turns.slice(-1)
  if (!last) return conversation
  const { name, attendee_name, email, attendee_email = email } = last.parameters
  const customer = attendee_name ?? name ?? attendee_email ?? 'john@example.com'
  const named = { ...last, parameters: { ...last.parameters, email: 'john@example.com' }, told: last.told.replace(NUMBER, INVITATION) }
  return {
    ...conversation,
    turns: attendee_email ? turns : [...turns.slice(0, -1), { ...last, told: WANTS_EMAIL }, named],
    event: { ...event, subject: `30 Min Meeting between Dana Reyes and ${customer}`, attendees: [attendee_email ?? 'john@example.com'] },
    described: [...described, event.subject],
    taken: conversation.taken.replace('That time is taken, sorry.', 'I cannot book that time.'),
  }
}

/** The caller's number is the one of the documents; each call has an id of its own. */
function ring({ assistantId, secret }: ConnectedOwner, { now, door, form }: Conversation) {
  test.setNow(at(now))
  const id = crypto.randomUUID()
  const options = { assistantId, callId: id, customerNumber: CALLER }
  const post = (body: object) => say(test, body, { path: door, headers: { 'x-vapi-secret': secret } })
  return {
    id,
    begin: async () => {
      await post(assistantRequest(options))
      await post(statusUpdate('in-progress', options))
      await post(transcript('user', "I'd like to book an appointment.", options))
    },
    ask: async ({ name, parameters }: Turn) => {
      const body =
        form === 'function-call' ? functionCall(name, parameters, options) : toolCalls([{ name, arguments: parameters }], options)
      const { json, results } = await post(body)
      return withoutCode(words(form === 'function-call' ? json : results[0]))
    },
    end: async () => {
      const [startedAt, endedAt] = [at(now), new Date(at(now).getTime() + 120_000)]
      await post(statusUpdate('ended', options))
      await post(endOfCallReport({ startedAt, endedAt, structuredData: { intent: 'booking' } }, options))
    },
  }
}

function withoutCode(told: string): string {
  return told.replace(/(?<=Your code is )[a-z ]+, [a-z ]+(?=\.)/, 'CODE')
}

async function onRecord(owner: ConnectedOwner, vapiCallId: string) {
  const list = await test.app.inject({ url: '/calls', headers: owner.headers() })
  const call = list.json().calls.find((call: { vapi_call_id: string }) => call.vapi_call_id === vapiCallId)
  return (await test.app.inject({ url: `/calls/${call?.id}`, headers: owner.headers() })).json()
}
