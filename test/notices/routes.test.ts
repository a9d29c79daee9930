import t from 'tap'
import { inTenant } from '../../src/db/client.ts'
import {
  tellOfBooking,
  tellOfCancel,
  tellOfConflict,
  tellOfFailedBooking,
  tellOfFailedChange,
  tellOfLostConnection,
  tellOfMessage,
  tellOfMove,
} from '../../src/notices/tell.ts'
import { type Owner, testApp } from '../setup/app.ts'
import { appointmentOf } from '../setup/notices.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000' })

async function visitor(): Promise<Owner> {
  const user = test.user()
  await test.app.inject({ url: '/users/me', headers: user.headers() })
  return user
}

async function list(user: Owner, query: Record<string, string> = {}) {
  const reply = await test.app.inject({ url: '/notices', headers: user.headers(), query })
  return reply.json()
}

t.test('each kind of notice says what happened, when in the zone of the appointment, and how to reach the caller', async (t) => {
  const user = await visitor()
  const booking = appointmentOf(user)
  const change = crypto.randomUUID()
  const calendarEmail = 'dana@example.com'
  const { clerkUserId } = user
  await inTenant(test.deps.db, clerkUserId, async (trx) => {
    await tellOfBooking(test.deps, trx, booking)
    await tellOfFailedBooking(test.deps, trx, booking, 'provider_unavailable')
    await tellOfConflict(test.deps, trx, booking)
    await tellOfMove(test.deps, trx, booking, new Date('2026-11-30T22:30:00Z'), { id: change, madeBy: 'caller' })
    await tellOfCancel(test.deps, trx, booking, { id: change, madeBy: 'caller' })
    await tellOfFailedChange(test.deps, trx, booking, 'cancel', change)
    const said = { callerName: null, phone: null, callNumber: '+13125550142', email: null, words: 'Please call me.', wishedTime: null }
    await tellOfMessage(test.deps, trx, { ...said, clerkUserId, id: crypto.randomUUID() })
    const lost = { clerkUserId, id: crypto.randomUUID(), provider: 'google', calendarEmail, tokenRefreshedAt: new Date(0) }
    await tellOfLostConnection(test.deps, trx, { ...lost, role: 'destination' })
  })
  const { notices, next_cursor: next } = await list(user, { limit: '100' })
  t.equal(next, null)
  const texts: Record<string, string> = Object.fromEntries(notices.map((one: { kind: string; text: string }) => [one.kind, one.text]))
  const on = 'Tuesday, December 1, 2026 at 9:00 AM'
  const contact = 'Contact: +13125550142.'
  t.same(texts, {
    booking_created: `Ana Ruiz booked “Viewing” for ${on}. ${contact}`,
    booking_failed: `The appointment of Ana Ruiz (“Viewing”) on ${on} could not be entered, because your calendar did not answer. Its time is not kept any more. Please get in touch. ${contact}`,
    booking_conflict: `Your calendar has another event at the time of the appointment of Ana Ruiz (“Viewing”) on ${on}. Both stand. Please move one of them. ${contact}`,
    booking_moved: `Ana Ruiz moved “Viewing” from Monday, November 30, 2026 at 4:30 PM to ${on}. ${contact}`,
    booking_cancelled: `Ana Ruiz cancelled “Viewing” on ${on}. The time is free again. ${contact}`,
    change_failed: `Ana Ruiz asked to cancel “Viewing” on ${on}, and your calendar did not accept that. The appointment stands as it was. Please get in touch. ${contact}`,
    message_left: `A caller left a message: Please call me. ${contact}`,
    calendar_disconnected: 'Google Calendar (dana@example.com) no longer lets us in. Callers cannot book until you connect it again.',
  })
})

t.test('what a caller says of herself stays within one line and within bounds', async (t) => {
  const user = await visitor()
  const odd = appointmentOf(user, { customerName: `A\n\u202e${'x'.repeat(500)}`, subject: 'V\u0007iewing\r\nnow' })
  await inTenant(test.deps.db, user.clerkUserId, (trx) => tellOfBooking(test.deps, trx, odd))
  const [{ text }] = (await list(user)).notices
  t.notMatch(text, /[\p{Cc}\p{Cf}]/u)
  t.ok(text.length < 400)
})

