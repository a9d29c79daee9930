import { sql } from 'kysely'
import t from 'tap'
import { addAgent } from '../../src/agents/agents.ts'
import { addAgentAtVapi } from '../../src/agents/with-assistant.ts'
import { sweepAssistants } from '../../src/assistants/remove.ts'
import { work } from '../../src/background.ts'
import { insertAgent } from '../../src/db/agents.ts'
import { inTenant, openDatabase } from '../../src/db/client.ts'
import { listConnections, markEnding } from '../../src/db/connections.ts'
import { rememberDeleted } from '../../src/db/deleted-users.ts'
import { markDeleted } from '../../src/db/users.ts'
import type { Work } from '../../src/jobs/worker.ts'
import { endLeftovers } from '../../src/oauth/disconnect.ts'
import { deleteUser, findDeletions } from '../../src/users/delete.ts'
import { account, follow, outcome, start, stored, vendors } from '../oauth/setup.ts'
import { connect, type Owner, type TestApp, testApp } from '../setup/app.ts'
import { bringJobsForward, finishDeletions, jobs, runJobs } from '../setup/jobs.ts'
import { until } from '../setup/process.ts'
import { allRows } from '../setup/rows.ts'
import { say } from '../setup/voice.ts'
import { common, toolCalls } from '../world/vapi/messages.ts'

/** Every test has users of its own in it; those that leave one half deleted, or look for such, have a service of their own. */
const shared = await testApp(t, { LIMIT_REST_PER_MINUTE: '1000' })
const UNKNOWN_ASSISTANT = /not set up/
const refusing = { kind: 'status', status: 500, path: /revoke/, times: Number.POSITIVE_INFINITY } as const

/** As the frontend's server asks for it. @returns the status */
async function remove({ app, deps }: Pick<TestApp, 'app' | 'deps'>, { clerkUserId }: Owner): Promise<number> {
  const headers = { authorization: `Bearer ${deps.config.userSyncSecret}` }
  return (await app.inject({ method: 'DELETE', url: `/users/by-clerk-id/${clerkUserId}`, headers })).statusCode
}

const visit = async ({ app }: TestApp, user: Owner) => (await app.inject({ url: '/users/me', headers: user.headers() })).statusCode
const revocations = ({ world }: TestApp) => world.google.ledger.filter(({ path }) => path === '/revoke')

/** How many rows she has, beside the fact that she was deleted. */
function rowsLeft({ deps }: TestApp, { clerkUserId }: Owner): Promise<number> {
  return inTenant(deps.db, clerkUserId, async (trx) => {
    const tables = await Promise.all([
      trx.selectFrom('users').select('id').execute(),
      trx.selectFrom('oauthTokens').select('id').execute(),
      trx.selectFrom('businesses').select('id').execute(),
    ])
    return tables.flat().length
  })
}

/** As if so much time had passed since she was deleted, and whoever was at it had died. */
function pass({ deps }: TestApp, { clerkUserId }: Owner, seconds: number) {
  const at = sql<Date>`now() - ${seconds} * interval '1 second'`
  return inTenant(deps.db, clerkUserId, async (trx) => {
    await trx.updateTable('users').set({ deletedAt: at }).execute()
    await trx
      .updateTable('oauthTokens')
      .set({ endingAt: at, leasedUntil: new Date(0) })
      .execute()
  })
}

