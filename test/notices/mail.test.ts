import { once } from 'node:events'
import { createServer } from 'node:net'
import { sql } from 'kysely'
import t from 'tap'
import { work } from '../../src/background.ts'
import { inTenant, type TenantDb } from '../../src/db/client.ts'
import { sendMail } from '../../src/notices/mail.ts'
import { composed } from '../../src/notices/mail-message.ts'
import { mailNotice } from '../../src/notices/mail-notice.ts'
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
import { type ConnectedOwner, type Owner, testApp } from '../setup/app.ts'
import { jobs, runJobs } from '../setup/jobs.ts'
import { appointmentOf, deliveriesOf, later } from '../setup/notices.ts'
import { read } from '../world/mail/read.ts'

const test = await testApp(t, { MAIL_FROM: 'Ringbook <notices@ringbook.example>', LIMIT_REST_PER_MINUTE: '10000', METRICS_TOKEN: 'x' })
const { deps, world } = test
const { mail } = world
const HOUR = 60 * 60

/** Only that of her own: those of the tests before are still in the box. */
const mailsTo = ({ email }: Owner) => mail.received.map(read).filter(({ to }) => to === email)
const tell = (owner: Owner, work: (trx: TenantDb) => Promise<unknown>) => inTenant(deps.db, owner.clerkUserId, work)

async function visitor(): Promise<Owner> {
  const user = test.user()
  await test.app.inject({ url: '/users/me', headers: user.headers() })
  return user
}

const set = (owner: Owner, payload: object) =>
  test.app.inject({ method: 'PATCH', url: '/notices/settings', headers: owner.headers(), payload })

