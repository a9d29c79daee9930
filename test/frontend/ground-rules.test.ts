import t from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'
import { isClosed, readDescription } from '../setup/description.ts'
import { frontend } from '../setup/frontend.ts'
import { resourceOf, withId } from '../setup/resources.ts'

// Contract, section 1: what holds on every route. Taken from the service's own description, so that a new route is held to it too.
const PREVIEW = 'https://peterental-nextjs-git-main-team.vercel.app'
const test = await testApp(t, {
  FRONTEND_URL: 'https://peterental-nextjs.vercel.app',
  CORS_ORIGINS: 'http://localhost:3000,http://localhost:3001',
  CORS_PREVIEW_PATTERN: 'https://peterental-nextjs-*-team.vercel.app',
  LIMIT_REST_PER_MINUTE: '100000',
})
const { operations } = await readDescription(test.app)
const wire: { method: string | undefined; url: string | undefined; length: string | undefined; type: string | undefined }[] = []
test.app.server.on('request', ({ method, url, headers }) => {
  wire.push({ method, url, length: headers['content-length'], type: headers['content-type'] })
})
const front = await frontend(t, test)
const dana = await test.owner()

const Sentence = z
  .string()
  .min(5)
  .regex(/[.…]$/, 'a sentence')
  .regex(/^[^<>]*$/, 'no markup')
const ErrorBody = z
  .strictObject({ status: z.literal('error'), code: z.string().regex(/^[a-z_]+$/), message: Sentence, detail: Sentence, error: Sentence })
  .refine(({ message, detail, error }) => message === detail && message === error, 'the same sentence three times')

/** Called by vendors or opened by browsers, never fetched by a page. */
const withoutCors = operations.filter(({ path }) =>
  /auth\/callback$|^\/api\/calcom\/oauth$|^\/vapi\/(webhook|function-call)$|^\/api\/vapi-webhook$|^\/webhooks\//.test(path),
)

t.test('every refusal is JSON with one sentence in three fields, and the frontend and its previews may read it', async (t) => {
  const closed = operations.filter(isClosed)
  t.ok(closed.length > 20, `${closed.length}`)
  for (const { name, method, path } of closed) {
    const url = front.url + withId(path, resourceOf(path)?.absent ?? '')
    for (const authorization of [undefined, 'Bearer nonsense', `Bearer ${test.deps.config.userSyncSecret}`]) {
      const response = await fetch(url, { method, headers: { Origin: PREVIEW, ...(authorization ? { authorization } : {}) } })
      t.equal(response.status, 401, name)
      t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
      t.equal(response.headers.get('access-control-allow-origin'), PREVIEW)
      t.match(response.headers.get('vary'), /origin/i)
      t.same(ErrorBody.safeParse(await response.json()).error, undefined, name)
    }
  }
})

t.test('what is missing is told in the same body, with the headers that let a page read it', async (t) => {
  const withIds = operations.filter((one) => isClosed(one) && one.path.includes('{'))
  for (const { name, method, path } of withIds) {
    const response = await fetch(front.url + withId(path, resourceOf(path)?.absent ?? ''), {
      method,
      headers: { ...dana.headers(), Origin: PREVIEW, 'Content-Type': 'application/json' },
      ...(method === 'POST' || method === 'PATCH' ? { body: '{}' } : {}),
    })
    t.ok([400, 404].includes(response.status), `${name} answered ${response.status}`)
    t.equal(response.headers.get('access-control-allow-origin'), PREVIEW)
    t.same(ErrorBody.safeParse(await response.json()).error, undefined, name)
  }
})

t.test('a page may ask for every route with a token, but for those that are none of its business', async (t) => {
  const foreign = ['https://peterental-nextjs-x.vercel.app', 'https://evil.example', 'https://peterental-nextjs.vercel.app.evil.example']
  for (const operation of operations) {
    const { name, method, path } = operation
    const ask = async (origin: string) => {
      const headers = {
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': 'authorization,content-type',
      }
      return fetch(front.url + withId(path, '1'), { method: 'OPTIONS', headers })
    }
    for (const origin of ['https://peterental-nextjs.vercel.app', PREVIEW, 'http://localhost:3000', 'http://localhost:3001']) {
      const { headers } = await ask(origin)
      t.equal(headers.get('access-control-allow-origin'), withoutCors.includes(operation) ? null : origin, `${name} from ${origin}`)
      if (withoutCors.includes(operation)) continue
      t.match(headers.get('access-control-allow-methods'), method, name)
      t.match(headers.get('access-control-allow-headers'), /authorization.*content-type.*idempotency-key/i, name)
    }
    for (const origin of foreign) t.equal((await ask(origin)).headers.get('access-control-allow-origin'), null, `${name} from ${origin}`)
  }
  t.ok(withoutCors.length >= 4)
})

t.test('the calls that say JSON and send nothing are taken as they are on the wire', async (t) => {
  const agent = z
    .object({ agent_id: z.int() })
    .parse(await (await front.action(dana, '/agents', { method: 'POST', body: { agent_name: 'x' } })).json())
  const source = { website: 'example.com', url: 'https://example.com' }
  const made = z.object({ id: z.int() })
  const rental = { property_address: '1 Elm St', price: 1, bedrooms: 1, bathrooms: 1 }
  const { id: rentalId } = made.parse(await (await front.action(dana, '/rentals', { method: 'POST', body: rental })).json())
  const { id: sourceId } = made.parse(await (await front.action(dana, '/database/sources', { method: 'POST', body: source })).json())
  const booking = new URLSearchParams({
    subject: 'Viewing',
    start_time: '2026-12-01T09:00:00-06:00',
    end_time: '2026-12-01T09:30:00-06:00',
  })
  const calls = [
    ['POST', `/calendar/events?${booking}`, '0'],
    ['DELETE', `/agents/${agent.agent_id}`, undefined],
    ['DELETE', '/calendar/auth/disconnect', undefined],
    ['DELETE', '/calendar/google/auth/disconnect', undefined],
    ['DELETE', `/rentals/${rentalId}`, undefined],
    ['DELETE', `/database/sources/${sourceId}`, undefined],
  ] as const
  for (const [method, url, length] of calls) {
    const response = await front.action(dana, url, { method })
    t.ok(response.ok, `${method} ${url} answered ${response.status}`)
    t.match(wire.at(-1), { method, url, length, type: 'application/json' })
    t.type(await response.json(), 'object', 'and the answer is JSON')
  }
})

t.test('no answer is a page of HTML, whatever was asked for', async (t) => {
  for (const url of ['/nowhere', '/users', '/calendar', '/index.html', '/agents/1/nothing', '/%zz']) {
    const response = await fetch(front.url + url, { headers: { Accept: 'text/html' } })
    t.ok(response.status >= 400, url)
    t.same(ErrorBody.safeParse(await response.json()).error, undefined, url)
  }
})