for (const vendor of [vendors.google, vendors.microsoft]) {
  t.test(`${vendor.label}: of a deleted user nothing remains but that she was deleted`, async (t) => {
    const test = shared.afresh()
    const owner = await test.owner({ vendor: vendor.id })
    const bystander = await test.owner({ vendor: vendor.id })
    const { app } = test
    const named = { email: owner.email, first_name: 'Sentina', last_name: 'Nelson', updated_at: new Date().toISOString() }
    await app.inject({
      method: 'PATCH',
      url: `/users/by-clerk-id/${owner.clerkUserId}`,
      headers: { authorization: `Bearer ${test.deps.config.userSyncSecret}` },
      payload: named,
    })
    const made = await app.inject({
      method: 'POST',
      url: '/agents',
      headers: owner.headers(),
      payload: { agent_name: 'Sentinel agent', config: { note: 'sentinel config' } },
    })
    t.equal(made.statusCode, 201)
    const whereto = { email: { address: 'sentinel.desk@example.com' }, webhook: { url: 'https://sentinel-hook.example.com/' } }
    const set = await app.inject({ method: 'PATCH', url: '/notices/settings', headers: owner.headers(), payload: whereto })
    t.equal(set.statusCode, 200)
    const booked = { start_time: '2026-12-02T10:00', attendee_name: 'Sentinel Caller', attendee_email: 'sentinel.caller@example.com' }
    const line = { callId: crypto.randomUUID(), number: '+12125550177' }
    t.match(await owner.call('book_appointment', booked, line), { result: /You are booked/ })
    t.match(await owner.call('take_message', { message: 'sentinel words', name: 'Sentinel Caller' }, line), { result: /./ })
    const told = {
      analysis: { summary: 'sentinel summary' },
      artifact: { messages: [{ role: 'user', message: 'sentinel sentence', time: 1_796_000_000_000 }] },
    }
    const over = common('end-of-call-report', { ...line, assistantId: owner.assistantId, customerNumber: line.number, extra: told })
    t.equal((await say(test, { message: over }, { headers: { 'x-vapi-secret': owner.secret } })).status, 200)
    const foreign = crypto.randomUUID()
    for (const [id, assistantId] of [
      [line.callId, owner.assistantId],
      [foreign, bystander.assistantId],
    ] as const)
      test.world.vapi.add('call', { id, assistantId, status: 'ended' })
    const namedCall = common('end-of-call-report', { callId: foreign, assistantId: owner.assistantId, extra: told })
    await say(test, { message: namedCall }, { headers: { 'x-vapi-secret': owner.secret } })
    await start(test, owner, vendor)
    const me = (await app.inject({ url: '/users/me', headers: owner.headers() })).json()
    const sealed = (await stored(test, owner)).flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken])
    t.equal(sealed.length, 2)
    const sentinels = [
      ...sealed,
      owner.email,
      'Sentina Nelson',
      me.user_id,
      owner.calendarEmail,
      owner.assistantId,
      'Sentinel agent',
      'sentinel config',
      'sentinel.desk@example.com',
      'sentinel-hook.example.com',
      'Sentinel Caller',
      'sentinel.caller@example.com',
      '+12125550177',
      'sentinel words',
      'sentinel summary',
      'sentinel sentence',
      line.callId,
      owner.clerkUserId,
    ]
    const before = await allRows(test.database.ownerUrl)
    for (const sentinel of sentinels)
      t.ok(
        before.some(({ row }) => row.includes(sentinel)),
        `${sentinel.slice(0, 30)} was there`,
      )
    const asked = test.world[vendor.id].ledger.length

    t.equal(await remove(test, owner), 200)

    t.notMatch(test.logs.join('\n'), /sentinel (words|summary|sentence)|Sentinel Caller|12125550177/, 'nor was any of it logged')
    // Counters of the running minute know ids, and forget them with it.
    const after = (await allRows(test.database.ownerUrl)).filter(({ table }) => table !== 'rate_limits')
    for (const sentinel of sentinels) {
      const tables = after.filter(({ row }) => row.includes(sentinel)).map(({ table }) => table)
      // What Vapi is to forget is known by its id alone, until it is forgotten.
      const known =
        sentinel === owner.clerkUserId ? ['deleted_users'] : [line.callId, owner.assistantId].includes(sentinel) ? ['jobs.job'] : []
      t.same(tables, known, sentinel.slice(0, 30))
    }
    t.match(await bystander.call('get_availability', {}), { result: /^I have/ }, 'nobody else is touched')
    await runJobs(test)
    t.notOk(test.world.vapi.things.call.has(line.callId), 'what was said in her calls is gone at Vapi too')
    t.ok(test.world.vapi.things.call.has(foreign), 'and not in a call that she only named')
    const requests = test.world[vendor.id].ledger
      .slice(asked)
      .filter(({ path, account: of }) => path === '/revoke' || of === owner.calendarEmail)
    if (vendor.id === 'google') t.match(requests, [{ path: '/revoke', account: owner.calendarEmail, status: 200 }])
    else t.same(requests, [], "Microsoft's only revocation would sign the person out everywhere")
  })
}

