import { sql } from 'kysely'
import t from 'tap'
import { saveKey } from '../../src/agents/vapi-key.ts'
import { findUnheard } from '../../src/calls/find-unheard.ts'
import { findUnreported } from '../../src/calls/find-unreported.ts'
import { inTenant } from '../../src/db/client.ts'
import { type ConnectedOwner, NOW, testApp } from '../setup/app.ts'
import { callsOf, spokenIn } from '../setup/calls.ts'
import { bringJobsForward, jobs, runJobs } from '../setup/jobs.ts'
import { say } from '../setup/voice.ts'
import { callAtVapi, endOfCallReport, statusUpdate, transcript, type VapiBody } from '../world/vapi/index.ts'

const test = await testApp(t, { VAPI_UNSIGNED: 'restricted' })
const owner = await test.owner()
const { vapi } = test.world
const minutes = (count: number) => new Date(NOW.getTime() + count * 60_000)

const calls = (who: ConnectedOwner = owner) => callsOf(test, who)
const tell = (body: VapiBody, who: ConnectedOwner = owner) => say(test, body, { headers: { 'x-vapi-secret': who.secret } })

/** As if so much time went by, in which the service works. */
async function pass(from: number, to: number): Promise<void> {
  for (let minute = from + 1; minute <= to; minute += 1) {
    test.setNow(minutes(minute))
    await bringJobsForward(test, { seconds: 60 })
    await test.deps.jobs.send(test.deps.db, 'find-unreported', {})
    if (minute % 5 === 0) await test.deps.jobs.send(test.deps.db, 'find-unheard', {})
    await runJobs(test)
  }
}

t.beforeEach(async () => {
  test.afresh()
  vapi.things.call.clear()
  await test.deps.db.deleteFrom('callListReads').execute()
  await inTenant(test.deps.db, owner.clerkUserId, (trx) => trx.deleteFrom('calls').execute())
  await bringJobsForward(test)
  await runJobs(test)
})

t.test('calls that run and end while the service stands still are complete soon after it is back', async (t) => {
  const from = (callId: string) => ({ assistantId: owner.assistantId, callId, extra: { timestamp: NOW.getTime() } })
  await tell(statusUpdate('in-progress', from('begun')))
  await tell(transcript('user', 'Hello', from('begun')))
  await tell(statusUpdate('ended', from('ended')))
  // For ten minutes nobody listens: what Vapi sends then is lost, and not sent again.
  const said: ['bot' | 'user', string][] = [
    ['bot', 'Good evening.'],
    ['user', 'A viewing, please.'],
  ]
  const { assistantId } = owner
  vapi.add('call', callAtVapi({ id: 'begun', assistantId, createdAt: NOW, endedAt: minutes(4), said }))
  vapi.add('call', callAtVapi({ id: 'ended', assistantId, createdAt: NOW, endedAt: NOW, said }))
  vapi.add('call', callAtVapi({ id: 'unheard', assistantId, createdAt: minutes(2), endedAt: minutes(5), said }))
  vapi.add('call', callAtVapi({ id: 'late', assistantId, createdAt: minutes(9), endedAt: minutes(11), said }))
  vapi.add('call', callAtVapi({ id: "somebody's", assistantId: 'not-linked', createdAt: minutes(2), said }))
  test.setNow(minutes(10))
  await bringJobsForward(test, { seconds: 600 })
  await pass(10, 25)

  const found = await calls()
  t.same(
    found.map(({ vapiCallId }) => vapiCallId),
    ['begun', 'ended', 'late', 'unheard'],
  )
  for (const call of found) {
    t.has(
      call,
      { status: 'ended', endedReason: 'customer-ended-call', summary: 'Caller asked for a viewing.', direction: 'inbound' },
      call.vapiCallId,
    )
    t.has(call, { customerNumber: '+15550100001', assistantId, cost: '0.210000', hasRecording: true, isBelieved: true })
    t.ok(call.reportedAt)
    t.same(call.createdAt, call.vapiCallId === 'unheard' ? minutes(2) : call.vapiCallId === 'late' ? minutes(9) : NOW)
    t.same(spokenIn(call), ['assistant: Good evening.', 'user: A viewing, please.'])
  }
  const asked = vapi.ledger.length
  await pass(25, 30)
  t.ok(
    vapi.ledger.slice(asked).every(({ path }) => path === '/call'),
    'what is complete is not asked for again',
  )
})

