import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type StandIn, startStandIn } from '../stand-in.ts'
import { type Published, readPublished } from './published.ts'

export * from './calls.ts'
export * from './messages.ts'

const kinds = ['assistant', 'tool', 'phone-number', 'call'] as const
export type Kind = (typeof kinds)[number]

/** What stands at Vapi, with the fields that Vapi adds. */
export interface Thing extends Record<string, unknown> {
  id: string
  orgId: string
  createdAt: string
  updatedAt: string
}

export interface Vapi extends StandIn {
  readonly apiKey: string
  readonly settings: Record<'VAPI_API_KEY' | 'VAPI_API_URL', string>
  /** Bodies are held against Vapi's published description where it is `present`; elsewhere anything is accepted. */
  readonly published: Published
  readonly things: Record<Kind, Map<string, Thing>>
  /** Puts something there as if made in the dashboard, unchecked. */
  add(kind: Kind, body: Record<string, unknown>, ofOrg?: string): Thing
  /** Vapi promises no order of its lists: newest first until told otherwise. */
  listOldestFirst(): void
  /** From now on deleting it is refused, as something else refers to it. */
  pin(id: string): void
  /** Changes it as somebody in the dashboard does, unchecked. */
  alter(kind: Kind, id: string, fields: Record<string, unknown>): void
  /** From now on a change is answered as if it were made, and shows only once it is published. @returns publishes all of them */
  keepDrafts(): () => void
  /** Another organisation, with a key of its own and nothing in it. */
  addAccount(): { apiKey: string; orgId: string }
  /** From now on Vapi knows it no more. */
  revokeKey(apiKey: string): void
}