t.test('a deleted user stays deleted, though her tokens are still good', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  const { clerk } = test.world
  const tokens = [clerk.token(owner.clerkUserId), clerk.templateToken(owner.clerkUserId)]
  t.equal(await remove(test, owner), 200)
  const asked = clerk.ledger.filter(({ path }) => path.startsWith('/v1/users')).length
  for (const token of tokens)
    for (const url of ['/users/me', '/agents', '/calendar/auth/status', '/calendar/google/auth/start']) {
      const reply = await test.app.inject({ url, headers: { authorization: `Bearer ${token}` } })
      t.match([reply.statusCode, reply.json().code], [401, 'not_signed_in'], url)
    }
  t.equal(clerk.ledger.filter(({ path }) => path.startsWith('/v1/users')).length, asked, 'and nobody is asked who she is')
  t.equal(await rowsLeft(test, owner), 0, 'no visit makes her anew')
})

t.test("a deleted user's links and started sign-ins open nothing", async (t) => {
  const test = shared.afresh()
  const { app, world } = test
  for (const isErased of [true, false]) {
    const owner = await test.owner()
    const ticket = await app.inject({ method: 'POST', url: '/calendar/google/auth/ticket', headers: owner.headers() })
    const link = new URL(ticket.json().url)
    const callback = await world.google.signIn(await start(test, owner, vendors.google), owner.calendarEmail)
    if (!isErased) world.google.faults.add(refusing)
    t.equal(await remove(test, owner), 200)

    const opened = await app.inject({ url: link.pathname + link.search })
    t.match([opened.statusCode, opened.json().code], [400, 'flow_expired'])
    const end = outcome(await follow(test, callback))
    t.match(end, { auth: 'error', message: /already used or has expired/ })
    t.equal((await rowsLeft(test, owner)) === 0, isErased)
    t.notOk((await stored(test, owner)).some(({ state }) => state !== 'ending'))
    world.google.faults.clear()
  }
})

t.test('a sign-in that is under way while its user is deleted stores nothing, and its grant is ended', async (t) => {
  const test = shared.afresh()
  const { google } = test.world
  const user = test.user()
  const email = account(test, vendors.google)
  const callback = await google.signIn(await start(test, user, vendors.google), email)
  google.faults.add({ kind: 'slow', ms: 600, path: vendors.google.readPath })
  const returning = follow(test, callback)
  await until('the live read', () => google.ledger.some(({ path }) => vendors.google.readPath.test(path)))
  t.equal(await remove(test, user), 200)
  t.match(outcome(await returning), { auth: 'error', message: /already used or has expired/ })
  t.same(await stored(test, user), [])
  t.match(revocations(test), [{ account: email, status: 200 }])
})

t.test("a deleted user's assistants are unknown, from the first moment on, and may be linked by others", async (t) => {
  const test = shared.afresh()
  const { deps, world } = test
  const installation = { 'x-vapi-secret': deps.config.vapi.webhookSecrets[0] ?? '' }
  for (const isErased of [true, false]) {
    const owner = await test.owner()
    const plain = crypto.randomUUID()
    const link = (who: Owner) =>
      test.app.inject({ method: 'POST', url: '/agents', headers: who.headers(), payload: { agent_name: 'Desk', vapi_assistant_id: plain } })
    t.equal((await link(owner)).statusCode, 201)
    if (!isErased) world.google.faults.add(refusing)
    t.equal(await remove(test, owner), 200)
    t.equal((await rowsLeft(test, owner)) === 0, isErased)
    for (const assistantId of [plain, owner.assistantId])
      for (const headers of [{}, installation]) {
        const { status, results } = await say(test, toolCalls([{ name: 'get_availability' }], { assistantId }), { headers })
        t.equal(status, 200)
        t.match(results[0]?.result, UNKNOWN_ASSISTANT)
      }
    const secret = { 'x-vapi-secret': owner.secret }
    t.equal(
      (await say(test, toolCalls([{ name: 'get_availability' }], { assistantId: owner.assistantId }), { headers: secret })).status,
      401,
    )
    world.google.faults.clear()
    await pass(test, owner, 0)
    await finishDeletions(deps)
    t.equal((await link(test.user())).statusCode, 201)
  }
})

