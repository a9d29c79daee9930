import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { testApp } from '../setup/app.ts'
import { settle, watch } from '../setup/bookings.ts'
import { speakable, words } from '../setup/voice.ts'

const ALWAYS = { times: Number.POSITIVE_INFINITY }
const CREATE = { method: 'POST', path: /\/events(\?|$)/ }
const NINE = { start_time: '2026-12-01T09:00', name: 'Ana' }
const PAUSE_MS = 1500

const test = await testApp(t, {
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '300',
  PROVIDER_CREATE_TIMEOUT_MS: '400',
  PROVIDER_BREAKER_FAILURES: '3',
  PROVIDER_BREAKER_PAUSE_MS: String(PAUSE_MS),
})
/** With the time that a real vendor has. */
const patient = await testApp(t)

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: a mailbox that stays silent is left alone, callers hear so at once, and nobody else notices`, async (t) => {
    const owner = await test.owner({ vendor })
    const other = await test.owner({ vendor })
    const { standIn, live, statuses, expireLeases } = watch(test, owner)
    standIn.faults.add({ ...CREATE, kind: 'silent', ...ALWAYS })
    t.match(await owner.call('book_appointment', NINE, { callId: 'first' }), { error: /^I am holding/ })
    standIn.faults.clear()
    standIn.faults.add({ kind: 'silent', ...ALWAYS })
    t.match(await owner.call('get_availability', { date: '2026-12-02' }), { error: /^The diary does not answer/ })

    standIn.ledger.length = 0
    const startedAt = performance.now()
    for (const name of ['get_availability', 'get_next_available'] as const) {
      const answer = await owner.call(name, {})
      t.match(answer, { error: /^The diary does not answer/ })
      speakable(t, words(answer))
    }
    t.ok(performance.now() - startedAt < 600, `${performance.now() - startedAt} ms for two`)
    t.equal(standIn.ledger.length, 0)
    t.match(await metrics(), new RegExp(`vendor_mailboxes\\{vendor="${vendor}",state="open"\\} 1`))
    standIn.faults.clear()
    await expireLeases()
    t.equal(await settle(test), 1)
    t.same(await statuses(), ['held'], 'a breaker that is open tells nothing about the booking')
    t.match(await other.call('book_appointment', NINE), { result: /^You are booked/ })

    await delay(PAUSE_MS + 20)
    await expireLeases()
    await Promise.all([owner.call('get_availability', {}), owner.call('get_availability', {}), settle(test)])
    t.same(await statuses(), ['confirmed'], 'it waits for whoever tries the mailbox out, and goes on')
    t.equal(live().length, 1)
  })

  t.test(`${vendor}: a dozen callers of one owner at once are four requests at a time`, async (t) => {
    const owner = await patient.owner({ vendor })
    const { standIn } = watch(patient, owner)
    standIn.faults.add({ kind: 'slow', ms: 60, ...ALWAYS })
    let most = 0
    standIn.ledger.length = 0
    const counting = setInterval(() => {
      most = Math.max(most, standIn.ledger.filter(({ status }) => status === null).length)
    }, 5)
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => owner.call('get_availability', {}, { callId: `${index}` })))
    clearInterval(counting)
    standIn.faults.clear()
    for (const answer of answers) t.match(answer, { result: /./ })
    t.ok(most <= 4 && most >= 1, `${most}`)
  })
}

t.test('slow by three seconds is booked within six, once', (t) =>
  Promise.all(
    (['google', 'microsoft'] as const).map(async (vendor) => {
      const owner = await patient.owner({ vendor })
      const { standIn, live, creates } = watch(patient, owner)
      const asked = creates()
      standIn.faults.add({ ...CREATE, kind: 'slow', ms: 3000 })
      const startedAt = performance.now()
      t.match(await owner.call('book_appointment', NINE), { result: /^You are booked/ }, vendor)
      t.ok(performance.now() - startedAt < 6000, vendor)
      t.equal(creates() - asked, 1, vendor)
      t.equal(live().length, 1, vendor)
    }),
  ),
)

async function metrics() {
  const token = test.deps.config.metricsToken
  return (await test.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${token}` } })).body
}
