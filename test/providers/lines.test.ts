import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLines } from '../../src/providers/lines.ts'
import { type Call, outbound } from '../../src/providers/outbound.ts'

// Longer than the jitter before a second attempt, half of it too.
const PAUSE_MS = 500
const unavailable = { name: 'AppError', code: 'provider_unavailable' }
const busy = { name: 'AppError', code: 'provider_busy' }

/** A vendor whose answers depend on the mailbox, which stands in the path; and our way out to it. */
async function vendor(
  t: Test,
  answer: (mailbox: string, reply: ServerResponse, request: IncomingMessage) => void,
  options: { failures?: number; pauseMs?: number; readMs?: number } = {},
) {
  const seen: string[] = []
  let open = 0
  let most = 0
  const waits: number[] = []
  const server = createServer((request, reply) => {
    const mailbox = request.url?.slice(1) ?? ''
    seen.push(mailbox)
    open += 1
    most = Math.max(most, open)
    reply.once('close', () => {
      open -= 1
    })
    answer(mailbox.split('?')[0] ?? '', reply, request)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lines = createLines({ atOnce: 4, failures: 3, pauseMs: PAUSE_MS, ...options })
  const timeouts = { read: options.readMs ?? 1000, create: 200, token: 1000 }
  const send = outbound({ vendor: 'test', urls: [url], timeouts, lines, observeWait: (_, seconds) => waits.push(seconds) })
  return {
    seen,
    lines,
    waits,
    most: () => most,
    states: () => Object.fromEntries(lines.states().map(({ state, count }) => [state, count])),
    ask: (mailbox: string | undefined, path = mailbox, call: Partial<Call> = {}) =>
      send({ operation: 'read', budget: 'read', repeatable: true, mailbox, ...call }, `${url}/${path}`),
  }
}

const now = performance.now.bind(performance)
/** From here on it is so many seconds later than it is. */
async function later(t: Test, seconds: number) {
  performance.now = () => now() + seconds * 1000
  t.teardown(() => {
    performance.now = now
  })
  await delay(5) // a cache reads the clock once in a millisecond
}

const silent = () => {}
const after = (ms: number) => (_: string, reply: ServerResponse) => setTimeout(() => reply.end('{}'), ms)

t.test('a mailbox answers four requests at once, and the others in the order in which they came', async (t) => {
  const { ask, seen, most, waits } = await vendor(t, after(30))
  const order = Array.from({ length: 20 }, (_, index) => `a?${index}`)
  await Promise.all(order.map((path) => ask('a', path)))
  t.equal(most(), 4)
  // Those that go together may overtake each other on the way.
  const groups = Array.from({ length: 5 }, (_, group) => seen.slice(4 * group, 4 * group + 4).map((path) => path.padStart(4)))
  t.same(
    groups.flatMap((group) => group.sort((a, b) => Number(a.split('?')[1]) - Number(b.split('?')[1]))).map((path) => path.trim()),
    order,
  )
  t.equal(waits.length, 20)
  t.ok((waits.at(-1) ?? 0) > 0.1, 'and the waiting is measured')
})

t.test('every mailbox has a line of its own, and whoever signs in stands in none', async (t) => {
  const { ask, most, seen } = await vendor(t, (mailbox, reply) => (mailbox === 'dead' ? undefined : setTimeout(() => reply.end('{}'), 20)))
  const stop = new AbortController()
  const dead = Array.from({ length: 10 }, () => ask('dead', 'dead', { signal: stop.signal }).catch(() => {}))
  await delay(20)
  await Promise.all([...Array.from({ length: 8 }, (_, index) => ask(`m${index % 2}`)), ask(undefined, 'token'), ask(undefined, 'token')])
  t.equal(most(), 4 + 8 + 2)
  t.equal(seen.filter((path) => path === 'dead').length, 4, 'the fifth of the dead one still waits')
  stop.abort()
  await Promise.all(dead)
})

t.test('whoever has waited long enough leaves, and nothing is sent for them', async (t) => {
  const { ask, seen } = await vendor(t, after(400))
  const first = Array.from({ length: 4 }, () => ask('a'))
  const startedAt = performance.now()
  await t.rejects(ask('a', 'a?late', { signal: AbortSignal.timeout(40) }), { ...unavailable, message: /not sent, aborted/ })
  t.ok(performance.now() - startedAt < 300, 'at once, not when a turn comes')
  await t.rejects(ask('a', 'a?late', { signal: AbortSignal.abort() }), unavailable)
  const next = ask('a', 'a?next')
  await Promise.all([...first, next])
  t.same(
    seen.filter((path) => path.includes('?')),
    ['a?next'],
  )
})

const failing: Record<string, (mailbox: string, reply: ServerResponse, request: IncomingMessage) => void> = {
  'says nothing': silent,
  'cuts the line': (_, __, request) => request.socket.destroy(),
  'breaks off in the middle': (_, reply, request) => {
    reply.writeHead(200, { 'content-length': '1000' }).write('{"value":')
    setTimeout(() => request.socket.destroy(), 10)
  },
  'never comes to an end': (_, reply) => {
    const drip = setInterval(() => reply.write(' '), 20)
    reply.once('close', () => clearInterval(drip))
  },
  'breaks down': (_, reply) => reply.writeHead(500).end(),
  'is overloaded': (_, reply) => reply.writeHead(503).end(),
}
t.test('a mailbox in trouble', async (t) => {
  t.jobs = 8 // most of the time is waiting, and each has a vendor of its own

  for (const [what, how] of Object.entries(failing)) {
    t.test(`a mailbox that ${what} again and again is left alone, and the failure comes at once`, async (t) => {
      let isDead = true
      const { ask, seen, states } = await vendor(
        t,
        (mailbox, reply, request) => (isDead && mailbox === 'dead' ? how(mailbox, reply, request) : reply.end('{}')),
        { readMs: 500 },
      )
      const outcome = () =>
        ask('dead').then(
          ({ status }) => t.ok(status >= 500),
          () => {},
        )
      await outcome()
      await outcome()
      t.equal(seen.length, 3, 'two attempts of the first, one of the second')
      t.match(states(), { open: 1 })
      const startedAt = performance.now()
      await t.rejects(ask('dead'), { ...unavailable, message: /not sent, broken/ })
      t.ok(performance.now() - startedAt < 150)
      t.equal((await ask('alive')).status, 200)
      t.equal((await ask(undefined, 'dead-token')).status, 200)
      isDead = false
      await delay(PAUSE_MS + 20)
      t.equal((await ask('dead')).status, 200, 'it is tried again after a pause')
      t.match(states(), { open: undefined, closed: 2 })
    })
  }

  t.test('a mailbox is tried out by one request, which the others wait for', async (t) => {
    let mode: 'dead' | 'slow' = 'dead'
    const { ask, seen } = await vendor(t, (_, reply) =>
      mode === 'dead' ? reply.writeHead(500).end() : setTimeout(() => reply.end('{}'), 250),
    )
    for (const _ of [1, 2]) await ask('a').catch(() => {})
    await delay(PAUSE_MS + 20)
    mode = 'slow'
    seen.length = 0
    const all = Array.from({ length: 6 }, () => ask('a'))
    const impatient = ask('a', 'a', { signal: AbortSignal.timeout(20) })
    await t.rejects(impatient, { ...unavailable, message: /not sent, aborted/ })
    t.ok(seen.length <= 1, 'while that one is on its way')
    for (const answer of await Promise.all(all)) t.equal(answer.status, 200)
    t.equal(seen.length, 7 - 1)
  })

  t.test('the pause grows while a mailbox stays away, to ten times the first at most', async (t) => {
    const pauseMs = 40
    const { ask, seen } = await vendor(t, (_, reply) => reply.writeHead(500).end(), { failures: 1, pauseMs })
    const times: number[] = []
    let count = 0
    const until = performance.now() + 40 * pauseMs
    while (performance.now() < until) {
      await ask('a', 'a', { repeatable: false }).catch(() => {})
      if (seen.length > count) times.push(performance.now())
      count = seen.length
      await delay(2)
    }
    const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0))
    t.ok(pauses.length >= 4 && pauses.length <= 9, `${pauses.map(Math.round)}`)
    t.ok((pauses[0] ?? 0) <= pauseMs + 100)
    t.ok(Math.max(...pauses) >= 4 * pauseMs && Math.max(...pauses) <= 10 * pauseMs + 100)
  })

  t.test('a no is an answer: no number of them makes a mailbox count as dead', async (t) => {
    const statuses = [400, 401, 403, 404, 409, 412]
    let next = 0
    const { ask, seen, states } = await vendor(t, (_, reply) => reply.writeHead(statuses[next++ % statuses.length] ?? 400).end())
    for (let time = 0; time < 12; time += 1) t.ok((await ask('a')).status < 500)
    t.equal(seen.length, 12)
    t.same(states(), { closed: 1 })
  })

  t.test('failures between successes do not add up', async (t) => {
    let next = 0
    const { ask, states } = await vendor(t, (_, reply) => reply.writeHead(next++ % 3 === 2 ? 200 : 500).end('{}'))
    for (let time = 0; time < 8; time += 1) await ask('a').catch(() => {})
    t.same(states(), { closed: 1 })
  })

  t.test('what callers give up counts neither for nor against a mailbox', async (t) => {
    let isDead = false
    const { ask, states } = await vendor(t, (_, reply) => (isDead ? reply.writeHead(500).end() : undefined))
    const impatient = () => ask('a', 'a', { signal: AbortSignal.timeout(60) }).catch(() => {})
    for (let time = 0; time < 6; time += 1) await impatient()
    t.same(states(), { closed: 1 })
    isDead = true
    for (const _ of [1, 2]) await ask('a').catch(() => {})
    isDead = false
    await delay(PAUSE_MS + 20)
    await impatient()
    t.same(states(), { open: 1 }, 'and while it is tried out, silence proves nothing')
  })

  t.test('a short wait that the vendor asks for is kept by all who share the mailbox', async (t) => {
    let isFirst = true
    const { ask, seen, states } = await vendor(t, (_, reply) => {
      if (isFirst) reply.writeHead(429, { 'retry-after': '1' }).end()
      else reply.end('{}')
      isFirst = false
    })
    const startedAt = performance.now()
    const first = ask('a')
    while (!JSON.stringify(states()).includes('resting')) await delay(1)
    const others = [ask('a'), ask('a'), ask('b').then((answer) => [answer, performance.now()] as const)] as const
    const [, at] = await others[2]
    t.ok(at - startedAt < 500, 'another mailbox goes on')
    t.equal(seen.length, 2)
    for (const answer of await Promise.all([first, others[0], others[1]])) t.equal(answer.status, 200)
    t.ok(performance.now() - startedAt > 990)
    t.equal(seen.length, 5)
  })

  t.test('a long wait that the vendor asks for closes the mailbox for all, who hear so at once', async (t) => {
    let seconds = '2'
    const { ask, seen, states } = await vendor(t, (mailbox, reply) => {
      if (mailbox === 'a' && seconds !== '') reply.writeHead(429, { 'retry-after': seconds }).end()
      else reply.end('{}')
    })
    const startedAt = performance.now()
    t.equal((await ask('a')).status, 429)
    for (let time = 0; time < 5; time += 1) await t.rejects(ask('a'), { ...busy, message: /not sent/ })
    t.ok(performance.now() - startedAt < 900)
    t.equal(seen.length, 1)
    t.match(states(), { resting: 1 })
    t.equal((await ask('b')).status, 200)
    seconds = ''
    await delay(1050)
    t.equal((await ask('a')).status, 200, 'what remains of it is short enough to be waited for')
    t.ok(performance.now() - startedAt > 1990)
  })
})