t.test('while the vendor is away she is out at once; her grant is ended when it is back, then her rows go', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  test.world.google.faults.add(refusing)
  t.equal(await remove(test, owner), 200)
  t.equal(await visit(test, owner), 401)
  t.match(await stored(test, owner), [{ state: 'ending' }])
  await finishDeletions(test.deps)
  await pass(test, owner, 20)
  await finishDeletions(test.deps)
  t.equal(await rowsLeft(test, owner), 3, 'as long as that may still help, the row with her grant stays')
  t.equal(await remove(test, owner), 200, 'again is no harm')
  test.world.google.faults.clear()
  await pass(test, owner, 30)
  await finishDeletions(test.deps)
  t.equal(await rowsLeft(test, owner), 0)
  t.match(revocations(test).at(-1), { account: owner.calendarEmail, status: 200 })
})

t.test('a vendor that stays away is given up after 45 seconds: within a minute all is gone', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  test.world.google.faults.add(refusing)
  await remove(test, owner)
  await pass(test, owner, 46)
  await finishDeletions(test.deps)
  t.equal(await rowsLeft(test, owner), 0)
})

t.test('Clerk is answered within five seconds, though the vendor never answers', async (t) => {
  const test = await testApp(t)
  const owner = await test.owner()
  test.world.google.faults.add({ kind: 'silent', path: /revoke/, times: Number.POSITIVE_INFINITY })
  const startedAt = performance.now()
  t.equal(await remove(test, owner), 200)
  t.ok(performance.now() - startedAt < 5000, `${Math.round(performance.now() - startedAt)} ms`)
  t.equal(await visit(test, owner), 401)
  const stopping = AbortSignal.timeout(200)
  await pass(test, owner, 0)
  const sweptAt = performance.now()
  await finishDeletions(test.deps, stopping)
  t.ok(performance.now() - sweptAt < 2000, 'nor does a service that stops wait for it')
})

t.test('wherever it was interrupted, it is brought to its end, once, by however many processes', async (t) => {
  const test = await testApp(t)
  const { deps } = test
  const [marked, revoked, never] = [await test.owner(), await test.owner(), await test.owner()]
  for (const { clerkUserId } of [marked, revoked])
    await inTenant(deps.db, clerkUserId, async (trx) => {
      await rememberDeleted(trx, clerkUserId)
      await markDeleted(trx, clerkUserId)
      await markEnding(trx, clerkUserId, await listConnections(trx, clerkUserId), 0)
    })
  await inTenant(deps.db, revoked.clerkUserId, (trx) => trx.deleteFrom('oauthTokens').execute())
  await Promise.all(Array.from({ length: 4 }, () => finishDeletions(deps)))
  await finishDeletions(deps)
  t.equal(await rowsLeft(test, marked), 0)
  t.equal(await rowsLeft(test, revoked), 0)
  t.equal(await rowsLeft(test, never), 3, 'nobody else is erased')
  t.match(
    revocations(test).map((entry) => entry.account),
    [marked.calendarEmail],
  )
})

