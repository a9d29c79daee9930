import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import t from 'tap'
import { logEvent, system } from '../../src/audit/log.ts'
import { verifyAll, verifyChain } from '../../src/audit/verify.ts'
import { inTenant } from '../../src/db/client.ts'
import { listEvents } from '../../src/db/event-log.ts'
import { createUser, eraseUser, markDeleted } from '../../src/db/users.ts'
import { root } from '../../src/root.ts'
import { type Owner, testApp } from '../setup/app.ts'

const test = await testApp(t)
const { app, deps, database } = test

async function eventsOf(owner: Owner, query = '') {
  const reply = await app.inject({ url: `/events${query}`, headers: owner.headers() })
  t.equal(reply.statusCode, 200)
  return reply.json()
}

/** What stands in the log of a user, earliest first. */
async function told(owner: Owner): Promise<string[]> {
  const { events } = await eventsOf(owner, '?limit=100')
  return events.reverse().map((event: { actor: string; action: string }) => `${event.actor}: ${event.action}`)
}

/** A tenant with so many events and nothing else. */
async function chain(events: number): Promise<string> {
  const clerkUserId = `user_${crypto.randomUUID().replaceAll('-', '')}`
  await inTenant(deps.db, clerkUserId, (trx) => createUser(trx, clerkUserId, { email: null, firstName: null, lastName: null }))
  for (let id = 1; id <= events; id += 1) await add(clerkUserId, id)
  return clerkUserId
}