t.test('a vendor that does not say how long has a moment, and one that asks for days is tried again all the same', async (t) => {
  const { ask } = await vendor(t, (mailbox, reply) => reply.writeHead(429, mailbox === 'days' ? { 'retry-after': '864000' } : {}).end())
  await ask('a')
  const startedAt = performance.now()
  await ask('a')
  t.ok(performance.now() - startedAt > 800)
  await ask('days')
  await later(t, 290)
  await t.rejects(ask('days'), busy)
  await later(t, 301)
  t.equal((await ask('days')).status, 429)
})

t.test('a create that may have happened is never called "nothing happened" because the line was closed meanwhile', async (t) => {
  let isFirst = true
  const { ask } = await vendor(t, (_, reply, request) => {
    if (request.url?.includes('other')) reply.writeHead(429, { 'retry-after': '60' }).end()
    else if (!isFirst) reply.end('{}')
    isFirst = false
  })
  const creating = ask('a', 'a', { budget: 'create' })
  await delay(50)
  await ask('a', 'a?other')
  await t.rejects(creating, { ...unavailable, message: /not sent, resting/ })
  await t.rejects(ask('a', 'a', { budget: 'create' }), busy, 'one that never left is certain')
})

t.test('a clock that is set back keeps no mailbox closed', async (t) => {
  let isDead = true
  const pauseMs = 20
  const { ask } = await vendor(t, (_, reply) => (isDead ? reply.writeHead(500).end() : reply.end('{}')), { pauseMs })
  for (const _ of [1, 2]) await ask('a').catch(() => {})
  isDead = false
  const today = Date.now
  t.teardown(() => {
    Date.now = today
  })
  Date.now = () => today() - 3_600_000
  await t.rejects(ask('a'), unavailable)
  await delay(2 * 10 * pauseMs + 50)
  t.equal((await ask('a')).status, 200)
})