t.test('a user who cannot be erased is tried five times and set aside with one alert; others go meanwhile', async (t) => {
  const test = await testApp(t)
  const { deps } = test
  const [stuck, other] = [await test.owner(), await test.owner()]
  for (const { clerkUserId } of [stuck, other])
    await inTenant(deps.db, clerkUserId, async (trx) => {
      await trx.deleteFrom('oauthTokens').execute()
      await rememberDeleted(trx, clerkUserId)
      await markDeleted(trx, clerkUserId)
    })
  let tries = 0
  const refusing: Work = {
    ...work,
    'erase-user': async (all, job) => {
      if (job.clerkUserId !== stuck.clerkUserId) return work['erase-user'](all, job, AbortSignal.timeout(5000))
      tries += 1
      throw new Error('it does not go')
    },
  }
  for (let round = 0; round < 8; round += 1) {
    await findDeletions(deps)
    await runJobs(test, refusing)
    await bringJobsForward(test)
  }
  t.equal(tries, 5)
  t.equal(test.logs.filter((line) => line.includes('set aside')).length, 1)
  t.equal(await rowsLeft(test, other), 0)
  t.match((await jobs(test)).find(({ state }) => state === 'failed')?.output, { error: 'Error' })
})

t.test('an account that somebody else has connected too keeps its grant', async (t) => {
  const test = await testApp(t)
  const [one, other] = [test.user(), test.user()]
  test.world.google.addPerson({ name: 'Front desk', email: 'desk@gmail.example', timeZone: 'America/Chicago' })
  for (const user of [one, other]) await connect(test, user, 'google', 'desk@gmail.example')
  t.equal(await remove(test, one), 200)
  await endLeftovers(test.deps)
  t.same(revocations(test), [])
  const status = await test.app.inject({ url: '/calendar/auth/status', headers: other.headers() })
  t.match(status.json(), { authorized: true, calendar_verified: true })
})

t.test('requests that are under way end cleanly, and leave nothing behind', async (t) => {
  const test = shared.afresh()
  const { app, deps } = test
  for (let round = 0; round < 4; round += 1) {
    const owner = await test.owner()
    const headers = owner.headers()
    const requests = [
      () => app.inject({ url: '/users/me', headers }),
      () => app.inject({ url: '/calendar/auth/status', headers }),
      () => app.inject({ url: '/calendar/google/auth/start', headers }),
      () =>
        app.inject({ method: 'POST', url: '/agents', headers, payload: { agent_name: 'Late', vapi_assistant_id: crypto.randomUUID() } }),
      () =>
        app.inject({
          method: 'POST',
          url: '/vapi/webhook',
          headers: { 'x-vapi-secret': owner.secret },
          payload: toolCalls([{ name: 'book_appointment', arguments: { start_time: `2026-12-0${round + 1}T10:00`, name: 'Kim' } }], {
            assistantId: owner.assistantId,
          }),
        }),
    ]
    const replies = Promise.all([...requests, ...requests, ...requests].map((request) => request()))
    const removed = remove(test, owner)
    for (const reply of await replies) t.ok(reply.statusCode < 500, `${reply.statusCode} ${reply.body}`)
    t.equal(await removed, 200)
    await finishDeletions(deps)
    t.equal(await rowsLeft(test, owner), 0)
  }
  t.same(
    test.logs.filter((line) => line.includes('a bug')),
    [],
  )
})

t.test('whoever comes too late to add a row for her is told that she is not signed in', async (t) => {
  const test = shared.afresh()
  const owner = await test.owner()
  const { clerkUserId } = owner
  await remove(test, owner)
  const late = inTenant(test.deps.db, clerkUserId, (trx) =>
    insertAgent(trx, clerkUserId, { agentName: 'Late', vapiAssistantId: null, isActive: true, config: null }),
  )
  await t.rejects(late, { code: 'not_signed_in' })
})