/** Vapi's REST API: one organisation, and those that a test adds. */
export async function startVapi(): Promise<Vapi> {
  const apiKey = randomUUID()
  const orgId = randomUUID()
  const published = readPublished('vapi.openapi.json', { strictNames: true })
  const things: Vapi['things'] = { assistant: new Map(), tool: new Map(), 'phone-number': new Map(), call: new Map() }
  const pinned = new Set<string>()
  const accounts = new Map<string, string>([[apiKey, orgId]])
  /** Of what was changed and not published. */
  const drafts = new Map<string, { kind: Kind; thing: Thing }>()
  let keepsDrafts = false
  let lastMade = 0
  let oldestFirst = false

  /** No two times are equal: lists are paged by them. */
  const now = () => {
    lastMade = Math.max(lastMade + 1, Date.now())
    return new Date(lastMade).toISOString()
  }
  const add = (kind: Kind, body: Record<string, unknown>, ofOrg: string = orgId): Thing => {
    const at = now()
    const thing: Thing = { id: randomUUID(), createdAt: at, updatedAt: at, ...assigned(kind, body), ...body, orgId: ofOrg }
    things[kind].set(thing.id, thing)
    return thing
  }

  const standIn = await startStandIn({ vendor: 'vapi', errorBody: (status) => problem(status, 'Fault') }, (app) => {
    app.addHook('onRequest', async (request, reply) => {
      const account = accounts.get(request.headers.authorization?.replace('Bearer ', '') ?? '')
      if (account === undefined) {
        return refuse(reply, 401, 'Invalid Key. Hot tip, you may be using the private key instead of the public key, or vice versa.')
      }
      request.ledger.account = account
    })
    app.setNotFoundHandler((request, reply) => refuse(reply, 404, `Cannot ${request.method} ${request.url}`))
    app.setErrorHandler((error, _request, reply) => refuse(reply, 400, error instanceof Error ? error.message : 'Bad Request'))
    for (const kind of kinds) routes(app, kind)
  })

  function routes(app: FastifyInstance, kind: Kind): void {
    const all = things[kind]
    /** What the key of this request opens. */
    const ofAccount = ({ ledger }: FastifyRequest) => [...all.values()].filter((thing) => thing.orgId === ledger.account)
    const find = (request: FastifyRequest, id: string) => ofAccount(request).find((thing) => thing.id === id)
    const wrong = (path: string, method: string, body: Record<string, unknown>) => [
      ...readOnly.filter((name) => name in body).map((name) => `property ${name} should not exist`),
      ...(typeof body.name === 'string' && body.name.length > 40 ? ['name must be shorter than or equal to 40 characters'] : []),
      ...published.wrong(
        `/paths/${path.replaceAll('/', '~1')}/${method}/requestBody/content/application~1json/schema`,
        detaching(kind, body),
      ),
    ]

    app.get<{ Querystring: Record<string, string> }>(`/${kind}`, async (request, reply) => {
      const unknown = Object.keys(request.query).find((name) => !(name in filtersOf(kind)) && name !== 'limit')
      if (unknown) return refuse(reply, 400, [`property ${unknown} should not exist`])
      const vague = Object.entries(request.query).find(([name, value]) => name in byTime && Number.isNaN(Date.parse(value)))
      if (vague) return refuse(reply, 400, [`${vague[0]} must be a valid ISO 8601 date string`])
      const limit = Number(request.query.limit ?? 100)
      if (!(limit >= 0 && limit <= 1000)) return refuse(reply, 400, ['limit must not be greater than 1000'])
      return ofAccount(request)
        .filter((thing) => Object.entries(request.query).every(([name, value]) => filtersOf(kind)[name]?.(thing, value) ?? true))
        .sort((a, b) => b.createdAt.localeCompare(a.createdAt) * (oldestFirst ? -1 : 1))
        .slice(0, limit)
        .map(shown)
    })
    app.get<{ Params: { id: string } }>(`/${kind}/:id`, async (request, reply) => {
      const thing = find(request, request.params.id)
      return thing ? shown(thing) : missing(reply, kind)
    })
    // Placing calls is not ours to imitate: a call exists when a test adds it. Deleting one is asked for with a body.
    if (kind === 'call') {
      app.delete<{ Params: { id: string }; Body: Record<string, unknown> }>('/call/:id', async (request, reply) => {
        const faults = wrong('/call/{id}', 'delete', request.body)
        if (faults.length > 0) return refuse(reply, 400, faults.slice(0, 20))
        const call = find(request, request.params.id)
        if (call) all.delete(call.id)
        return call ? shown(call) : missing(reply, kind)
      })
      return
    }

    app.post<{ Body: Record<string, unknown> }>(`/${kind}`, async (request, reply) => {
      const faults = wrong(`/${kind}`, 'post', request.body)
      return faults.length > 0
        ? refuse(reply, 400, faults.slice(0, 20))
        : reply.code(201).send(shown(add(kind, request.body, request.ledger.account ?? orgId)))
    })
    app.patch<{ Params: { id: string }; Body: Record<string, unknown> }>(`/${kind}/:id`, async (request, reply) => {
      const before = find(request, request.params.id)
      if (!before) return missing(reply, kind)
      // The provider says which kind of number the body is about.
      if (kind === 'phone-number' && request.body.provider !== before.provider) return refuse(reply, 400, ['provider must be its own'])
      const faults = wrong(`/${kind}/{id}`, 'patch', request.body)
      if (faults.length > 0) return refuse(reply, 400, faults.slice(0, 20))
      // A field that is sent replaces the whole field: `model` without `messages` deletes the prompt.
      const after: Thing = { ...before, ...request.body, updatedAt: now() }
      if (keepsDrafts) drafts.set(after.id, { kind, thing: after })
      else all.set(after.id, after)
      return shown(after)
    })
    app.delete<{ Params: { id: string } }>(`/${kind}/:id`, async (request, reply) => {
      const thing = find(request, request.params.id)
      if (!thing) return missing(reply, kind)
      if (pinned.has(thing.id)) return reply.code(409).send({ error: `${kind}_pinned`, message: `This ${kind} is in use.` })
      all.delete(thing.id)
      return shown(thing)
    })
  }

  return {
    ...standIn,
    apiKey,
    settings: { VAPI_API_KEY: apiKey, VAPI_API_URL: standIn.url },
    published,
    things,
    add,
    listOldestFirst: () => {
      oldestFirst = true
    },
    pin: (id) => pinned.add(id),
    alter: (kind, id, fields) => {
      const thing = things[kind].get(id)
      if (!thing) throw new Error(`there is no ${kind} ${id}`)
      things[kind].set(id, { ...thing, ...fields, updatedAt: now() })
    },
    keepDrafts: () => {
      keepsDrafts = true
      return () => {
        for (const [id, { kind, thing }] of drafts) things[kind].set(id, thing)
        drafts.clear()
        keepsDrafts = false
      }
    },
    addAccount: () => {
      const account = { apiKey: randomUUID(), orgId: randomUUID() }
      accounts.set(account.apiKey, account.orgId)
      return account
    },
    revokeKey: (apiKey) => {
      accounts.delete(apiKey)
    },
  }
}

