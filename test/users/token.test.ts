import { generateKeyPairSync, sign } from 'node:crypto'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { inTenant } from '../../src/db/client.ts'
import { deleteUser } from '../../src/users/delete.ts'
import { tokenVerifier } from '../../src/users/token.ts'
import { type TestApp, testApp } from '../setup/app.ts'

/** Every test has users of its own in it. */
const shared = await testApp(t)

type Claims = Record<string, unknown>

/** What `/users/me` says to this token. */
async function visit(app: TestApp['app'], token: string) {
  const reply = await app.inject({ url: '/users/me', headers: { authorization: `Bearer ${token}` } })
  return { status: reply.statusCode, body: reply.json() }
}

async function refuses(t: Test, app: TestApp['app'], tokens: Record<string, string>) {
  for (const [name, token] of Object.entries(tokens)) {
    const { status, body } = await visit(app, token)
    t.equal(status, 401, name)
    t.match(body, { status: 'error', code: 'not_signed_in' }, name)
  }
}

/** From now on time that only grows has grown by so much. */
function later(t: Test, ms: number): void {
  const now = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => now() + ms })
}

const seconds = () => Math.floor(Date.now() / 1000)

t.test('both kinds of tokens that the frontend sends are let in, and mean the same user', async (t) => {
  const { app, user, world } = shared.afresh()
  const { clerkUserId } = user()
  const session = await visit(app, world.clerk.token(clerkUserId))
  t.equal(session.status, 200, 'a session token has no audience and no e-mail')
  const bare = await visit(app, world.clerk.token(clerkUserId, { azp: undefined, nbf: undefined, jti: undefined }))
  t.equal(bare.status, 200, 'nor need it name the party it was made for')
  const template = await visit(app, world.clerk.templateToken(clerkUserId))
  t.equal(template.status, 200)
  for (const { body } of [session, bare, template]) t.equal(body.clerk_user_id, clerkUserId)
  t.equal(template.body.user_id, session.body.user_id)
  const nothing = { email: null, first_name: null, last_name: null, name: null, azp: null, user_id: null }
  t.equal((await visit(app, world.clerk.templateToken(clerkUserId, nothing))).status, 200, 'a template writes null for what a user has not')
})