t.test('mailboxes that nobody asks for are forgotten', async (t) => {
  const lines = createLines()
  for (let index = 0; index < 6000; index += 1) lines.of('test', `m${index}`)
  t.same(lines.states(), [{ vendor: 'test', state: 'closed', count: 5000 }])
  await later(t, 11 * 60)
  t.same(lines.states(), [])
})

t.test("thirty dead mailboxes leave another one's answers as fast as they were", async (t) => {
  const live = (_: string, reply: ServerResponse) => setTimeout(() => reply.end('{}'), 150)
  const { ask } = await vendor(t, (mailbox, reply) => (mailbox.startsWith('dead') ? undefined : live(mailbox, reply)), { readMs: 2500 })
  const p95 = async () => {
    const times = Array.from({ length: 40 }, async (_, index) => {
      await delay(index * 10)
      const startedAt = performance.now()
      await ask(`live${index % 10}`)
      return performance.now() - startedAt
    })
    return (await Promise.all(times)).sort((a, b) => a - b)[37] ?? 0
  }
  await p95()
  const before = await p95()
  const stop = new AbortController()
  const dead = Array.from({ length: 300 }, (_, index) => ask(`dead${index % 30}`, undefined, { signal: stop.signal }).catch(() => {}))
  await delay(50)
  // The machine may have other things to do for a moment; a mailbox that waits for dead ones waits every time.
  let during = await p95()
  for (let again = 0; again < 4 && during > before * 1.2; again += 1) during = await p95()
  stop.abort()
  await Promise.all(dead)
  t.ok(during < before * 1.2, `${before.toFixed(1)} ms before, ${during.toFixed(1)} ms beside the dead ones`)
})
