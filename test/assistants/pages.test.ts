import t, { type Test } from 'tap'
import { testApp } from '../setup/app.ts'

async function listWith(t: Test, fill: (vapi: Awaited<ReturnType<typeof testApp>>['world']['vapi']) => void) {
  const test = await testApp(t)
  fill(test.world.vapi)
  const reply = await test.app.inject({ url: '/vapi/assistants', headers: test.user().headers() })
  const ids: string[] = reply.json().assistants?.map((one: { id: string }) => one.id) ?? []
  const requests = test.world.vapi.ledger.filter(({ path }) => path === '/assistant')
  return { status: reply.statusCode, ids, requests, test }
}

t.test('every assistant is listed once, newest first, in whatever order Vapi lists them', async (t) => {
  for (const order of ['newest', 'oldest']) {
    const made: string[] = []
    const { ids, requests } = await listWith(t, (vapi) => {
      if (order === 'oldest') vapi.listOldestFirst()
      for (let n = 0; n < 130; n += 1) made.unshift(vapi.add('assistant', { name: `Desk ${n}` }).id)
    })
    t.same(ids, made, order)
    t.ok(requests.length <= 6, `${requests.length} requests`)
    for (const { headers, query } of requests) {
      t.match(headers.authorization, /^Bearer /)
      t.match(Object.keys(query).sort().join(), /^(createdAt[GL]e,)?limit$/)
    }
  }
})

t.test('two that were made in the same moment, where one page ends, are both there', async (t) => {
  const { ids } = await listWith(t, (vapi) => {
    for (let n = 0; n < 60; n += 1) {
      const at = new Date(Date.UTC(2026, 0, 1, 0, Math.floor(n / 4))).toISOString()
      vapi.add('assistant', { name: `Desk ${n}`, createdAt: at })
    }
  })
  t.equal(new Set(ids).size, 60)
})

t.test('assistants too long for one answer are asked for in smaller pages', async (t) => {
  const { ids, status, requests } = await listWith(t, (vapi) => {
    for (let n = 0; n < 30; n += 1)
      vapi.add('assistant', { name: `Desk ${n}`, model: { messages: [{ role: 'system', content: 'x'.repeat(70_000) }] } })
  })
  t.equal(status, 200)
  t.equal(ids.length, 30)
  t.ok(requests.length < 10, `${requests.length} requests`)
})

t.test('one that is longer than any answer may be is a failure, not a list without it', async (t) => {
  const { status, requests } = await listWith(t, (vapi) => {
    vapi.add('assistant', { name: 'x'.repeat(2 * 1024 * 1024) })
  })
  t.equal(status, 503)
  t.ok(requests.length < 10)
})

t.test('what is asked of Vapi is measured', async (t) => {
  const { test } = await listWith(t, () => {})
  const { body } = await test.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${test.deps.config.metricsToken}` } })
  t.match(body, /^vendor_request_duration_seconds_count\{.*vendor="vapi",operation="assistant.list",status="200".*\} 1$/m)
})
