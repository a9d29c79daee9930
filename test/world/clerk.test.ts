import { createClerkClient, verifyToken } from '@clerk/backend'
import { verifyWebhook } from '@clerk/backend/webhooks'
import t from 'tap'
import { startClerk } from './clerk/index.ts'
import { readPublished } from './vapi/published.ts'

const published = readPublished('clerk-bapi-2026-05-12.openapi.json')
const skip = published.present ? false : "Clerk's published description is not here"

t.test('tokens of the stand-in pass the real SDK, with the PEM and over the network', async (t) => {
  const clerk = await startClerk({ audience: 'https://backend.example' })
  t.teardown(() => clerk.stop())
  const user = clerk.addUser({ email: 'ana@example.com', firstName: 'Ana', lastName: 'Ruiz' })

  const session = await verifyToken(clerk.token(user.id), { jwtKey: clerk.jwtKeyPem })
  t.match(session, { sub: user.id, iss: clerk.issuer, azp: 'http://localhost:3000' })
  t.notOk('aud' in session || 'email' in session)

  const template = await verifyToken(clerk.templateToken(user.id), { secretKey: clerk.secretKey, apiUrl: clerk.url })
  t.match(template, { sub: user.id, user_id: user.id, aud: 'https://backend.example', email: 'ana@example.com', version: 1 })
  t.match(clerk.ledger, [{ path: '/v1/jwks', account: 'backend', status: 200 }])
})

t.test('forged, expired and outdated tokens are refused by the real SDK', async (t) => {
  const clerk = await startClerk()
  t.teardown(() => clerk.stop())
  const past = Math.floor(Date.now() / 1000) - 3600
  const claims = { sub: 'user_1', iss: clerk.issuer, exp: past + 7200, iat: past, nbf: past }
  const old = clerk.token('user_1')
  clerk.rotateKey()
  const refused = {
    'an expired token': clerk.token('user_1', { exp: past, iat: past - 60, nbf: past - 60 }),
    'a token from before the rotation': old,
    'no signature': clerk.sign({ alg: 'none', typ: 'JWT' }, claims, null),
    'the public key used as a shared secret': clerk.sign({ alg: 'HS256', typ: 'JWT' }, claims, clerk.jwtKeyPem),
  }
  for (const [name, token] of Object.entries(refused)) await t.rejects(verifyToken(token, { jwtKey: clerk.jwtKeyPem }), name)
  await t.resolves(verifyToken(clerk.token('user_1'), { jwtKey: clerk.jwtKeyPem }))
})

t.test('users are read with the secret key alone, and errors have the shape the SDK expects', async (t) => {
  const clerk = await startClerk()
  t.teardown(() => clerk.stop())
  const ana = clerk.addUser({ email: 'ana@example.com', firstName: 'Ana' })
  clerk.addUser({ id: 'user_nameless' })
  const client = createClerkClient({ secretKey: clerk.secretKey, apiUrl: clerk.url })

  t.match(await client.users.getUser(ana.id), { id: ana.id, firstName: 'Ana', primaryEmailAddress: { emailAddress: 'ana@example.com' } })
  t.match(await client.users.getUserList(), { totalCount: 2, data: { length: 2 } })
  t.match(await client.users.getUserList({ emailAddress: ['ana@example.com'] }), { totalCount: 1, data: [{ id: ana.id }] })
  await t.rejects(client.users.getUser('user_unknown'), { status: 404, errors: [{ code: 'resource_not_found' }] })
  const stranger = createClerkClient({ secretKey: `${clerk.secretKey}x`, apiUrl: clerk.url })
  await t.rejects(stranger.users.getUser(ana.id), { status: 401, errors: [{ code: 'authentication_invalid' }] })
  clerk.faults.add({ kind: 'status', status: 429, retryAfter: 7 })
  const slowed: unknown = await client.users.getUser(ana.id).catch((error: unknown) => error)
  t.match(slowed, { status: 429, retryAfter: 7 })

  t.equal((await fetch(`${clerk.url}/v1/jwks`)).status, 401)
  t.equal((await fetch(`${clerk.url}/.well-known/jwks.json`)).status, 200)
  const unknown = await fetch(`${clerk.url}/v2/anything`)
  t.equal(unknown.status, 404)
  t.equal(unknown.headers.get('content-type'), 'application/json')
})

t.test('webhook deliveries pass the real verification, changed ones do not', async (t) => {
  const clerk = await startClerk()
  t.teardown(() => clerk.stop())
  const user = clerk.addUser({ email: 'ana@example.com' })
  const signingSecret = clerk.webhookSecret
  const request = ({ headers, body }: { headers: Record<string, string>; body: string }) =>
    new Request('http://localhost/', { method: 'POST', headers, body })
  const delivery = clerk.signedEvent({ type: 'user.created', data: user })

  t.match(await verifyWebhook(request(delivery), { signingSecret }), { type: 'user.created', data: { id: user.id } })
  await t.rejects(verifyWebhook(request({ ...delivery, body: delivery.body.replace('ana@', 'eve@') }), { signingSecret }))
  const late = clerk.signedEvent({ type: 'user.created', data: user }, { at: new Date(Date.now() - 600_000) })
  await t.rejects(verifyWebhook(request(late), { signingSecret }))
})

t.test('answers are those that Clerk publishes', { skip }, async (t) => {
  const clerk = await startClerk()
  t.teardown(() => clerk.stop())
  const ana = clerk.addUser({ email: 'ana@example.com', firstName: 'Ana' })
  const holds = async (path: string, pointer: string, authorization = `Bearer ${clerk.secretKey}`) => {
    const body: unknown = await (await fetch(`${clerk.url}${path}`, { headers: { authorization } })).json()
    t.same(published.wrong(pointer, body), [], path)
  }
  await holds(`/v1/users/${ana.id}`, '/components/schemas/User')
  await holds('/v1/users', '/components/responses/User.List/content/application~1json/schema')
  await holds('/v1/users/count', '/components/schemas/TotalCount')
  await holds('/v1/jwks', '/components/schemas/JWKS')
  await holds('/v1/users/user_unknown', '/components/schemas/ClerkErrors')
  await holds('/v1/users', '/components/schemas/ClerkErrors', 'Bearer wrong')
  t.not(published.wrong('/components/schemas/User', { id: 1 }).length, 0, 'the description does refuse')
})

t.test('events are those that Clerk publishes', { skip }, async (t) => {
  const webhooks = readPublished('clerk-webhooks-2025-04-15.openapi.json', { strictNames: true })
  const clerk = await startClerk()
  t.teardown(() => clerk.stop())
  const user = clerk.addUser({ email: 'ana@example.com', firstName: 'Ana' })
  const deleted = { id: user.id, object: 'user', deleted: true }
  for (const [type, data, schema] of [
    ['user.created', user, 'User'],
    ['user.updated', clerk.addUser(), 'User'],
    ['user.deleted', deleted, 'DeletedObject'],
  ] as const) {
    const { data: sent, ...envelope } = JSON.parse(clerk.signedEvent({ type, data }).body)
    t.same(webhooks.wrong('/components/schemas/WebhookEventPayload', envelope), [], type)
    t.same(webhooks.wrong(`/components/schemas/${schema}`, sent), [], type)
  }
  t.not(webhooks.wrong('/components/schemas/DeletedObject', { id: 1 }).length, 0, 'the description does refuse')
})