t.test('a call that goes on is looked at again until its report is there', async (t) => {
  await tell(statusUpdate('in-progress', { assistantId: owner.assistantId, callId: 'long' }))
  const call = { id: 'long', assistantId: owner.assistantId, createdAt: NOW }
  const { id } = vapi.add('call', callAtVapi({ ...call, status: 'in-progress' }))
  await pass(0, 8)
  t.match(await calls(), [{ status: 'in-progress', reportedAt: null }])
  vapi.things.call.delete(id)
  vapi.add('call', callAtVapi({ ...call, endedAt: minutes(8), summary: 'All of it.' }))
  await pass(8, 10)
  t.match(await calls(), [{ reportedAt: null }], 'its analysis may still be to come')
  await pass(10, 15)
  t.match(await calls(), [{ status: 'ended', summary: 'All of it.' }])
})

t.test('a report that comes after all is not asked for, and one that was fetched is not changed by what comes late', async (t) => {
  const from = { assistantId: owner.assistantId, callId: 'usual', extra: { timestamp: NOW.getTime() } }
  await tell(statusUpdate('ended', from))
  await tell(endOfCallReport({ summary: 'As reported.' }, from))
  await pass(0, 4)
  t.same(
    vapi.ledger.filter(({ path }) => path === '/call/usual'),
    [],
  )
  await tell(statusUpdate('in-progress', from))
  await tell(transcript('user', 'Too late', from))
  const [call] = await calls()
  t.has(call, { status: 'ended', summary: 'As reported.' })
  t.same(spokenIn(call), ['assistant: Hi', 'user: Hello'])
})

t.test('a call that Vapi does not know is closed with what was heard of it', async (t) => {
  await tell(statusUpdate('in-progress', { assistantId: owner.assistantId, callId: 'gone', extra: { timestamp: NOW.getTime() } }))
  await pass(0, 5)
  const [call] = await calls()
  t.has(call, { status: 'ended', startedAt: NOW, endedAt: NOW, summary: null, durationSeconds: 0 })
  t.ok(call?.reportedAt)
})

t.test("nobody gets another's call by naming it", async (t) => {
  const other = await test.owner()
  vapi.add('call', callAtVapi({ id: 'theirs', assistantId: other.assistantId, createdAt: NOW, summary: 'A secret.' }))
  await tell(statusUpdate('in-progress', { assistantId: owner.assistantId, callId: 'theirs' }))
  await pass(0, 5)
  t.match(await calls(), [{ vapiCallId: 'theirs', status: 'ended', summary: null, cost: null }])
  t.match(await calls(other), [{ vapiCallId: 'theirs', summary: 'A secret.' }], 'and its owner has it')
})

t.test('a call of an assistant that was made for it alone is known by the business for which it answered', async (t) => {
  const other = await test.owner()
  const businessOf = async ({ clerkUserId }: ConnectedOwner) =>
    (await inTenant(test.deps.db, clerkUserId, (trx) => trx.selectFrom('businesses').select('id').executeTakeFirstOrThrow())).id
  const summaries: Record<string, string | null> = {}
  for (const [id, who] of [
    ['own', owner],
    ["another's", other],
    ['of nobody', undefined],
  ] as const) {
    await tell(statusUpdate('ended', { assistantId: null, callId: id }))
    const extra = { assistant: { name: 'Desk', metadata: { ringbookId: who ? await businessOf(who) : 'x' } } }
    vapi.add('call', callAtVapi({ id, assistantId: null, createdAt: NOW, endedAt: NOW, summary: id, extra }))
  }
  await pass(0, 4)
  for (const { vapiCallId, summary } of await calls()) summaries[vapiCallId] = summary
  t.same(summaries, { own: 'own', "another's": null, 'of nobody': null })
})