t.test('the same thing is told once, and a calendar that is lost again is told again', async (t) => {
  const user = await visitor()
  const booking = appointmentOf(user)
  const connection = {
    clerkUserId: user.clerkUserId,
    id: crypto.randomUUID(),
    provider: 'microsoft',
    calendarEmail: 'a@b.example',
    role: 'busy',
  }
  await inTenant(test.deps.db, user.clerkUserId, async (trx) => {
    for (let times = 0; times < 3; times += 1) {
      await tellOfBooking(test.deps, trx, booking)
      await tellOfLostConnection(test.deps, trx, { ...connection, tokenRefreshedAt: new Date(0) })
    }
    await tellOfLostConnection(test.deps, trx, { ...connection, tokenRefreshedAt: new Date(1000) })
  })
  t.same((await list(user)).notices.map(({ kind }: { kind: string }) => kind).sort(), [
    'booking_created',
    'calendar_disconnected',
    'calendar_disconnected',
  ])
})

t.test('nothing is told of what was rolled back', async (t) => {
  const user = await visitor()
  const undone = inTenant(test.deps.db, user.clerkUserId, async (trx) => {
    await tellOfBooking(test.deps, trx, appointmentOf(user))
    throw new Error('rolled back')
  })
  await t.rejects(undone)
  t.same((await list(user)).notices, [])
})

t.test('pages go from the newest to the oldest, each notice once, also those of one moment', async (t) => {
  const user = await visitor()
  for (const rounds of [3, 4])
    await inTenant(test.deps.db, user.clerkUserId, async (trx) => {
      for (let count = 0; count < rounds; count += 1) await tellOfBooking(test.deps, trx, appointmentOf(user))
    })
  const seen: { id: string; created_at: string }[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { notices: typeof seen; next_cursor: string | null } = await list(user, { limit: '2', ...(cursor ? { cursor } : {}) })
    t.ok(page.notices.length <= 2)
    seen.push(...page.notices)
    cursor = page.next_cursor
  }
  t.equal(new Set(seen.map(({ id }) => id)).size, 7)
  t.same(
    seen.map((one) => one.created_at),
    seen.map((one) => one.created_at).sort((a, b) => b.localeCompare(a)),
  )
  const foreign = await list(await visitor(), { cursor: seen[0]?.id ?? '' })
  t.same(foreign, { notices: [], next_cursor: null }, "somebody else's cursor leads nowhere")
})

t.test('a notice is marked as read and as unread, and nonsense is refused', async (t) => {
  const user = await visitor()
  await inTenant(test.deps.db, user.clerkUserId, async (trx) => {
    await tellOfBooking(test.deps, trx, appointmentOf(user))
    await tellOfBooking(test.deps, trx, appointmentOf(user))
  })
  const [{ id }] = (await list(user)).notices
  const mark = (which: string, payload: object) =>
    test.app.inject({ method: 'PATCH', url: `/notices/${which}`, headers: user.headers(), payload })
  const read = await mark(id, { read: true, text: 'ours', clerk_user_id: 'user_other' })
  t.equal(read.statusCode, 200)
  t.match(read.json(), { id, read_at: /Z$/, text: /^Ana Ruiz booked/ })
  t.equal((await mark(id, { read: true })).json().read_at, read.json().read_at, 'again is no harm')
  t.equal((await list(user, { unread: 'true' })).notices.length, 1)
  t.equal((await mark(id, { read: false })).json().read_at, null)
  t.equal((await list(user, { unread: 'true' })).notices.length, 2)
  t.equal((await mark('nonsense', { read: true })).statusCode, 404)
  t.equal((await mark(id, {})).statusCode, 400)
  for (const query of [{ limit: '0' }, { limit: '101' }, { cursor: 'nonsense' }, { unread: 'perhaps' }])
    t.equal((await test.app.inject({ url: '/notices', headers: user.headers(), query })).statusCode, 400, JSON.stringify(query))
})