t.beforeEach(() => mail.faults.clear())

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: the owner gets one e-mail for what is booked, moved, cancelled and left for her`, async (t) => {
    const owner: ConnectedOwner = await test.owner({ vendor })
    const number = '+13125550142'
    const booked = await owner.call('book_appointment', { start_time: '2026-12-01T09:00', name: 'Ana Ruiz' }, { number })
    t.match(booked.result, 'You are booked')
    await owner.call('reschedule_appointment', { start_time: '2026-12-01T10:00' }, { number })
    await owner.call('cancel_appointment', {}, { number })
    await owner.call('take_message', { message: 'Please call me back.', name: 'Ana Ruiz' }, { number })
    const times = { start_time: '2026-12-02T09:00:00-06:00', end_time: '2026-12-02T09:30:00-06:00' }
    await test.app.inject({
      method: 'POST',
      url: '/calendar/events',
      headers: owner.headers(),
      payload: { subject: 'Notary', ...times },
    })
    t.same(mailsTo(owner), [], 'nothing slow is on the way of a caller')
    await runJobs(test)
    await later(test, owner, HOUR)
    const at = 'Tuesday, December 1, 2026'
    t.same(
      mailsTo(owner)
        .map(({ subject }) => subject)
        .sort(),
      [
        'A caller left you a message',
        `Appointment cancelled: ${at} at 10:00 AM`,
        `Appointment moved: now ${at} at 10:00 AM`,
        `New appointment: ${at} at 9:00 AM`,
        'New appointment: Wednesday, December 2, 2026 at 9:00 AM',
      ],
    )
    t.match(
      mailsTo(owner).find(({ text }) => text.startsWith('You booked “Notary”')),
      { to: owner.email },
    )
    const { notices } = (await test.app.inject({ url: '/notices', headers: owner.headers() })).json()
    t.equal(notices.length, 4, 'what she did herself is no news')
    // Gone from her own calendar: noticed when somebody wants to know that time.
    for (const event of world[vendor].events(owner.calendarEmail)) world[vendor].deleteEvent(owner.calendarEmail, event.id)
    const longAgo = { updatedAt: sql<Date>`now() - interval '3 minutes'` }
    await inTenant(deps.db, owner.clerkUserId, (trx) => trx.updateTable('bookings').set(longAgo).execute())
    await owner.call('get_availability', { date: '2026-12-02' })
    await runJobs(test)
    const gone = mailsTo(owner).find(({ subject }) => subject.startsWith('Appointment cancelled: Wednesday'))
    t.match(gone?.text, 'no longer in your calendar')
  })
}

t.test('each e-mail says what happened in plain words, without a word of a caller in its subject', async (t) => {
  const owner = await visitor()
  const booking = appointmentOf(owner, { customerName: 'Ana\r\nBcc: all@example.com <b>Ruiz</b>' })
  const change = { id: crypto.randomUUID(), madeBy: 'caller' }
  await tell(owner, async (trx) => {
    await tellOfBooking(deps, trx, booking)
    await tellOfFailedBooking(deps, trx, booking, 'slot_taken')
    await tellOfConflict(deps, trx, booking)
    await tellOfMove(deps, trx, booking, new Date('2026-11-30T22:30:00Z'), change)
    await tellOfCancel(deps, trx, booking, change)
    await tellOfFailedChange(deps, trx, booking, 'move', change.id)
    const said = { callerName: null, phone: null, callNumber: '+13125550142', email: null, words: 'Call me.\nBcc: x', wishedTime: null }
    await tellOfMessage(deps, trx, { ...said, clerkUserId: owner.clerkUserId, id: crypto.randomUUID() })
    const lost = { clerkUserId: owner.clerkUserId, id: crypto.randomUUID(), provider: 'google', calendarEmail: 'd@example.com' }
    await tellOfLostConnection(deps, trx, { ...lost, tokenRefreshedAt: new Date(0), role: 'destination' })
  })
  await runJobs(test)
  const at = 'Tuesday, December 1, 2026 at 9:00 AM'
  const mails = mailsTo(owner)
  t.same(mails.map(({ subject }) => subject).sort(), [
    `A caller could not change an appointment: ${at}`,
    'A caller left you a message',
    `Appointment cancelled: ${at}`,
    `Appointment moved: now ${at}`,
    `Appointment not entered: ${at}`,
    `New appointment: ${at}`,
    'Please connect your calendar again',
    `Two events at the same time: ${at}`,
  ])
  const created = mails.find(({ subject }) => subject.startsWith('New'))
  t.equal(
    created?.text,
    `Ana Bcc all@example.com <b>Ruiz</b> booked “Viewing” for ${at}. Contact: +13125550142.\n\nYou get this e-mail because notices by e-mail are switched on in your Ringbook settings.`,
  )
  t.match(created?.html, '&lt;b&gt;Ruiz&lt;/b&gt;', 'markup is shown, not obeyed')
  t.equal(new Set(mails.map(({ messageId }) => messageId)).size, 8)
  t.ok(mail.received.every(({ raw }) => !/^Bcc:/im.test(raw.split('\r\n\r\n')[0] ?? '')))
})

t.test('nothing is sent of what was rolled back, and what was told before is not sent again', async (t) => {
  const owner = await visitor()
  const booking = appointmentOf(owner)
  await t.rejects(
    tell(owner, async (trx) => {
      await tellOfBooking(deps, trx, booking)
      throw new Error('rolled back')
    }),
  )
  t.equal(await runJobs(test), 0)
  t.same(await deliveriesOf(test, owner), [])
  for (let times = 0; times < 3; times += 1) await tell(owner, (trx) => tellOfBooking(deps, trx, booking))
  const [{ id: deliveryId }] = await deliveriesOf(test, owner)
  const job = { clerkUserId: owner.clerkUserId, deliveryId }
  // As many processes as there may be.
  await Promise.all(Array.from({ length: 5 }, () => mailNotice(deps, job, new AbortController().signal)))
  await runJobs(test)
  await later(test, owner, HOUR)
  t.equal(mailsTo(owner).length, 1)
  t.match(await deliveriesOf(test, owner), [{ state: 'sent', attempts: 1, last_error: null, next_attempt_at: null }])
})

t.test('a mail server that is down for an hour loses nothing, and doubles nothing', async (t) => {
  const owner = await visitor()
  await mail.down()
  await tell(owner, async (trx) => {
    for (let count = 0; count < 3; count += 1) await tellOfBooking(deps, trx, appointmentOf(owner))
  })
  await runJobs(test)
  for (let minutes = 0; minutes < 60; minutes += 15) await later(test, owner, 15 * 60)
  const waiting = await deliveriesOf(test, owner, { state: 'waiting' })
  t.equal(waiting.length, 3)
  t.match(waiting[0], { attempts: 5, last_error: 'ESOCKET', sent_at: null })
  await mail.up()
  // Nobody remembers them: the jobs are lost.
  await sql`delete from jobs.job`.execute(deps.db)
  await later(test, owner, 17 * 60)
  await work['find-undelivered'](deps, {}, new AbortController().signal)
  await runJobs(test)
  await later(test, owner, HOUR)
  t.equal(mailsTo(owner).length, 3)
  t.equal((await deliveriesOf(test, owner, { state: 'sent' })).length, 3)
  t.match(
    (await test.app.inject({ url: '/metrics', headers: { authorization: 'Bearer x' } })).body,
    /channel="email",outcome="put_off"\} \d/,
  )
})

t.test('a mail that may have arrived is not sent again by itself, and a replay bears the same id', async (t) => {
  const owner = await visitor()
  mail.faults.add({ kind: 'lost' })
  await tell(owner, (trx) => tellOfBooking(deps, trx, appointmentOf(owner)))
  await runJobs(test)
  await later(test, owner, 24 * HOUR)
  t.equal(mailsTo(owner).length, 1)
  const [{ id, state }] = await deliveriesOf(test, owner)
  t.equal(state, 'unsure')
  const replay = await test.app.inject({ method: 'POST', url: `/notices/deliveries/${id}/replay`, headers: owner.headers() })
  t.match(replay.json(), { id, state: 'waiting', attempts: 0, last_error: null })
  await runJobs(test)
  const [first, second] = mailsTo(owner)
  t.equal(first?.messageId, second?.messageId)
  t.match(await deliveriesOf(test, owner), [{ state: 'sent' }])
})

t.test('whoever dies before the last byte leaves the mail to another, and whoever dies after it does not', async (t) => {
  const owner = await visitor()
  await tell(owner, async (trx) => {
    for (let count = 0; count < 2; count += 1) await tellOfBooking(deps, trx, appointmentOf(owner))
    // What a killed process leaves: both are in its hands, one was about to be handed over.
    await sql`update notice_deliveries set leased_until = now() + interval '1 minute', lease_number = 1, attempts = 1`.execute(trx)
    const some = sql`(select id from notice_deliveries limit 1)`
    await sql`update notice_deliveries set handed_at = now() where id = ${some}`.execute(trx)
  })
  await runJobs(test)
  t.equal(mailsTo(owner).length, 0, 'it may still live')
  await later(test, owner, 2 * 60)
  await work['find-undelivered'](deps, {}, new AbortController().signal)
  await runJobs(test)
  t.equal(mailsTo(owner).length, 1)
  t.same((await deliveriesOf(test, owner)).map(({ state }: { state: string }) => state).sort(), ['sent', 'unsure'])
})

t.test('what the server refuses for good is dead, and what it refuses for now is tried again', async (t) => {
  for (const [fault, state, error] of [
    [{ kind: 'rcpt', status: 550 }, 'dead', 'RCPT TO 550'],
    [{ kind: 'data', status: 554 }, 'dead', 'DATA 554'],
    [{ kind: 'rcpt', status: 450 }, 'waiting', 'RCPT TO 450'],
    [{ kind: 'data', status: 451 }, 'waiting', 'DATA 451'],
    [{ kind: 'cut' }, 'waiting', 'ECONNECTION'],
  ] as const) {
    const owner = await visitor()
    mail.faults.add(fault)
    await tell(owner, (trx) => tellOfBooking(deps, trx, appointmentOf(owner)))
    await runJobs(test)
    t.match(await deliveriesOf(test, owner), [{ state, last_error: error }], error)
    await later(test, owner, HOUR)
    t.equal(mailsTo(owner).length, state === 'dead' ? 0 : 1, error)
    if (state === 'waiting') continue
    const again = { method: 'POST', url: '/notices/deliveries/replay', headers: owner.headers() } as const
    const since = new Date(Date.now() - 60_000).toISOString()
    t.same((await test.app.inject({ ...again, payload: { since, channel: 'webhook' } })).json(), { replayed: 0, has_more: false })
    t.same((await test.app.inject({ ...again, payload: { since } })).json(), { replayed: 1, has_more: false })
    await runJobs(test)
    t.equal(mailsTo(owner).length, 1)
  }
})

t.test('a mail that is given up after days is dead', async (t) => {
  const owner = await visitor()
  mail.faults.add({ kind: 'rcpt', status: 450, times: Number.POSITIVE_INFINITY })
  await tell(owner, (trx) => tellOfBooking(deps, trx, appointmentOf(owner)))
  await runJobs(test)
  await later(test, owner, 71 * HOUR)
  t.match(await deliveriesOf(test, owner), [{ state: 'waiting' }])
  await later(test, owner, 2 * HOUR)
  t.match(await deliveriesOf(test, owner, { state: 'dead' }), [{ last_error: 'RCPT TO 450' }])
})

t.test('a process that stops breaks off what the server cannot have yet', async (t) => {
  const owner = await visitor()
  mail.faults.add({ kind: 'slow', ms: 500 })
  await tell(owner, (trx) => tellOfBooking(deps, trx, appointmentOf(owner)))
  const [{ id: deliveryId }] = await deliveriesOf(test, owner)
  const startedAt = performance.now()
  await mailNotice(deps, { clerkUserId: owner.clerkUserId, deliveryId }, AbortSignal.timeout(100))
  t.ok(performance.now() - startedAt < 400)
  t.match(await deliveriesOf(test, owner), [{ state: 'waiting', last_error: 'no_answer' }])
  await later(test, owner, HOUR)
  t.equal(mailsTo(owner).length, 1)
})

t.test('whoever lost the delivery to another sends nothing, however far it came', async (t) => {
  const before = mail.received.length
  const { SMTP_URL, MAIL_FROM } = mail.settings
  const parts = { subject: 'x', paragraphs: ['x'], from: MAIL_FROM, to: 'a@example.com', replyTo: null, messageId: 'x@y', calendar: null }
  const message = await composed({ ...parts, sentAt: new Date() })
  const never = new AbortController().signal
  t.match(await sendMail(SMTP_URL, 'ringbook.example', message, async () => false, never), { kind: 'put_off' })
  t.equal(mail.received.length, before)
  t.same(await sendMail(SMTP_URL, 'ringbook.example', message, async () => true, never), { kind: 'sent' })
  t.equal(mail.received.length, before + 1)

  // Neither a password nor a word of a mail goes over a line that cannot be encrypted.
  const heard: string[] = []
  const plain = createServer((socket) => {
    socket.write('220 plain\r\n')
    socket.on('error', () => {})
    socket.on('data', (line) => {
      heard.push(String(line).split(' ')[0]?.trim() ?? '')
      socket.write('250-plain\r\n250 AUTH PLAIN\r\n')
    })
  }).listen(0, '127.0.0.1')
  await once(plain, 'listening')
  t.teardown(() => plain.close())
  const address = plain.address()
  const port = typeof address === 'object' ? address?.port : 0
  const refused = await sendMail(`smtp://user:secret@localhost:${port}`, 'ringbook.example', message, async () => true, never)
  t.match(refused, { kind: 'put_off' })
  t.notOk(heard.includes('AUTH') || heard.includes('MAIL'), heard.join(' '))
})

