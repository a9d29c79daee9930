import { sql } from 'kysely'
import t from 'tap'
import { saveKey } from '../../src/agents/vapi-key.ts'
import { work } from '../../src/background.ts'
import { inTenant, type TenantDb } from '../../src/db/client.ts'
import { deleteUser } from '../../src/users/delete.ts'
import { type ConnectedOwner, type Owner, testApp } from '../setup/app.ts'
import { bringJobsForward, jobs, runJobs } from '../setup/jobs.ts'
import { rowsOf } from '../setup/rows.ts'
import { say } from '../setup/voice.ts'
import { common } from '../world/vapi/messages.ts'

const test = await testApp(t)
const { app, deps, world, database } = test
const stopped = new AbortController().signal

const within = <T>({ clerkUserId }: Owner, ask: (trx: TenantDb) => Promise<T>) => inTenant(deps.db, clerkUserId, ask)

/** As if all of this owner's records were so many days older. */
const age = (owner: Owner, days: number) =>
  within(owner, async (trx) => {
    const by = sql`${days} * interval '1 day'`
    await sql`update calls set last_heard_at = now() - ${by}`.execute(trx)
    await sql`update tool_calls set called_at = now() - ${by}`.execute(trx)
    await sql`update caller_messages set created_at = now() - ${by}`.execute(trx)
    await sql`update notices set created_at = now() - ${by}`.execute(trx)
    await sql`update wrong_codes set guessed_at = now() - ${by}`.execute(trx)
  })

const keep = (owner: Owner, days: { transcriptDays?: number; recordDays?: number }) =>
  within(owner, (trx) => trx.updateTable('businesses').set(days).execute())

const drop = ({ clerkUserId }: Owner) => work['drop-old-records'](deps, { clerkUserId }, stopped)

/** How many rows the owner has in each of the tables that are emptied in time. */
async function left(owner: Owner): Promise<Record<string, number>> {
  const names = ['calls', 'call_transcripts', 'tool_calls', 'caller_messages', 'notices', 'bookings']
  const rows = await rowsOf(database.url, owner.clerkUserId)
  return Object.fromEntries(names.map((name) => [name, rows.filter(({ table }) => table === name).length]))
}

const has = async (owner: Owner, words: string) =>
  (await rowsOf(database.url, owner.clerkUserId)).filter(({ row }) => row.includes(words)).map(({ table }) => table)

/** A call with a booking, a message and a report. */
async function wholeCall(owner: ConnectedOwner): Promise<string> {
  const line = { callId: crypto.randomUUID(), number: '+13125550142' }
  t.match(await owner.call('book_appointment', { start_time: '2026-12-02T10:00', attendee_name: 'Ana' }, line), { result: /booked/ })
  await owner.call('take_message', { message: 'Please call back', name: 'Ana' }, line)
  const messages = [{ role: 'user', message: 'spoken words', time: 1_796_000_000_000, secondsFromStart: 1 }]
  const extra = {
    endedReason: 'customer-ended-call',
    analysis: { summary: 'spoken summary', structuredData: { wish: 'spoken data' } },
    artifact: { messages, transcript: 'User: spoken words', recordingUrl: 'https://storage.example.com/x.wav' },
  }
  const { callId, number: customerNumber } = line
  const body = common('end-of-call-report', { assistantId: owner.assistantId, callId, customerNumber, extra })
  t.equal((await say(test, { message: body }, { headers: { 'x-vapi-secret': owner.secret } })).status, 200)
  return callId
}

