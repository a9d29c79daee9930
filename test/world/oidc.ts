import './quiet-runtime-check.ts'
import { generateKeyPair, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Provider } from 'oidc-provider'
import { consentPage, readConsent } from './consent.ts'
import { oidcStore } from './oidc-store.ts'
import type { People, Person } from './people.ts'
import type { LedgerEntry } from './stand-in.ts'

export interface AuthorizationServerOptions {
  people: People
  clientId: string
  clientSecret: string
  redirectUri: string
  paths: { authorization: string; token: string; keys: string }
  /** All that may be asked for; a request for another one is refused. */
  scopes: string[]
  /** Scopes that come with every sign-in: nobody can untick them. */
  identityScopes: string[]
  /** Scope → the claims it puts into the id_token. */
  claims: Record<string, string[]>
  claimsOf(person: Person): Record<string, string | boolean>
  /** Does this authorization request earn a refresh token? `first`: the person never allowed anything before. */
  offline(query: URLSearchParams, first: boolean): boolean
  rotates: boolean
  /** Does a rotated refresh token die when it is used? */
  strictRotation(): boolean
  /** The vendor's own touch on answers of the token endpoint. `detail`: why a refusal came, in the library's words. */
  tokenAnswer?(body: Record<string, unknown>, person: Person | undefined, detail: string | undefined): Record<string, unknown>
  /** The `sub` of an account where it is not its id: each client sees another one. */
  pairwise?(accountId: string): string
  /** Does the callback name the issuer (RFC 9207)? */
  namesIssuer: boolean
}

export interface Caller {
  person: Person
  scopes: Set<string>
}

export interface AuthorizationServer {
  /** Starts to answer, as `issuer`. */
  open(issuer: string): Promise<void>
  /** Who sends this bearer, or `undefined` when the token is unknown, expired or revoked. */
  caller(request: FastifyRequest): Promise<Caller | undefined>
  /** An access token as if the person had allowed everything. */
  tokenFor(person: Person): Promise<string>
  expireAccessTokens(person: Person): void
  revokeGrants(person: Person): void
  /** The person whose refresh or access token this is. */
  ownerOf(token: string): Promise<Person | undefined>
}

const makeKeyPair = promisify(generateKeyPair)
let signingKey: ReturnType<typeof newSigningKey> | undefined

async function newSigningKey() {
  const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'stand-in' }
}

