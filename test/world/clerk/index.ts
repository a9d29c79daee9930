import { type KeyObject, randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type StandIn, startStandIn } from '../stand-in.ts'
import { firstSigningKey, newSigningKey, publicJwk, signDelivery, signJwt } from './keys.ts'
import { type ClerkUser, clerkUser, type NewClerkUser } from './users.ts'

export interface Clerk extends StandIn {
  /** `iss` of every token; its public keys stand below `/.well-known/jwks.json`. */
  readonly issuer: string
  readonly secretKey: string
  /** Public half of the current key, SPKI. */
  readonly jwtKeyPem: string
  /** `whsec_…`, for `CLERK_WEBHOOK_SECRET`. */
  readonly webhookSecret: string
  /** Without `CLERK_JWT_KEY`: keys come over the network, so that a rotation is followed. For the other way add `jwtKeyPem`. */
  readonly settings: Record<'CLERK_SECRET_KEY' | 'CLERK_ISSUER' | 'CLERK_API_URL' | 'CLERK_WEBHOOK_SECRET', string>
  readonly users: Map<string, ClerkUser>
  addUser(user?: NewClerkUser): ClerkUser
  /** Default session token: no audience, no e-mail, valid for a minute. An override of `undefined` leaves a claim out. */
  token(userId: string, claims?: Record<string, unknown>, header?: Record<string, unknown>): string
  /** Token of the frontend's template: audience, `user_id`, e-mail and names of the user. */
  templateToken(userId: string, claims?: Record<string, unknown>, header?: Record<string, unknown>): string
  /** Any header and claims, signed with the current key unless another is given; a text signs with HS256, `null` not at all. */
  sign(header: object, claims: object, key?: KeyObject | string | null): string
  /** A webhook delivery, to be posted as it is. */
  signedEvent(
    event: { type: string; data: unknown },
    options?: { id?: string; at?: Date; secret?: string },
  ): { headers: Record<string, string>; body: string }
  /** From now on tokens are signed with a new key, and the old one is gone from the JWKS. */
  rotateKey(): void
}

export interface ClerkOptions {
  /** Audience of template tokens: the backend's public address. */
  audience?: string
  /** Origin of the frontend, `azp` of every token. */
  frontendOrigin?: string
}

/** Who was at the browser when it happened. */
const ATTRIBUTES = { http_request: { client_ip: '203.0.113.7', user_agent: 'Mozilla/5.0' } }