t.test('what was said goes after thirty days, what happened after two years, and appointments stay', async (t) => {
  const owner = await test.owner()
  const callId = await wholeCall(owner)
  world.vapi.add('call', { id: callId, assistantId: owner.assistantId, status: 'ended' })
  const all = await left(owner)
  t.ok(Object.values(all).every((count) => count > 0))

  await age(owner, 29)
  await drop(owner)
  t.same(await left(owner), all)
  t.same(await has(owner, 'You are booked'), ['tool_calls'])

  await age(owner, 31)
  await drop(owner)
  t.same(await left(owner), { ...all, call_transcripts: 0 })
  t.same(await has(owner, 'You are booked'), [], 'nor what the assistant was told')
  t.same(await has(owner, 'spoken summary'), ['calls'], 'what the call was about stays with its record')
  await runJobs(test)
  t.notOk(world.vapi.things.call.has(callId), 'Vapi forgets it as well, with the recording')
  const [call] = await within(owner, (trx) => trx.selectFrom('calls').select(['hasRecording', 'vapiData']).execute())
  t.same(call, { hasRecording: false, vapiData: 'forgotten' })

  const told = async () => (await app.inject({ url: '/events?action=records.dropped', headers: owner.headers() })).json().events
  t.match(await told(), [{ actor: 'system', details: { transcripts: 1, recordings: 1, answers: 2, calls: 0 } }])
  await drop(owner)
  t.equal((await told()).length, 1, 'again is no harm, and no news')

  await age(owner, 731)
  await drop(owner)
  t.same(await left(owner), { calls: 0, call_transcripts: 0, tool_calls: 0, caller_messages: 0, notices: 0, bookings: 1 })
})

t.test('a business keeps it as long as it wants to; of several the shorter time counts', async (t) => {
  const owner = await test.owner()
  await wholeCall(owner)
  await keep(owner, { transcriptDays: 90, recordDays: 60 })
  await age(owner, 31)
  await drop(owner)
  t.equal((await left(owner)).call_transcripts, 1)
  await within(owner, (trx) =>
    sql`insert into businesses (clerk_user_id, name, transcript_days) values (${owner.clerkUserId}, 'Clinic', 7)`.execute(trx),
  )
  await drop(owner)
  t.equal((await left(owner)).call_transcripts, 0)
  await age(owner, 61)
  await drop(owner)
  t.equal((await left(owner)).calls, 1, 'until Vapi has forgotten, it is known what it is to forget')
  await runJobs(test)
  await drop(owner)
  t.equal((await left(owner)).calls, 0)
  for (const days of [{ transcriptDays: -1 }, { transcriptDays: 366 }, { recordDays: 29 }, { recordDays: 3651 }])
    await t.rejects(keep(owner, days), { code: '23514' }, JSON.stringify(days))
})

t.test('where nothing of what is said is kept, it is never stored; what was stored before goes at once', async (t) => {
  const owner = await test.owner()
  await wholeCall(owner)
  await keep(owner, { transcriptDays: 0 })
  await drop(owner)
  t.same(await has(owner, 'spoken'), [])
  const callId = crypto.randomUUID()
  const spoken = { role: 'user', transcriptType: 'final', transcript: 'spoken words' }
  const body = common('transcript', { assistantId: owner.assistantId, callId, extra: spoken })
  t.equal((await say(test, { message: body }, { headers: { 'x-vapi-secret': owner.secret } })).status, 200)
  const analysis = { summary: 'spoken summary', structuredData: { wish: 'spoken data' } }
  const messages = [{ role: 'user', message: 'spoken words', time: 1_796_000_000_000 }]
  const over = common('end-of-call-report', { assistantId: owner.assistantId, callId, extra: { analysis, artifact: { messages } } })
  t.equal((await say(test, { message: over }, { headers: { 'x-vapi-secret': owner.secret } })).status, 200)
  t.same(await has(owner, 'spoken'), [])
  t.equal((await left(owner)).calls, 2, 'that there was a call is on record')
})

t.test('every tenant is looked at, and nobody else is touched', async (t) => {
  const [owner, other] = [await test.owner(), await test.owner()]
  for (const one of [owner, other]) await wholeCall(one)
  await age(owner, 31)
  await deps.jobs.send(deps.db, 'find-old-records', {})
  await runJobs(test)
  t.equal((await left(owner)).call_transcripts, 0)
  t.equal((await left(other)).call_transcripts, 1)
})