/** `oidc-provider` in a vendor's clothes. Adds its routes to `app`; answers once `open` was called. */
export function authorizationServer(app: FastifyInstance, options: AuthorizationServerOptions): AuthorizationServer {
  const { people, paths } = options
  const store = oidcStore((model) => model !== 'RefreshToken' || options.strictRotation())
  const entries = new WeakMap<IncomingMessage, LedgerEntry>()
  const offlineGrants = new Set<string>()
  const allowedBefore = new Set<string>()
  let opened: Provider | undefined

  function provider(): Provider {
    if (!opened) throw new Error('the authorization server is not open yet')
    return opened
  }

  async function handOver(request: FastifyRequest, reply: FastifyReply) {
    entries.set(request.raw, request.ledger)
    reply.hijack()
    await provider().callback()(request.raw, reply.raw)
  }

  // The library reads forms itself: a parsed body would come too late.
  app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _payload, done) => done(null))

  app.get(paths.authorization, async (request, reply) => {
    const query = new URLSearchParams(request.raw.url?.split('?')[1] ?? '')
    const unknown = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '' && !options.scopes.includes(scope))
    // Every request asks: no session of an earlier one decides, and the page below does both login and consent.
    request.raw.headers.cookie = undefined
    const asked = new URLSearchParams(query)
    if (query.get('prompt') !== 'none') asked.set('prompt', 'consent')
    if (unknown.length > 0) asked.set('scope', `unknown\u0007${unknown.join(' ')}`)
    asked.set('asked', query.toString())
    request.raw.url = `${paths.authorization}?${asked}`
    await handOver(request, reply)
  })
  app.get(`${paths.authorization}/:uid`, handOver)
  app.post(paths.token, handOver)
  app.get(paths.keys, handOver)

  app.get('/interaction/:uid', async (request, reply) => {
    const { params } = await provider().interactionDetails(request.raw, reply.raw)
    return reply.type('text/html').send(consentPage(people.list(), options, String(params.scope ?? '').split(' ')))
  })

  app.post('/interaction/:uid', async (request, reply) => {
    const { params } = await provider().interactionDetails(request.raw, reply.raw)
    const form = await readConsent(request.raw)
    const person = people.find(form.login)
    reply.hijack()
    if (!person || form.deny) {
      const refusal = { error: 'access_denied', error_description: person ? 'the person said no' : 'no such account' }
      return provider().interactionFinished(request.raw, reply.raw, refusal)
    }
    request.ledger.account = person.email
    const requested = String(params.scope ?? '').split(' ')
    const granted = requested.filter((scope) => options.identityScopes.includes(scope) || (form.scopes ?? requested).includes(scope))
    const grantId = await grant(person, granted, requested)
    if (options.offline(new URLSearchParams(String(params.asked)), !allowedBefore.has(person.id))) offlineGrants.add(grantId)
    allowedBefore.add(person.id)
    await provider().interactionFinished(request.raw, reply.raw, { login: { accountId: person.id }, consent: { grantId } })
  })

  async function grant(person: Person, granted: string[], requested: string[]): Promise<string> {
    const made = new (provider().Grant)({ clientId: options.clientId, accountId: person.id })
    made.addOIDCScope(granted.join(' '))
    const refused = requested.filter((scope) => !granted.includes(scope))
    if (refused.length > 0) made.rejectOIDCScope(refused.join(' '))
    return made.save()
  }

  return {
    async open(issuer) {
      signingKey ??= newSigningKey()
      opened = new Provider(issuer, {
        adapter: store.adapter,
        jwks: { keys: [await signingKey] },
        cookies: { keys: [randomBytes(16).toString('hex')] },
        clients: [
          {
            client_id: options.clientId,
            client_secret: options.clientSecret,
            redirect_uris: [options.redirectUri],
            grant_types: ['authorization_code', 'refresh_token'],
            token_endpoint_auth_method: 'client_secret_post',
            subject_type: options.pairwise ? 'pairwise' : 'public',
          },
        ],
        routes: { authorization: paths.authorization, token: paths.token, jwks: paths.keys },
        subjectTypes: ['public', 'pairwise'],
        pairwiseIdentifier: (_ctx, accountId) => options.pairwise?.(accountId) ?? accountId,
        scopes: options.scopes,
        claims: options.claims,
        conformIdTokenClaims: false,
        features: { devInteractions: { enabled: false } },
        extraParams: ['asked'],
        interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
        pkce: { required: () => true },
        rotateRefreshToken: options.rotates,
        issueRefreshToken: (_ctx, _client, source) => source.grantId !== undefined && offlineGrants.has(source.grantId),
        ttl: {
          AccessToken: 3600,
          AuthorizationCode: 600,
          Grant: 90 * 86_400,
          IdToken: 3600,
          Interaction: 3600,
          RefreshToken: 90 * 86_400,
          Session: 3600,
        },
        findAccount: (_ctx, id) => {
          const person = people.byId(id)
          return person && { accountId: id, claims: async () => ({ sub: id, ...options.claimsOf(person) }) }
        },
        renderError: (ctx, out) => {
          ctx.type = 'text/plain'
          ctx.body = `${out.error}: ${out.error_description ?? ''}`
        },
      })
      const details = new WeakMap<object, string>()
      opened.on('grant.error', (ctx, error) => {
        const cause = error.cause instanceof Error ? error.cause.message : undefined
        details.set(
          ctx.req,
          ('error_detail' in error && error.error_detail ? String(error.error_detail) : undefined) ?? cause ?? error.message,
        )
      })
      opened.on('server_error', (_ctx, error) => console.error(error))
      opened.use(async (ctx, next) => {
        await next()
        if (!options.namesIssuer) withoutIssuer(ctx)
        if (ctx.path !== paths.token) return
        const accountId = ctx.oidc?.entities.Account?.accountId
        const person = accountId === undefined ? undefined : people.byId(accountId)
        const entry = entries.get(ctx.req)
        if (entry) Object.assign(entry, { body: ctx.oidc?.body, account: person?.email ?? null })
        if (options.tokenAnswer && isRecord(ctx.body)) ctx.body = options.tokenAnswer(ctx.body, person, details.get(ctx.req))
      })
    },
    async caller(request) {
      const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
      const token = bearer === undefined ? undefined : await provider().AccessToken.find(bearer)
      const person = token?.isValid ? people.byId(token.accountId) : undefined
      if (!token || !person) return undefined
      request.ledger.account = person.email
      return { person, scopes: new Set(token.scope?.split(' ')) }
    },
    async tokenFor(person) {
      const client = await provider().Client.find(options.clientId)
      if (!client) throw new Error('the client is gone')
      const grantId = await grant(person, options.scopes, options.scopes)
      const scope = options.scopes.join(' ')
      return new (provider().AccessToken)({ accountId: person.id, client, grantId, gty: 'authorization_code', scope }).save()
    },
    expireAccessTokens: (person) => store.forget(person.id, ['AccessToken']),
    revokeGrants(person) {
      store.forget(person.id, ['AccessToken', 'RefreshToken', 'AuthorizationCode', 'Grant'])
      allowedBefore.delete(person.id)
    },
    async ownerOf(token) {
      const found = (await provider().RefreshToken.find(token)) ?? (await provider().AccessToken.find(token))
      return found?.accountId === undefined ? undefined : people.byId(found.accountId)
    },
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The library names itself in every callback; some vendors do not. */
function withoutIssuer(ctx: { response: { get(name: string): string | string[] }; set(name: string, value: string): void }): void {
  const location = String(ctx.response.get('location') ?? '')
  if (!location.includes('iss=')) return
  const url = new URL(location)
  url.searchParams.delete('iss')
  ctx.set('location', url.href)
}
