import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { type Attempt, type Call, outbound } from '../../src/providers/outbound.ts'
import { issue } from '../world/tls.ts'

const read: Call = { operation: 'read', budget: 'read', repeatable: true }
const exchange: Call = { operation: 'exchange', budget: 'token', repeatable: false }

/** A vendor that answers as told, and our way out to it. */
async function vendor(t: Test, answer: RequestListener) {
  const attempts: Attempt[] = []
  const seen: { url: string; headers: NodeJS.Dict<string | string[]> }[] = []
  const server = createServer((request, reply) => {
    seen.push({ url: request.url ?? '', headers: request.headers })
    answer(request, reply)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const timeouts = { read: 300, create: 300, token: 300 }
  const send = outbound({ vendor: 'test', urls: [`${url}/v3/`], timeouts, observe: (attempt) => attempts.push(attempt) })
  return { send, url, seen, attempts, server }
}

const unavailable = { name: 'AppError', code: 'provider_unavailable' }

t.test('a token is sent to no other origin than the configured ones', async (t) => {
  const { send, url, seen } = await vendor(t, (_request, reply) => reply.end('{}'))
  for (const elsewhere of [
    'http://localhost:1/',
    url.replace('http:', 'https:'),
    url.replace('127.0.0.1', 'localhost'),
    'https://example.com/',
  ]) {
    await t.rejects(send(read, elsewhere, { headers: { authorization: 'Bearer secret' } }), unavailable)
  }
  t.equal((await send(read, `${url}/anything`)).status, 200)
  t.equal(seen.length, 1)
})

t.test('a redirect is a failure and never followed, not even to the vendor itself', async (t) => {
  const { send, url, seen } = await vendor(t, (_request, reply) => reply.writeHead(302, { location: '/elsewhere' }).end())
  await t.rejects(send(read, url), unavailable)
  t.same(
    seen.map(({ url }) => url),
    ['/'],
  )
})

t.test('silence ends after two attempts of the allowed time', async (t) => {
  const { send, url, attempts } = await vendor(t, () => {})
  const startedAt = performance.now()
  await t.rejects(send(read, url), { ...unavailable, message: /timeout/ })
  t.ok(performance.now() - startedAt < 1500)
  t.same(
    attempts.map(({ status }) => status),
    ['timeout', 'timeout'],
  )
})

t.test('an answer that never ends is cut off by time, one that is too long by size', async (t) => {
  const slow = await vendor(t, (_request, reply) => {
    reply.write('{')
    const drip = setInterval(() => reply.write(' '), 20)
    reply.once('close', () => clearInterval(drip))
  })
  await t.rejects(slow.send(exchange, slow.url), { ...unavailable, message: /timeout/ })

  const huge = await vendor(t, (_request, reply) => {
    const pour = () => {
      while (!reply.destroyed && reply.write('x'.repeat(65_536)));
    }
    reply.on('drain', pour)
    pour()
  })
  await t.rejects(huge.send(read, huge.url), { ...unavailable, message: /more than 1048576 bytes/ })
  t.same(
    huge.attempts.map(({ status }) => status),
    ['too_large'],
    'asking again would bring the same',
  )
})

t.test('what may be repeated is sent at most twice, what may not once', async (t) => {
  const { send, url, seen, attempts } = await vendor(t, (_request, reply) => reply.writeHead(500).end())
  t.equal((await send(read, url)).status, 500)
  t.equal(seen.length, 2)
  t.equal((await send(exchange, url)).status, 500)
  t.equal(seen.length, 3)
  t.match(attempts, [{ vendor: 'test', operation: 'read', status: 500 }, { status: 500 }, { operation: 'exchange', status: 500 }])
})

t.test('a cut connection is tried once more', async (t) => {
  let cut = true
  const { send, url, attempts } = await vendor(t, (request, reply) => {
    if (cut) request.socket.destroy()
    else reply.end('{}')
    cut = false
  })
  t.equal((await send(read, url)).status, 200)
  t.same(
    attempts.map(({ status }) => status),
    ['network', 200],
  )
  cut = true
  await t.rejects(send(exchange, url), unavailable)
})

t.test('a short Retry-After is waited for once, a long one and none are not', async (t) => {
  let retryAfter: string | undefined = '1'
  const { send, url, seen } = await vendor(t, (_request, reply) => {
    if (retryAfter === undefined) reply.writeHead(429).end()
    else reply.writeHead(429, { 'retry-after': retryAfter }).end()
  })
  const startedAt = performance.now()
  t.equal((await send(read, url)).status, 429)
  t.ok(performance.now() - startedAt >= 990)
  t.equal(seen.length, 2)
  for (retryAfter of ['120', 'Fri, 20 Nov 2026 12:00:00 GMT', undefined]) await send(read, url)
  t.equal(seen.length, 5)
})

t.test("the caller's own deadline ends the request, and allows no second one", async (t) => {
  const { send, url, seen } = await vendor(t, () => {})
  const startedAt = performance.now()
  await t.rejects(send({ ...read, signal: AbortSignal.timeout(50) }, url), { ...unavailable, message: /aborted/ })
  await t.rejects(send({ ...read, signal: AbortSignal.abort() }, url), { ...unavailable, message: /aborted/ })
  t.ok(performance.now() - startedAt < 250)
  t.equal(seen.length, 1)
})

t.test('a refused connection is an expected failure that tells no address', async (t) => {
  const { send, url, server } = await vendor(t, () => {})
  await new Promise((done) => server.close(done))
  const failure = await send(read, `${url}/token?secret=1`).catch((error: unknown) => error)
  t.match(failure, { ...unavailable, message: 'test read: network ECONNREFUSED' })
  t.ok(failure instanceof AppError && failure.cause === undefined)
})

t.test('a name that nobody knows and a certificate that nobody vouches for are expected failures, tried twice at most', async (t) => {
  const { key, cert } = await issue()
  const server = createSecureServer({ key, cert }, (_request, reply) => reply.end('{}'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  for (const [url, code] of [
    ['https://nobody.invalid', /ENOTFOUND|EAI_AGAIN/],
    [`https://127.0.0.1:${port}`, /CERT|SIGNATURE/],
  ] as const) {
    const attempts: Attempt[] = []
    const send = outbound({ vendor: 'test', urls: [url], observe: (attempt) => attempts.push(attempt) })
    await t.rejects(send(read, `${url}/secret`), { ...unavailable, message: code })
    t.match(attempts, [{ status: 'network' }, { status: 'network' }])
    await t.rejects(send(exchange, `${url}/secret`), unavailable)
    t.equal(attempts.length, 3)
  }
})