t.test('an owner chooses what she is sent, and where to', async (t) => {
  const owner = await visitor()
  const settings = await test.app.inject({ url: '/notices/settings', headers: owner.headers() })
  t.match(settings.json(), { email: { available: true, enabled: true, address: owner.email, own_acts: true }, webhook: { url: null } })
  const address = `desk-${crypto.randomUUID().slice(0, 8)}@example.com`
  const change = await set(owner, { email: { address, own_acts: false }, kinds: ['booking_created'], clerk_user_id: 'user_other' })
  t.match(change.json(), { email: { enabled: true, address, own_acts: false }, kinds: ['booking_created'] })
  const booking = appointmentOf(owner)
  await tell(owner, async (trx) => {
    await tellOfBooking(deps, trx, booking)
    await tellOfBooking(deps, trx, appointmentOf(owner, { bookedBy: 'owner' }))
    await tellOfConflict(deps, trx, booking)
  })
  await runJobs(test)
  t.same(mailsTo(owner), [])
  t.equal(mailsTo({ ...owner, email: address }).length, 1)

  await tell(owner, (trx) => tellOfBooking(deps, trx, appointmentOf(owner)))
  await set(owner, { email: { enabled: false, address: null }, kinds: null })
  await tell(owner, (trx) => tellOfBooking(deps, trx, appointmentOf(owner)))
  await runJobs(test)
  t.same(mailsTo(owner), [])
  t.match(await deliveriesOf(test, owner), [{ state: 'sent' }, { state: 'dead', last_error: 'switched_off' }])
  t.equal((await set(owner, { email: { address: 'a@b.example\r\nBcc: c@d.example' } })).statusCode, 400)
  t.equal((await set(owner, { kinds: ['nonsense'] })).statusCode, 400)
})