t.test(
  'the assistants that we made for her are deleted at Vapi, those that she made herself stay; an outage there only puts it off',
  async (t) => {
    for (const vapi of ['answers', 'is away'] as const) {
      const test = shared.afresh()
      const { app, deps, world } = test
      const owner = await test.owner()
      world.vapi.things.assistant.clear()
      const own = world.vapi.add('assistant', { name: 'Her own' })
      const post = (url: string, payload: object) => app.inject({ method: 'POST', url, headers: owner.headers(), payload })
      t.equal((await post('/agents', { agent_name: 'Own', vapi_assistant_id: own.id })).statusCode, 201)
      t.equal((await post('/vapi/agents', { agent_name: 'Made' })).statusCode, 201)
      t.equal(world.vapi.things.assistant.size, 2)
      if (vapi === 'is away') world.vapi.faults.add({ kind: 'status', status: 503, path: /assistant/, times: Number.POSITIVE_INFINITY })
      t.equal(await remove(test, owner), 200)
      t.equal(await rowsLeft(test, owner), 0, 'her rows do not wait for it')
      t.equal(world.vapi.things.assistant.size, vapi === 'answers' ? 1 : 2)
      world.vapi.faults.clear()
      await inTenant(deps.db, owner.clerkUserId, (trx) =>
        trx
          .updateTable('madeAssistants')
          .set({ leasedUntil: new Date(0) })
          .execute(),
      )
      await sweepAssistants(deps)
      t.same([...world.vapi.things.assistant.keys()], [own.id])
      const left = await inTenant(deps.db, owner.clerkUserId, (trx) => trx.selectFrom('madeAssistants').select('id').execute())
      t.same(left, [])
    }
  },
)

t.test('nothing is begun for her any more while her grant is still being ended: neither rows nor an assistant at Vapi', async (t) => {
  const test = shared.afresh()
  const { app, deps, world } = test
  const owner = await test.owner()
  const headers = owner.headers()
  const kept = world.vapi.things.assistant.size
  world.google.faults.add(refusing)
  world.vapi.faults.add({ kind: 'slow', ms: 700, method: 'POST' })
  const making = app.inject({ method: 'POST', url: '/vapi/agents', headers, payload: { agent_name: 'Late' } })
  await until('the request at Vapi', () => world.vapi.ledger.some(({ method }) => method === 'POST'))
  t.equal(await remove(test, owner), 200)
  t.equal(await rowsLeft(test, owner), 3, 'her rows are still there')
  t.ok((await making).statusCode >= 400)
  t.equal(await visit(test, owner), 401)

  // Requests that were let in just before, and come to their point just after.
  const { clerkUserId } = owner
  const values = { agentName: 'Late', vapiAssistantId: null, isActive: true, config: null }
  await t.rejects(addAgent(deps, clerkUserId, values), { code: 'not_signed_in' })
  await t.rejects(addAgentAtVapi(deps, clerkUserId, values), { code: 'not_signed_in' })

  world.google.faults.clear()
  await pass(test, owner, 50)
  await finishDeletions(deps)
  t.equal(await rowsLeft(test, owner), 0)
  await inTenant(deps.db, clerkUserId, (trx) =>
    trx
      .updateTable('madeAssistants')
      .set({ leasedUntil: new Date(0) })
      .execute(),
  )
  await sweepAssistants(deps)
  t.equal(world.vapi.things.assistant.size, kept, 'and of what was being made at Vapi nothing stays')
})

t.test('of an owner with years of bookings nothing remains either: no statement takes longer than it may', async (t) => {
  const test = await testApp(t)
  const owner = await test.owner()
  const { clerkUserId } = owner
  for (const from of [0, 3000, 6000, 9000])
    await inTenant(test.deps.db, clerkUserId, async (trx) => {
      await sql`set local statement_timeout = 0`.execute(trx)
      await sql`
        insert into bookings (clerk_user_id, appointment_id, connection_id, status, subject, starts_at, ends_at, during, time_zone, leased_until)
        select ${clerkUserId}, gen_random_uuid(), t.id, 'confirmed', 'Viewing', s, s + interval '30 minutes',
          tstzrange(s, s + interval '30 minutes'), 'America/Chicago', now()
        from oauth_tokens t, generate_series(${from}::int + 1, ${from}::int + 3000) n,
          lateral (select timestamptz '2000-01-01' + n * interval '30 minutes' as s) x`.execute(trx)
    })
  // As on a small server: what takes a tenth of the time here would not be allowed there.
  const hurried = openDatabase(`${test.database.url}?statement_timeout=300`)
  t.teardown(() => hurried.end())
  await deleteUser({ ...test.deps, db: hurried.db }, clerkUserId)
  await until('the end of the deletion', async () => (await rowsLeft(test, owner)) === 0)
  t.notMatch(test.logs.join(), /could not be/)
})