/** Her own key of Vapi, and what was made where. */
async function withOwnKey(who: ConnectedOwner, made?: 'own' | 'installation') {
  const account = vapi.addAccount()
  const { clerkUserId, assistantId } = who
  await saveKey(test.deps, clerkUserId, account.apiKey)
  if (made)
    await inTenant(test.deps.db, clerkUserId, (trx) =>
      trx
        .insertInto('madeAssistants')
        .values({ clerkUserId, vapiAssistantId: assistantId, withOwnKey: made === 'own', isKept: true, leasedUntil: NOW })
        .execute(),
    )
  return account
}

t.test('a call is asked for in the account where its assistant is, and in both where that is not known', async (t) => {
  for (const [made, where] of [
    ['own', 'own'],
    ['installation', 'installation'],
    [undefined, 'own'],
    [undefined, 'installation'],
  ] as const) {
    const who = await test.owner()
    const { orgId } = await withOwnKey(who, made)
    const callId = `${made} ${where}`
    await tell(statusUpdate('ended', { assistantId: who.assistantId, callId }), who)
    const call = callAtVapi({ id: callId, assistantId: who.assistantId, createdAt: NOW, endedAt: NOW })
    vapi.add('call', call, where === 'own' ? orgId : undefined)
    test.setNow(minutes(4))
    await bringJobsForward(test)
    const asked = vapi.ledger.length
    await runJobs(test)
    t.match(await calls(who), [{ status: 'ended', summary: 'Caller asked for a viewing.' }], callId)
    const times = vapi.ledger.slice(asked).filter(({ path }) => path.startsWith('/call/')).length
    t.equal(times, made === undefined && where === 'installation' ? 2 : 1, callId)
    test.setNow(NOW)
  }
})

t.test(
  'calls of which nothing was heard are found in the account of each tenant, and a key that is dead disturbs nobody else',
  async (t) => {
    const [other, dead] = [await test.owner(), await test.owner()]
    const { orgId } = await withOwnKey(other)
    vapi.revokeKey((await withOwnKey(dead)).apiKey)
    const call = { createdAt: minutes(2), endedAt: minutes(4) }
    vapi.add('call', callAtVapi({ id: 'in hers', assistantId: other.assistantId, ...call }), orgId)
    vapi.add('call', callAtVapi({ id: "another's", assistantId: owner.assistantId, ...call }), orgId)
    vapi.add('call', callAtVapi({ id: 'in the shared one', assistantId: owner.assistantId, ...call }))
    await pass(9, 15)
    t.match(await calls(other), [{ vapiCallId: 'in hers', summary: 'Caller asked for a viewing.' }])
    t.match(await calls(), [{ vapiCallId: 'in the shared one' }])
    t.equal((await calls()).length, 1, 'her account tells of her calls alone')
    t.match(
      (await jobs(test)).filter(({ name }) => name === 'set-aside'),
      [],
      'nor does it fail again and again',
    )
    await tell(statusUpdate('ended', { assistantId: dead.assistantId, callId: 'where no key is needed' }), dead)
    vapi.add('call', callAtVapi({ id: 'where no key is needed', assistantId: dead.assistantId, createdAt: NOW, endedAt: NOW }))
    await pass(15, 20)
    t.match(await calls(dead), [{ summary: 'Caller asked for a viewing.' }], 'what stands in the shared account is fetched all the same')
  },
)

