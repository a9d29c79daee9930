import t, { type Test } from 'tap'
import * as z from 'zod'
import { testApp } from '../setup/app.ts'
import { frontend } from '../setup/frontend.ts'

// Contract, section 4.1: what the frontend asks of the service itself, from each of its origins.
const PRODUCTION = 'https://peterental-nextjs.vercel.app'
const PREVIEW = 'https://peterental-nextjs-git-main-abc123-team.vercel.app'
const test = await testApp(t, {
  CORS_ORIGINS: `${PRODUCTION},http://localhost:3001`,
  CORS_PREVIEW_PATTERN: 'https://peterental-nextjs-*-team.vercel.app',
})
const front = await frontend(t, test)
const origins = [PRODUCTION, PREVIEW, 'http://localhost:3000', 'http://localhost:3001']

const sentence = z.string().min(10)
/** The one error body: the same sentence in three fields, whichever of them a page reads. */
const Problem = z.strictObject({ status: z.literal('error'), code: z.string(), message: sentence, detail: sentence, error: sentence })

async function soundProblem(t: Test, response: Response): Promise<void> {
  t.match(response.headers.get('content-type'), /^application\/json/)
  const { message, detail, error } = Problem.parse(await response.json())
  t.same([detail, error], [message, message])
  t.notMatch(message, /html/i, 'which a page would report as an outage')
}

const Health = z.looseObject({ status: z.literal('healthy'), service: z.string(), timestamp: z.iso.datetime() })

t.test('the wake-up call of every page hears at once that the service is healthy', async (t) => {
  for (const origin of origins) {
    const startedAt = performance.now()
    const { response } = await front.page('/health', { origin })
    t.ok(performance.now() - startedAt < 1000)
    t.ok(response.ok)
    t.equal(response.headers.get('access-control-allow-origin'), origin)
    t.ok(Health.parse(await response.json()))
  }
})

const Service = z.looseObject({
  service: z.string(),
  version: z.string(),
  status: z.literal('running'),
  features: z.array(z.string()).min(1),
  links: z.looseObject({ health: z.string(), api_docs: z.string() }),
})

t.test('the test page reads that the service runs and what it can do', async (t) => {
  const response = await front.open('/')
  t.equal(response.status, 200)
  t.match(Service.parse(await response.json()), {
    features: ['calendar', 'voice', 'agents', 'rentals'],
    links: { health: '/health', api_docs: '/docs' },
  })
})

t.test('the link to the documentation leads to a page', async (t) => {
  const response = await front.open('/docs')
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^text\/html/)
  t.match(await response.text(), /swagger/i)
})

t.test('a browser reads the open list of rentals from every address of the frontend', async (t) => {
  for (const origin of origins) {
    const { response } = await front.page('/database/available', { origin })
    t.equal(response.status, 200)
    t.equal(response.headers.get('access-control-allow-origin'), origin)
    t.match(response.headers.get('vary'), /origin/i)
  }
  const { response } = await front.page('/database/available', { origin: 'https://elsewhere.example' })
  t.equal(response.headers.get('access-control-allow-origin'), null)
})

t.test('the two calls that a test page makes without a token are refused with JSON that it may show', async (t) => {
  for (const path of ['/calendar/auth/status?user_id=user_2abc', '/calendar/availability?user_id=user_2abc&days_ahead=7']) {
    for (const origin of origins) {
      const { response } = await front.page(path, { origin })
      t.equal(response.status, 401, path)
      t.equal(response.headers.get('access-control-allow-origin'), origin)
      await soundProblem(t, response)
    }
  }
})

t.test('refusals of every kind have the one body, and a page may read it', async (t) => {
  for (const [path, token, status] of [
    ['/nowhere', undefined, 404],
    ['/database/available', 'wrong', 401],
    ['/database/status', 'wrong', 401],
    ['/agents', 'wrong', 401],
    ['/%E0%A4%A', undefined, 400],
  ] as const) {
    const { response, preflight } = await front.page(path, { origin: PRODUCTION, ...(token === undefined ? {} : { token }) })
    t.equal(response.status, status, path)
    if (status !== 400) t.equal(response.headers.get('access-control-allow-origin'), PRODUCTION, path)
    if (preflight) t.match(preflight.headers.get('access-control-allow-headers')?.toLowerCase(), /authorization.*content-type/)
    await soundProblem(t, response)
  }
})