/** What Vapi adds to what it shows, and refuses to be sent. */
const readOnly = ['id', 'orgId', 'createdAt', 'updatedAt', 'isServerUrlSecretSet', 'latestVersion']

/**
 * That nobody answers a number any more is said with null, which the description does not know:
 * https://github.com/VapiAI/server-sdk-typescript/issues/8
 */
function detaching(kind: Kind, body: Record<string, unknown>): Record<string, unknown> {
  if (kind !== 'phone-number' || body.assistantId !== null) return body
  const { assistantId, ...rest } = body
  return rest
}

const secretNames = ['token', 'apiKey', 'secretKey', 'secret', 'serverUrlSecret', 'twilioAuthToken', 'twilioApiSecret']

/** Without what is secret, at any depth, which Vapi takes and never gives back. */
function shown<T>(thing: T): T {
  return JSON.parse(JSON.stringify(thing, (name, value) => (secretNames.includes(name) ? undefined : value)))
}

/** Vapi gives its own phone numbers out, in the area that was asked for. */
function assigned(kind: Kind, body: Record<string, unknown>): Record<string, unknown> {
  if (kind !== 'phone-number') return {}
  const area = typeof body.numberDesiredAreaCode === 'string' ? body.numberDesiredAreaCode : '312'
  return { status: 'active', number: `+1${area}55501${String(Math.floor(Math.random() * 100)).padStart(2, '0')}` }
}

type Filter = (thing: Thing, value: string) => boolean
const byTime: Record<string, Filter> = {
  createdAtGt: (thing, value) => thing.createdAt > value,
  createdAtLt: (thing, value) => thing.createdAt < value,
  createdAtGe: (thing, value) => thing.createdAt >= value,
  createdAtLe: (thing, value) => thing.createdAt <= value,
  updatedAtGt: (thing, value) => thing.updatedAt > value,
  updatedAtLt: (thing, value) => thing.updatedAt < value,
  updatedAtGe: (thing, value) => thing.updatedAt >= value,
  updatedAtLe: (thing, value) => thing.updatedAt <= value,
}
const ofCalls: Record<string, Filter> = {
  id: (thing, value) => thing.id === value,
  assistantId: (thing, value) => thing.assistantId === value,
  phoneNumberId: (thing, value) => thing.phoneNumberId === value,
}

function filtersOf(kind: Kind): Record<string, Filter> {
  return kind === 'call' ? { ...byTime, ...ofCalls } : byTime
}

const names: Record<number, string> = { 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found', 429: 'Too Many Requests' }

function problem(statusCode: number, message: string | string[]) {
  return { message, error: names[statusCode] ?? 'Error', statusCode }
}

function refuse(reply: FastifyReply, status: number, message: string | string[]) {
  return reply.code(status).send(problem(status, message))
}

function missing(reply: FastifyReply, kind: Kind) {
  return refuse(reply, 404, `Couldn't Find ${kind}. No Such ${kind} Exists.`)
}
