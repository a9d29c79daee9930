import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { owner as byOwner, logEvent } from '../../src/audit/log.ts'
import { eventStream, type Piece } from '../../src/audit/stream.ts'
import { inTenant } from '../../src/db/client.ts'
import { type Owner, testApp } from '../setup/app.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '100000' })
const url = (await test.app.listen({ port: 0, host: '127.0.0.1' })).replace('[::1]', '127.0.0.1')

async function visitor(): Promise<Owner> {
  const user = test.user()
  await test.app.inject({ url: '/users/me', headers: user.headers() })
  return user
}

function happened({ clerkUserId }: Owner, action: 'call.began' | 'booking.confirmed' | 'agent.changed', id: string) {
  const kind = action === 'call.began' ? 'call' : action === 'agent.changed' ? 'agent' : 'booking'
  return inTenant(test.deps.db, clerkUserId, (trx) => logEvent(trx, { clerkUserId, actor: byOwner, action, subject: { kind, id } }))
}

/** A stream over real HTTP, as `fetch` reads it. */
async function listen(t: Test, user: Owner, headers: Record<string, string> = {}, at = url) {
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const response = await fetch(`${at}/events/stream`, { headers: { ...user.headers(), ...headers }, signal: controller.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    response,
    hangUp: () => controller.abort(),
    /** All that was sent, once `part` is in it; or once the stream has ended. */
    until: async (part?: string) => {
      while (part === undefined || !text.includes(part)) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) break
        text += value
      }
      return text
    },
  }
}

t.test('whoever listens hears what happens to her calls and bookings, once and in order, and nothing of anybody else', async (t) => {
  const [hers, mine] = [await visitor(), await visitor()]
  await happened(hers, 'call.began', 'before')
  const stream = await listen(t, hers)
  t.equal(stream.response.status, 200)
  t.equal(stream.response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  t.match(await stream.until('id:'), /^retry: 2000\nid: \d+\n\n$/)
  await happened(mine, 'call.began', 'mine')
  await happened(hers, 'call.began', 'first')
  await happened(hers, 'agent.changed', 'not of a call')
  await happened(hers, 'booking.confirmed', 'second')
  const text = await stream.until('second')
  t.same(
    [...text.matchAll(/"subject_id":"([^"]+)"/g)].map(([, id]) => id),
    ['first', 'second'],
  )
  t.match(text, /event: call\.began\ndata: \{/)
  stream.hangUp()

  const [, first] = /id: (\d+)\nevent: call\.began/.exec(text) ?? []
  const again = await listen(t, hers, { 'last-event-id': String(first) })
  const rest = await again.until('second')
  t.notMatch(rest, '"first"', 'what was seen is not told again')
  t.match(rest, '"second"', 'and nothing is missed')
})

t.test('a stream ends when its user is deleted, and what is no token or no id opens none', async (t) => {
  const user = await visitor()
  const stream = await listen(t, user)
  await stream.until('id:')
  await inTenant(test.deps.db, user.clerkUserId, (trx) => trx.updateTable('users').set({ deletedAt: new Date() }).execute())
  await stream.until()
  t.equal((await listen(t, user)).response.status, 401)
  t.equal((await listen(t, await visitor(), { authorization: 'Bearer x' })).response.status, 401)
  t.equal((await listen(t, await visitor(), { 'last-event-id': 'x' })).response.status, 400)
})

t.test('a stream ends with its token', async (t) => {
  const user = await visitor()
  // Clocks may differ by five seconds, so this one counts for two more.
  const token = test.world.clerk.token(user.clerkUserId, { exp: Math.floor(Date.now() / 1000) - 3 })
  const authorization = `Bearer ${token}`
  const stream = await listen(t, user, { authorization })
  t.equal(stream.response.status, 200)
  await stream.until()
  t.equal((await listen(t, user, { authorization })).response.status, 401, 'because nobody is signed in with it any more')
})

t.test('a process that was asked to end ends its streams and opens none', async (t) => {
  let draining = false
  const stopping = await buildApp(test.deps, () => draining)
  t.teardown(() => stopping.close())
  const there = await stopping.listen({ port: 0, host: '127.0.0.1' })
  const user = await visitor()
  const stream = await listen(t, user, {}, there)
  await happened(user, 'call.began', 'before the end')
  await stream.until('before the end')
  draining = true
  await stream.until()
  const refused = await listen(t, user, {}, there)
  t.equal(refused.response.status, 503, 'another process has room')
  t.ok(Number(refused.response.headers.get('retry-after')) > 0)
})

t.test('one user has five at most, and one that was left makes room', async (t) => {
  const user = await visitor()
  const streams = await Promise.all(Array.from({ length: 5 }, () => listen(t, user)))
  t.same(
    streams.map(({ response }) => response.status),
    [200, 200, 200, 200, 200],
  )
  t.equal((await listen(t, user)).response.status, 429)
  t.equal((await listen(t, await visitor())).response.status, 200, 'another has her own')
  streams[0]?.hangUp()
  let status = 429
  while (status === 429) status = (await listen(t, user)).response.status
  t.equal(status, 200)
})

t.test('many events are read at once, and silence is broken now and then', async (t) => {
  const { clerkUserId } = await visitor()
  await inTenant(test.deps.db, clerkUserId, async (trx) => {
    for (let index = 0; index < 120; index += 1)
      await logEvent(trx, { clerkUserId, actor: byOwner, action: 'call.began', subject: { kind: 'call', id: index } })
  })
  const pieces: Piece[] = []
  const isOver = async () => pieces.filter(({ kind }) => kind === 'silence').length === 2
  for await (const piece of eventStream(test.deps, clerkUserId, { after: 0, isOver, pace: { pollMs: 1, silenceMs: 5 } })) pieces.push(piece)
  const ids = pieces.flatMap((piece) => (piece.kind === 'event' ? [Number(piece.event.subjectId)] : []))
  t.same(
    ids,
    Array.from({ length: 120 }, (_, index) => index).sort((a, b) => a - b),
  )
})