t.test('a customer hears from us only what no vendor tells her', async (t) => {
  const owner = await visitor()
  const customerEmail = `ana-${crypto.randomUUID().slice(0, 8)}@example.com`
  const booking = appointmentOf(owner, { customerEmail, address: '12 Elm St; rear, 2nd door' })
  const change = (madeBy: string) => ({ id: crypto.randomUUID(), madeBy })
  const all = async (trx: TenantDb, by = deps) => {
    await tellOfBooking(by, trx, booking)
    await tellOfMove(by, trx, booking, new Date('2026-11-30T22:30:00Z'), change('caller'))
    await tellOfFailedChange(by, trx, booking, 'cancel', crypto.randomUUID())
    await tellOfCancel(by, trx, booking, change('owner'))
    await tellOfFailedBooking(by, trx, booking, 'provider_unavailable')
  }
  const toHer = () => mailsTo({ ...owner, email: customerEmail })
  await set(owner, { email: { enabled: false } })
  await tell(owner, all)
  await runJobs(test)
  const at = 'Tuesday, December 1, 2026 at 9:00 AM'
  t.same(
    toHer()
      .map(({ subject, calendar }) => [subject, calendar])
      .sort(),
    [
      [`Your appointment could not be confirmed: ${at}`, null],
      [`Your appointment stands as it was: ${at}`, null],
    ],
  )
  t.match(toHer().find(({ subject }) => subject.includes('stands'))?.text, 'could not be cancelled as you asked. It stands as it was')

  // A vendor that invites nobody; of those there are today, both do.
  const google = deps.providers.get('google')
  if (!google) throw new Error('no Google')
  const silent = { ...deps, providers: new Map([['silent', { ...google, invitesGuests: false }]]) }
  const calm = await test.owner()
  const connection = await inTenant(deps.db, calm.clerkUserId, async (trx) => {
    await trx.updateTable('oauthTokens').set({ provider: 'silent' }).execute()
    return trx.selectFrom('oauthTokens').select('id').executeTakeFirstOrThrow()
  })
  Object.assign(booking, { clerkUserId: calm.clerkUserId, connectionId: connection.id, id: crypto.randomUUID() })
  mail.received.length = 0
  await tell(calm, (trx) => all(trx, silent))
  await runJobs(test)
  const parts = toHer().flatMap(({ calendar }) => calendar ?? [])
  const of = (name: string) => parts.map((part) => new RegExp(`^${name}:(.*)\r$`, 'm').exec(part)?.[1]).sort()
  t.equal(parts.length, 3)
  t.equal(new Set(of('UID')).size, 1)
  t.same(of('METHOD'), ['CANCEL', 'REQUEST', 'REQUEST'])
  t.same(of('SEQUENCE'), ['0', '1', '3'], 'rising with all that she is sent')
  t.match(parts[0], 'DTSTART:20261201T150000Z\r\nDTEND:20261201T153000Z\r\n')
  t.match(parts[0], 'LOCATION:12 Elm St\\; rear\\, 2nd door\r\n')
  t.match(parts[0], `ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:${customerEmail}\r\n`)
  t.ok(mail.received.every(({ raw, to }) => to[0] !== customerEmail || raw.includes(`Reply-To: ${calm.email}\r\n`)))
})

t.test('where no mail server is set, nothing waits for one, and the settings say so', async (t) => {
  const owner = await visitor()
  const config = { ...deps.config, mail: undefined }
  await tell(owner, (trx) => tellOfBooking({ ...deps, config }, trx, appointmentOf(owner)))
  t.same(await deliveriesOf(test, owner), [])
  t.equal((await jobs(test)).filter(({ state }) => state !== 'completed').length, 0)
})