t.test('while Vapi is away it is asked again later', async (t) => {
  const owner = await test.owner()
  const callId = await wholeCall(owner)
  world.vapi.add('call', { id: callId, assistantId: owner.assistantId, status: 'ended' })
  await age(owner, 31)
  await drop(owner)
  world.vapi.faults.add({ kind: 'status', status: 500, path: /call/, times: Number.POSITIVE_INFINITY })
  await t.rejects(work['forget-at-vapi'](deps, { clerkUserId: owner.clerkUserId }, stopped), { code: 'vapi_unavailable' })
  world.vapi.faults.clear()
  await work['forget-at-vapi'](deps, { clerkUserId: owner.clerkUserId }, stopped)
  t.notOk(world.vapi.things.call.has(callId))
})

t.test('Vapi forgets a call in whichever account it stands', async (t) => {
  const owner = await test.owner()
  const account = world.vapi.addAccount()
  await saveKey(deps, owner.clerkUserId, account.apiKey)
  const made = await Promise.all(
    [undefined, account.orgId].map(async (orgId) => {
      const callId = crypto.randomUUID()
      const over = common('end-of-call-report', { assistantId: owner.assistantId, callId })
      await say(test, { message: over }, { headers: { 'x-vapi-secret': owner.secret } })
      world.vapi.add('call', { id: callId, assistantId: owner.assistantId, status: 'ended' }, orgId)
      return callId
    }),
  )
  await within(owner, (trx) => trx.updateTable('calls').set({ vapiData: 'to_forget' }).execute())
  await work['forget-at-vapi'](deps, { clerkUserId: owner.clerkUserId }, stopped)
  t.same(
    made.filter((callId) => world.vapi.things.call.has(callId)),
    [],
  )
})
t.test(
  'what Vapi could not be asked to forget is asked for again: of a caller at the next look, of a deleted user by its own job',
  async (t) => {
    const outage = { kind: 'status', status: 503, path: /^\/call/, times: Number.POSITIVE_INFINITY } as const
    const owner = await test.owner()
    const callId = await wholeCall(owner)
    world.vapi.add('call', { id: callId, assistantId: owner.assistantId, status: 'ended' })
    world.vapi.faults.add(outage)
    await age(owner, 31)
    await drop(owner)
    await t.rejects(work['forget-at-vapi'](deps, { clerkUserId: owner.clerkUserId }, stopped))
    await sql`delete from jobs.job where name = 'forget-at-vapi'`.execute(deps.db)
    world.vapi.faults.clear()
    await drop(owner)
    await runJobs(test)
    t.notOk(world.vapi.things.call.has(callId), 'though nothing else grew old meanwhile')

    const leaving = await test.owner()
    const last = await wholeCall(leaving)
    world.vapi.add('call', { id: last, assistantId: leaving.assistantId, status: 'ended' })
    world.vapi.faults.add(outage)
    await deleteUser(deps, leaving.clerkUserId)
    await runJobs(test)
    const waiting = (await jobs(test)).filter(({ name, state }) => name === 'forget-calls' && state === 'created')
    t.match(waiting, [{ data: { vapiCallIds: [last] } }])
    world.vapi.faults.clear()
    await bringJobsForward(test)
    await runJobs(test)
    t.notOk(world.vapi.things.call.has(last))

    world.vapi.add('call', { id: last, assistantId: leaving.assistantId, status: 'ended' })
    world.vapi.faults.add(outage)
    const given = { vapiCallIds: [last], answeredBy: [leaving.assistantId], since: '2026-11-20T00:00:00.000Z' }
    await t.rejects(work['forget-calls'](deps, given, stopped), 'after a week somebody is to look why')
    world.vapi.faults.clear()
  },
)