const add = (clerkUserId: string, id: number) =>
  inTenant(deps.db, clerkUserId, (trx) =>
    logEvent(trx, {
      clerkUserId,
      actor: system,
      action: 'agent.changed',
      subject: { kind: 'agent', id },
      details: { name: 'Ünï "\u0007' },
    }),
  )

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: every act of a caller and of the owner stands in the log, in order and with who did it`, async (t) => {
    const owner = await test.owner({ vendor })
    const callId = crypto.randomUUID()
    const caller = { callId, number: '+13125550142' }
    const person = { attendee_name: 'Sentinel Caller', attendee_email: 'sentinel@example.com' }
    t.match(await owner.call('book_appointment', { start_time: '2026-12-02T10:00', ...person }, caller), { result: /booked/ })
    t.match(await owner.call('reschedule_appointment', { new_time: '2026-12-03T10:00' }, caller), { result: /is now on/ })
    t.match(await owner.call('take_message', { message: 'Sentinel words', name: 'Sentinel Caller' }, caller), { result: /./ })
    t.match(await owner.call('cancel_appointment', {}, caller), { result: /cancel/i })
    const bookings = (await app.inject({ url: '/bookings?status=cancelled', headers: owner.headers() })).json().bookings
    const [message] = (await app.inject({ url: '/messages', headers: owner.headers() })).json().messages
    await app.inject({ method: 'DELETE', url: `/messages/${message.id}`, headers: owner.headers() })
    const [connection] = (await app.inject({ url: '/calendar/connections', headers: owner.headers() })).json().connections
    await app.inject({ method: 'DELETE', url: `/calendar/connections/${connection.id}`, headers: owner.headers() })
    t.same(await told(owner), [
      'system: user.created',
      'owner: calendar.connected',
      'owner: agent.created',
      'owner: secret.changed',
      'caller: call.began',
      'caller: booking.held',
      'caller: booking.confirmed',
      'caller: booking.moved',
      'caller: message.left',
      'caller: booking.cancelled',
      'owner: message.deleted',
      'owner: calendar.disconnected',
    ])
    const { events } = await eventsOf(owner, `?subject_id=${bookings[0].id}`)
    t.same(
      events.map((event: { action: string; call_id: string }) => [event.action, event.call_id]),
      ['booking.cancelled', 'booking.moved', 'booking.confirmed', 'booking.held'].map((action) => [action, callId]),
    )
    t.has(events[1].details, { old_start_time: '2026-12-02T16:00:00.000Z', new_start_time: '2026-12-03T16:00:00.000Z' })
    t.notMatch(JSON.stringify(await eventsOf(owner, '?limit=100')), /sentinel|3125550142/i, 'nothing that identifies the caller')
    const verdict = await verifyChain(deps.db, owner.clerkUserId)
    t.same([verdict.events, verdict.faults], [12, []])
  })
}

t.test('what failed, what the owner did, and what happened by itself stand there too', async (t) => {
  const owner = await test.owner()
  const times = { start_time: '2026-12-01T09:00:00-06:00', end_time: '2026-12-01T09:30:00-06:00' }
  const send = (method: 'POST' | 'PATCH', url: string, payload: object) => app.inject({ method, url, headers: owner.headers(), payload })
  t.equal((await send('POST', '/calendar/events', { subject: 'Viewing', ...times })).statusCode, 201)
  const id = (await app.inject({ url: '/bookings', headers: owner.headers() })).json().bookings[0].id
  test.setNow(new Date('2026-12-01T16:00:00Z'))
  t.equal((await send('PATCH', `/bookings/${id}`, { status: 'no_show' })).statusCode, 200)
  const { events } = await eventsOf(owner, `?subject_id=${id}`)
  t.same(
    events.map((event: { actor: string; action: string }) => `${event.actor}: ${event.action}`),
    ['owner: booking.missed', 'owner: booking.confirmed', 'owner: booking.held'],
  )
  test.afresh()
})

t.test('the log is read page by page and by action; a foreign one is as good as none', async (t) => {
  const owner = await test.owner()
  const other = await test.owner()
  const first = await eventsOf(owner, '?limit=3')
  const second = await eventsOf(owner, `?limit=3&cursor=${first.next_cursor}`)
  const places = [...first.events, ...second.events].map((event: { sequence: number }) => event.sequence)
  t.same([places, second.next_cursor], [[4, 3, 2, 1], null])
  const { events } = await eventsOf(owner, '?action=secret.changed')
  t.equal(events.length, 1)
  t.same((await eventsOf(other, `?subject_id=${events[0].subject_id}`)).events, [])
  const refused = await app.inject({ url: '/events?action=nonsense', headers: owner.headers() })
  t.equal(refused.statusCode, 400)
  t.equal((await app.inject({ url: '/events' })).statusCode, 401)
})

t.test('an event is there exactly if its transaction committed, and fifty at once make one chain without gaps', async (t) => {
  const clerkUserId = await chain(0)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) =>
      inTenant(deps.db, clerkUserId, async (trx) => {
        const subject = { kind: 'agent', id: index } as const
        await logEvent(trx, { clerkUserId, actor: system, action: 'agent.changed', subject })
        if (index % 5 === 0) throw new Error('broken off')
        if (index % 5 === 1) await logEvent(trx, { clerkUserId, actor: system, action: 'agent.deployed', subject })
      }),
    ),
  )
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 40)
  const { events, faults } = await verifyChain(deps.db, clerkUserId)
  t.same([events, faults], [50, []])
  const all = { atMost: 100, before: undefined, action: undefined, subjectId: undefined }
  const rows = await inTenant(deps.db, clerkUserId, (trx) => listEvents(trx, clerkUserId, all))
  t.same(
    rows.map(({ sequence }) => sequence).reverse(),
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  t.notOk(rows.some(({ subjectId }) => Number(subjectId) % 5 === 0))
  const times = rows.map(({ at }) => at.getTime())
  t.same(
    times,
    times.toSorted((one, other) => other - one),
    'in the order of their times',
  )
})

t.test('whatever is done to a chain is found and named', async (t) => {
  const owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  t.teardown(() => owner.end())
  /** What is found after the owner of the schema, who may do all, has done this to a chain of six. */
  const after = async (...statements: string[]) => {
    const clerkUserId = await chain(6)
    t.same((await verifyChain(deps.db, clerkUserId)).faults, [])
    await owner.query('begin')
    await owner.query(`select set_config('app.tenant', $1, true)`, [clerkUserId])
    await owner.query('set constraints all immediate')
    for (const statement of statements) await owner.query(statement)
    await owner.query('commit')
    return (await verifyChain(deps.db, clerkUserId)).faults
  }
  const changed = 'event 3 (agent.changed) is not what was written'
  t.same(await after(`update event_log set subject_id = '9' where sequence = 3`), [changed])
  t.same(await after(`update event_log set details = '{}' where sequence = 3`), [changed])
  t.same(await after(`update event_log set at = at + interval '1 microsecond' where sequence = 3`), [changed])
  t.same(await after(`update event_log set actor = 'owner', hash = sha256('x') where sequence = 3`), [changed, changed.replace('3', '4')])
  t.same(await after('delete from event_log where sequence = 3'), ['event 3 is missing'])
  t.same(await after('delete from event_log where sequence in (3, 4)'), ['events 3 to 4 are missing'])
  t.same(await after('delete from event_log where sequence = 1'), ['event 1 is missing'])
  t.same(await after('delete from event_log where sequence > 4'), ['events 5 to 6 are missing at the end'])
  t.same(await after('delete from event_log where sequence = 6', 'update event_heads set count = 5'), [
    'the head does not belong to event 5',
  ])
  t.same(await after('delete from event_log', 'delete from event_heads'), ['the head of the chain is missing'])
  t.same(
    await after(
      'update event_log set sequence = 99 where sequence = 3',
      'update event_log set sequence = 3 where sequence = 5',
      'update event_log set sequence = 5 where sequence = 99',
    ),
    [3, 4, 5, 6].map((place) => changed.replace('3', String(place))),
    'swapped',
  )
  t.same(
    await after(
      'alter table event_log disable trigger event_log_chain',
      `insert into event_log (clerk_user_id, sequence, actor, action, subject_kind, subject_id, hash)
       select clerk_user_id, 7, actor, action, subject_kind, subject_id, hash from event_log where sequence = 6`,
      'alter table event_log enable trigger event_log_chain',
    ),
    ['event 7 (agent.changed) is not what was written', 'event 7 is too many at the end'],
    'added behind the last',
  )

  const verify = promisify(execFile)(process.execPath, [path.join(root, 'scripts/audit-verify.ts')], {
    env: { ...process.env, ...test.world.settings, DATABASE_URL: database.ownerUrl },
  })
  const { code, stdout } = await verify.then(
    (whole) => ({ code: 0, ...whole }),
    (failure: { code: number; stdout: string }) => failure,
  )
  t.equal(code, 1)
  t.match(stdout, /^user_\w+: event 3 \(agent\.changed\) is not what was written$/m)
  t.match(stdout, /\d+ events of \d+ users: 12 chains are broken\.\n$/)
})

t.test('whoever verifies without a database, or misspells what she wants, is told so and does not read that all is well', async (t) => {
  const run = (args: string[], env = {}) =>
    promisify(execFile)(process.execPath, [path.join(root, 'scripts/audit-verify.ts'), ...args], {
      env: { ...process.env, ...test.world.settings, DATABASE_URL: database.ownerUrl, ...env },
    }).then(
      () => undefined,
      ({ code, stdout, stderr }: Record<'code' | 'stdout' | 'stderr', unknown>) => ({ code, stdout, stderr: String(stderr) }),
    )
  const away = await run([], { DATABASE_URL: 'postgres://owner:secret@127.0.0.1:1/ringbook' })
  t.same(away, {
    code: 1,
    stdout: '',
    stderr: 'The database does not answer at 127.0.0.1:1 (ECONNREFUSED). Start it, or correct DATABASE_URL.\n',
  })
  t.match(await run(['--head']), { code: 1, stdout: '', stderr: /Unknown option '--head'/ })
})

t.test('the service can add events, and neither change nor delete any, nor say where they stand', async (t) => {
  const clerkUserId = await chain(1)
  const service = new pg.Client({ connectionString: database.url })
  await service.connect()
  t.teardown(() => service.end())
  for (const statement of [
    `update event_log set action = 'x'`,
    'delete from event_log',
    'truncate event_log',
    'update event_heads set count = 0',
    'delete from event_heads',
    `insert into event_log (clerk_user_id, actor, action, subject_kind, subject_id, sequence) values ('${clerkUserId}', 'owner', 'x', 'x', 'x', 9)`,
    `insert into event_log (clerk_user_id, actor, action, subject_kind, subject_id, at) values ('${clerkUserId}', 'owner', 'x', 'x', 'x', now())`,
    'alter table event_log disable trigger event_log_chain',
  ]) {
    await service.query('begin')
    await service.query(`select set_config('app.tenant', $1, true)`, [clerkUserId])
    await t.rejects(service.query(statement), { code: '42501' }, statement)
    await service.query('rollback')
  }
})

t.test('the events of a deleted user go with her, and the other chains stand', async (t) => {
  const clerkUserId = await chain(3)
  await inTenant(deps.db, clerkUserId, async (trx) => {
    await logEvent(trx, { clerkUserId, actor: system, action: 'user.deleted', subject: { kind: 'user', id: 'x' } })
    await markDeleted(trx, clerkUserId)
    await eraseUser(trx, clerkUserId)
  })
  const verdicts = []
  for await (const verdict of verifyAll(deps.db)) verdicts.push(verdict)
  t.notOk(verdicts.some((one) => one.clerkUserId === clerkUserId))
  t.ok(verdicts.length > 10)
})