t.test('a token that was signed wrongly is refused, however it explains itself', async (t) => {
  const { app, user, world } = shared.afresh()
  const { clerk } = world
  const { clerkUserId } = user()
  const genuine = clerk.token(clerkUserId)
  const [header, claims] = genuine
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ownJwk = own.publicKey.export({ format: 'jwk' })
  const [head, body, signature = ''] = genuine.split('.')
  t.equal((await visit(app, clerk.sign(header, claims))).status, 200, 'signed rightly, just this is let in')
  await refuses(t, app, {
    'alg none': clerk.sign({ ...header, alg: 'none' }, claims, null),
    'alg None, with a signature': clerk.sign({ ...header, alg: 'None' }, claims),
    'no signature': `${head}.${body}.`,
    "HS256 with the key's PEM as secret": clerk.sign({ ...header, alg: 'HS256' }, claims, clerk.jwtKeyPem),
    'RS256 in name, HMAC with the PEM in truth': clerk.sign(header, claims, clerk.jwtKeyPem),
    'RS512 in name': clerk.sign({ ...header, alg: 'RS512' }, claims),
    "somebody else's key": clerk.sign(header, claims, own.privateKey),
    'a key that the token brings along': clerk.sign({ ...header, jwk: ownJwk }, claims, own.privateKey),
    'an address where its key is': clerk.sign({ ...header, jku: `${clerk.url}/own.json` }, claims, own.privateKey),
    'a certificate address': clerk.sign({ ...header, x5u: `${clerk.url}/own.pem` }, claims, own.privateKey),
    'a certificate that it brings along': clerk.sign({ ...header, x5c: ['MIIB'] }, claims, own.privateKey),
    'all of these at once, and no key id': clerk.sign(
      { ...header, kid: undefined, jwk: ownJwk, jku: `${clerk.url}/own.json`, x5u: `${clerk.url}/own.pem`, x5c: ['MIIB'] },
      claims,
      own.privateKey,
    ),
    'an extension it calls critical': clerk.sign({ ...header, crit: ['exp'] }, claims),
    'an extension nobody knows': clerk.sign({ ...header, crit: ['x'], x: 1 }, claims),
    'an unencoded payload': clerk.sign({ ...header, crit: ['b64'], b64: false }, claims),
    'an empty list of extensions': clerk.sign({ ...header, crit: [] }, claims),
    'no key id': clerk.sign({ ...header, kid: undefined }, claims),
    'an unknown key id': clerk.sign({ ...header, kid: 'ins_unknown' }, claims),
    'another type of token': clerk.sign({ ...header, typ: 'at+jwt' }, claims),
    'a changed claim': `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: 'user_other' })).toString('base64url')}.${signature}`,
    'a changed signature': `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
  })
  t.same(
    clerk.ledger.filter(({ path }) => path.startsWith('/own')),
    [],
    'no address in a token is ever visited',
  )
})

t.test('a token is refused for every single claim that is not as it must be', async (t) => {
  const { app, user, world } = shared.afresh()
  const { clerkUserId, email } = user()
  const made = (claims: Claims) => world.clerk.token(clerkUserId, claims)
  const now = seconds()
  for (const [name, claims] of Object.entries<Claims>({
    'ended a moment ago': { exp: now - 2 },
    'begins in a moment': { nbf: now + 3 },
    'made by a clock that is a little ahead': { iat: now + 3 },
    'several audiences, ours among them': { aud: ['https://elsewhere.example', 'http://localhost:8000'] },
    'user_id equal to sub': { user_id: clerkUserId },
    'an active session': { sts: 'active' },
  })) {
    t.equal((await visit(app, made(claims))).status, 200, name)
  }
  await refuses(t, app, {
    expired: made({ exp: now - 8, iat: now - 68, nbf: now - 78 }),
    'never ends': made({ exp: undefined }),
    'ends at no number': made({ exp: `${now + 60}` }),
    'not yet valid': made({ nbf: now + 30 }),
    'made in the future': made({ iat: now + 30 }),
    'made at no time': made({ iat: undefined }),
    'another issuer': made({ iss: 'https://clerk.elsewhere.example' }),
    'an issuer that begins like ours': made({ iss: `${world.clerk.issuer}.evil.example` }),
    'our issuer with a slash': made({ iss: `${world.clerk.issuer}/` }),
    'no issuer': made({ iss: undefined }),
    'another party': made({ azp: 'https://elsewhere.example' }),
    'an empty party': made({ azp: '' }),
    'another audience': made({ aud: 'https://elsewhere.example' }),
    'no audience that is ours': made({ aud: [] }),
    'user_id is another user': made({ user_id: 'user_somebodyelse' }),
    'sub is an e-mail': made({ sub: email }),
    'sub is of another kind': made({ sub: 'org_2abc' }),
    'sub has more behind it': made({ sub: `${clerkUserId}\n` }),
    'no sub': made({ sub: undefined }),
    'sub is a list': made({ sub: [clerkUserId] }),
    'a pending session': made({ sts: 'pending' }),
  })
})

t.test('with a list of parties and audiences of its own, an installation lets in those and no others', async (t) => {
  const env = { CLERK_AUTHORIZED_PARTIES: 'https://app.example', CLERK_AUDIENCE: 'ringbook' }
  const { app, user, world } = await testApp(t, env)
  const { clerkUserId } = user()
  t.equal((await visit(app, world.clerk.token(clerkUserId, { azp: 'https://app.example', aud: 'ringbook' }))).status, 200)
  await refuses(t, app, {
    'an allowed origin that is not on the list': world.clerk.token(clerkUserId),
    'our address as audience': world.clerk.token(clerkUserId, { azp: 'https://app.example', aud: 'http://localhost:8000' }),
  })
})

t.test('garbage instead of a token is refused like any other', async (t) => {
  const { app } = shared.afresh()
  const part = (text: string) => Buffer.from(text).toString('base64url')
  const headers = [
    'null',
    '[]',
    '1',
    '"RS256"',
    '{',
    '{"alg":"RS256"}',
    '{"alg":"RS256","kid":1}',
    '{"alg":["RS256"],"kid":"k"}',
    '\u0000\uffff',
  ]
  const garbage = [
    '',
    'a',
    'a.b',
    'a.b.c',
    '...',
    '.',
    '-_-',
    '..',
    `${'a'.repeat(7000)}.b.c`,
    'a.b.c.d',
    'a.b.c.d.e',
    'undefined',
    '%00',
    'a b',
    'é.é.é',
  ]
  const tokens = [...garbage, ...headers.flatMap((one) => [`${part(one)}.${part('{}')}.c`, `${part(one)}.${part('null')}.${part('x')}`])]
  for (const authorization of [undefined, '', 'Bearer', 'Basic YTpi', 'bearer', ...tokens.map((token) => `Bearer ${token}`)]) {
    const reply = await app.inject({ url: '/users/me', headers: authorization === undefined ? {} : { authorization } })
    t.equal(reply.statusCode, 401, `${authorization?.slice(0, 60)}`)
    t.equal(reply.json().code, 'not_signed_in')
  }
})

t.test('whoever was deleted stays out, though the token is still good', async (t) => {
  const { app, user, deps, world } = shared.afresh()
  const [marked, gone, unseen, other] = [user(), user(), user(), user()]
  for (const one of [marked, gone]) t.equal((await visit(app, world.clerk.token(one.clerkUserId))).status, 200)
  await inTenant(deps.db, marked.clerkUserId, (trx) => trx.updateTable('users').set({ deletedAt: new Date() }).execute())
  for (const one of [gone, unseen]) await deleteUser(deps, one.clerkUserId)
  for (const one of [marked, gone, unseen])
    await refuses(t, app, { session: world.clerk.token(one.clerkUserId), template: world.clerk.templateToken(one.clerkUserId) })
  t.equal((await visit(app, world.clerk.token(other.clerkUserId))).status, 200)
})

t.test('with a configured key nothing is asked over the network, and nothing else is believed', async (t) => {
  const { deps, user, world } = await testApp(t)
  const { clerkUserId } = user()
  const jwtKey = world.clerk.jwtKeyPem
  const app = await buildApp({ ...deps, identify: tokenVerifier({ ...deps.config, clerk: { ...deps.config.clerk, jwtKey } }) })
  t.teardown(() => app.close())
  t.equal((await visit(app, world.clerk.templateToken(clerkUserId))).status, 200)
  const [header = '', claims = ''] = world.clerk.token(clerkUserId).split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  await refuses(t, app, {
    'alg none': world.clerk.sign({ ...read(header), alg: 'none' }, read(claims), null),
    'the configured key used as a shared secret': world.clerk.sign({ ...read(header), alg: 'HS256' }, read(claims), jwtKey),
    'an address where a key is': world.clerk.sign({ ...read(header), jku: `${world.clerk.url}/own.json`, crit: ['jku'] }, read(claims)),
    expired: world.clerk.token(clerkUserId, { exp: seconds() - 8 }),
    'another issuer': world.clerk.token(clerkUserId, { iss: 'https://clerk.elsewhere.example' }),
  })
  world.clerk.rotateKey()
  await refuses(t, app, { 'signed with a newer key': world.clerk.token(clerkUserId) })
  t.same(world.clerk.ledger, [])
})

t.test('RS256 is the only way to sign, though the key could do others', async (t) => {
  const { deps, user, world } = shared.afresh()
  const { clerkUserId } = user()
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwtKey = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const app = await buildApp({ ...deps, identify: tokenVerifier({ ...deps.config, clerk: { ...deps.config.clerk, jwtKey } }) })
  t.teardown(() => app.close())
  const [, claims = ''] = world.clerk.token(clerkUserId).split('.')
  const signed = (alg: string, digest: string) => {
    const body = `${Buffer.from(JSON.stringify({ alg, kid: 'ins_own', typ: 'JWT' })).toString('base64url')}.${claims}`
    return `${body}.${sign(digest, Buffer.from(body), privateKey).toString('base64url')}`
  }
  t.equal((await visit(app, signed('RS256', 'RSA-SHA256'))).status, 200)
  await refuses(t, app, { RS384: signed('RS384', 'RSA-SHA384'), RS512: signed('RS512', 'RSA-SHA512') })
})

t.test('when Clerk changes its key, tokens of the new one are let in within a minute, and those of the old one no more', async (t) => {
  const { app, user, world } = await testApp(t)
  const { clerk } = world
  const { clerkUserId } = user()
  const asked = () => clerk.ledger.filter(({ path }) => path === '/v1/jwks').length
  const old = clerk.token(clerkUserId)
  t.equal((await visit(app, old)).status, 200)
  clerk.rotateKey()
  await Promise.all(Array.from({ length: 20 }, () => visit(app, clerk.token(clerkUserId, {}, { kid: `ins_${Math.random()}` }))))
  t.equal(asked(), 1, 'invented key ids do not make us ask again')
  later(t, 61_000)
  const replies = await Promise.all(Array.from({ length: 20 }, () => visit(app, clerk.token(clerkUserId))))
  t.same(new Set(replies.map(({ status }) => status)), new Set([200]))
  t.equal(asked(), 2, 'twenty at once ask once')
  await refuses(t, app, { 'the old key': old })
  t.equal(asked(), 2)
})

t.test('while Clerk is away, those whose key is known are served', async (t) => {
  const { app, user, world } = await testApp(t)
  const { clerkUserId } = user()
  t.equal((await visit(app, world.clerk.token(clerkUserId))).status, 200)
  await world.clerk.down()
  later(t, 61_000)
  const unknown = await visit(app, world.clerk.token(clerkUserId, {}, { kid: 'ins_unknown' }))
  t.match(unknown, { status: 503, body: { code: 'unavailable' } }, 'nobody can say whether this one is good')
  t.equal((await visit(app, world.clerk.token(clerkUserId))).status, 200)
})

t.test('a service that starts while Clerk is away tells nobody to sign in again, and recovers by itself', async (t) => {
  const { app, user, world } = await testApp(t)
  const { clerkUserId } = user()
  await world.clerk.down()
  t.match(await visit(app, world.clerk.token(clerkUserId)), { status: 503, body: { code: 'unavailable' } })
  await world.clerk.up()
  later(t, 6000)
  t.equal((await visit(app, world.clerk.token(clerkUserId))).status, 200)
})