t.test('after a long stop the list is read in pieces, and none of it is left out', async (t) => {
  await findUnheard(test.deps)
  const began = [30, 300, 1500, 2880].map(minutes)
  for (const createdAt of began) vapi.add('call', callAtVapi({ id: createdAt.toISOString(), assistantId: owner.assistantId, createdAt }))
  test.setNow(minutes(2890))
  const asked = vapi.ledger.length
  await findUnheard(test.deps)
  t.same(
    (await calls()).map(({ createdAt }) => createdAt),
    began,
  )
  t.ok(vapi.ledger.length - asked > 20)
})

t.test('the report of an assistant without a secret is fetched, too, and is no second call', async (t) => {
  const who = await test.owner()
  await inTenant(test.deps.db, who.clerkUserId, (trx) =>
    trx.updateTable('vapiAgents').set({ secretDigest: null, previousSecretDigest: null }).execute(),
  )
  const made = { assistantId: who.assistantId, callId: 'unproven' }
  t.equal((await say(test, statusUpdate('in-progress', made))).status, 200)
  vapi.add('call', callAtVapi({ id: 'unproven', assistantId: who.assistantId, createdAt: NOW, endedAt: NOW }))
  await pass(0, 5)
  const [call, ...more] = await calls(who)
  t.same(more, [])
  t.has(call, { isBelieved: false, summary: 'Caller asked for a viewing.', customerNumber: '+15550100001' }, "by Vapi's own word")
})

t.test('while Vapi cannot be asked it is asked again, and nothing is given up or made up', async (t) => {
  await tell(statusUpdate('ended', { assistantId: owner.assistantId, callId: 'waits', extra: { timestamp: NOW.getTime() } }))
  vapi.add('call', callAtVapi({ id: 'waits', assistantId: owner.assistantId, createdAt: NOW, endedAt: NOW }))
  for (const fault of [{ status: 500 }, { status: 429 }, { status: 200, body: 'hello', type: 'text/plain' }]) {
    vapi.faults.add({ kind: 'status', path: /^\/call\/waits/, times: Number.POSITIVE_INFINITY, ...fault })
    await bringJobsForward(test)
    test.setNow(minutes(5))
    await runJobs(test)
    t.match(await calls(), [{ reportedAt: null }], JSON.stringify(fault))
    t.match(
      (await jobs(test)).filter(({ name }) => name === 'set-aside'),
      [],
    )
    vapi.faults.clear()
  }
  await pass(5, 9)
  t.match(await calls(), [{ summary: 'Caller asked for a viewing.' }])
})

t.test('a call whose job was lost is found', async (t) => {
  await tell(statusUpdate('ended', { assistantId: owner.assistantId, callId: 'lost', extra: { timestamp: NOW.getTime() } }))
  await sql`delete from jobs.job where name = 'fetch-report'`.execute(test.deps.db)
  vapi.add('call', callAtVapi({ id: 'lost', assistantId: owner.assistantId, createdAt: NOW, endedAt: NOW }))
  await findUnreported(test.deps)
  t.same((await jobs(test)).filter(({ name, state }) => name === 'fetch-report' && state === 'created').length, 0, 'it was heard just now')
  await pass(0, 4)
  t.match(await calls(), [{ summary: 'Caller asked for a viewing.' }])
})

t.test('without a key for Vapi nothing is fetched, and nothing fails', async (t) => {
  const keyless = { ...test, deps: { ...test.deps, vapi: undefined } }
  await tell(statusUpdate('ended', { assistantId: owner.assistantId, callId: 'keyless', extra: { timestamp: NOW.getTime() } }))
  test.setNow(minutes(5))
  await bringJobsForward(test)
  await runJobs(keyless)
  t.match(await calls(), [{ status: 'ended', reportedAt: null }])
  test.setNow(minutes(13 * 60))
  await bringJobsForward(test)
  await runJobs(keyless)
  t.ok((await calls())[0]?.reportedAt, 'after longer than any call lasts it is closed')
})