export async function startClerk(options: ClerkOptions = {}): Promise<Clerk> {
  // Put together here, so that no scanner takes a line of this repository for a real key.
  const secretKey = ['sk', 'test', randomBytes(24).toString('hex')].join('_')
  const webhookSecret = `whsec_${randomBytes(24).toString('base64')}`
  const users = new Map<string, ClerkUser>()
  let key = firstSigningKey()

  const standIn = await startStandIn({ vendor: 'clerk', errorBody: (status) => errors(`status_${status}`, 'Fault') }, (app) => {
    strictAnswers(app)
    app.get('/.well-known/jwks.json', async () => ({ keys: [publicJwk(key)] }))
    app.register(
      async (api) => {
        api.addHook('onRequest', async (request, reply) => {
          if (request.headers.authorization !== `Bearer ${secretKey}`) {
            return refuse(reply, 401, 'authentication_invalid', 'Invalid authentication')
          }
          request.ledger.account = 'backend'
        })
        api.get('/jwks', async () => ({ keys: [publicJwk(key)] }))
        userRoutes(api, users)
      },
      { prefix: '/v1' },
    )
  })

  const issuer = standIn.url
  const claimsOf = (userId: string) => {
    const now = Math.floor(Date.now() / 1000)
    const frontend = options.frontendOrigin ?? 'http://localhost:3000'
    return { azp: frontend, iss: issuer, sub: userId, iat: now, nbf: now - 10, exp: now + 60, jti: randomBytes(10).toString('hex') }
  }
  const sign = (header: object, claims: object, other?: KeyObject | string | null) =>
    signJwt(header, claims, other === undefined ? key.privateKey : other)
  const headerOf = (header: object) => ({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header })

  return {
    ...standIn,
    issuer,
    secretKey,
    webhookSecret,
    users,
    get jwtKeyPem() {
      return key.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    },
    settings: { CLERK_SECRET_KEY: secretKey, CLERK_ISSUER: issuer, CLERK_API_URL: standIn.url, CLERK_WEBHOOK_SECRET: webhookSecret },
    addUser(user = {}) {
      const added = clerkUser(user)
      users.set(added.id, added)
      return added
    },
    token(userId, claims = {}, header = {}) {
      return sign(headerOf(header), { ...claimsOf(userId), sid: `sess_${randomBytes(10).toString('hex')}`, v: 2, fva: [0, -1], ...claims })
    },
    templateToken(userId, claims = {}, header = {}) {
      const user = users.get(userId)
      const [first, last] = [user?.first_name ?? '', user?.last_name ?? '']
      const template = {
        aud: options.audience ?? 'https://peterental-vapi-github-newer.onrender.com',
        user_id: userId,
        email: user?.email_addresses[0]?.email_address ?? '',
        first_name: first,
        last_name: last,
        name: `${first} ${last}`,
        version: 1,
      }
      return sign(headerOf(header), { ...claimsOf(userId), ...template, ...claims })
    },
    sign,
    signedEvent(event, { secret = webhookSecret, ...delivery } = {}) {
      return signDelivery(
        secret,
        { object: 'event', instance_id: 'ins_stand_in', timestamp: Date.now(), event_attributes: ATTRIBUTES, ...event },
        delivery,
      )
    },
    rotateKey() {
      key = newSigningKey()
    },
  }
}

/** `@clerk/backend` reads an answer as JSON only when its type is exactly this, without a charset. */
function strictAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.header('content-type', 'application/json')
    return payload
  })
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'resource_not_found', 'not found'))
  app.setErrorHandler((_error, _request, reply) => refuse(reply, 400, 'form_param_invalid', 'is invalid'))
}

function userRoutes(api: FastifyInstance, users: Map<string, ClerkUser>): void {
  api.get<{ Params: { id: string } }>('/users/:id', async (request, reply) => {
    return users.get(request.params.id) ?? refuse(reply, 404, 'resource_not_found', 'not found')
  })

  interface Search {
    email_address?: string | string[]
    user_id?: string | string[]
    limit?: string
    offset?: string
  }
  const known = ['email_address', 'user_id', 'limit', 'offset', 'order_by', 'paginated']
  const found = ({ email_address: emails, user_id: ids }: Search) =>
    [...users.values()].filter(
      (user) =>
        (ids === undefined || [ids].flat().includes(user.id)) &&
        (emails === undefined || user.email_addresses.some((one) => [emails].flat().includes(one.email_address))),
    )
  const checkNames = (query: object) => Object.keys(query).find((name) => !known.includes(name))

  api.get<{ Querystring: Search }>('/users', async (request, reply) => {
    const unknown = checkNames(request.query)
    if (unknown) return refuse(reply, 422, 'form_param_unknown', `${unknown} is not a valid parameter for this request.`)
    const offset = Number(request.query.offset ?? 0)
    const limit = Number(request.query.limit ?? 10)
    if (!(limit >= 1 && limit <= 500 && offset >= 0)) return refuse(reply, 422, 'form_param_value_invalid', 'limit or offset is invalid')
    return found(request.query)
      .sort((a, b) => b.created_at - a.created_at)
      .slice(offset, offset + limit)
  })
  api.get<{ Querystring: Search }>('/users/count', async (request) => ({
    object: 'total_count',
    total_count: found(request.query).length,
  }))
}

function errors(code: string, message: string) {
  return { errors: [{ code, message, long_message: message }], clerk_trace_id: randomBytes(8).toString('hex') }
}

function refuse(reply: FastifyReply, status: number, code: string, message: string) {
  return reply.code(status).send(errors(code, message))
}
