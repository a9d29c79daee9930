import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { CalendarStandIn } from '../calendar-stand-in.ts'
import { authorizationServer } from '../oidc.ts'
import { peopleOf } from '../people.ts'
import { answerRefusals } from '../refusal.ts'
import { signIn } from '../sign-in.ts'
import { type StandIn, startStandIn } from '../stand-in.ts'
import { certificate, trust } from '../tls.ts'
import { type Api, graph } from './access.ts'
import { discoveryRoute, paths } from './discovery.ts'
import { entraError, graphError } from './errors.ts'
import { eventListRoutes } from './event-list.ts'
import { newImmutableId } from './event-resource.ts'
import { eventRoutes } from './events.ts'
import { mailboxRoutes } from './mailbox.ts'
import { microsoftPublished } from './published.ts'

export interface MicrosoftStandIn extends CalendarStandIn {
  /** PEM of the authority behind its certificate. This process trusts it already; another one takes it by `NODE_EXTRA_CA_CERTS`. */
  ca: string
  /** `true`: a refresh token dies when it is used. Entra lets the old one live. */
  setStrictRotation(strict: boolean): void
  /** What a repeated transactionId is answered with: a refusal of that status, or the first event with 201. Default 409. */
  setOnRepeat(answer: 409 | 400 | 'first'): void
}

const identityScopes = ['openid', 'email', 'profile', 'offline_access']
const graphScopes = [
  'User.Read',
  'Calendars.ReadBasic',
  'Calendars.Read',
  'Calendars.ReadWrite',
  'MailboxSettings.Read',
  'MailboxSettings.ReadWrite',
]
const scopes = [...identityScopes, ...graphScopes, ...graphScopes.map((scope) => graph + scope)]

/** @param options `port` 0 or none: any free one */
export async function startMicrosoft(options: { redirectUri: string; port?: number }): Promise<MicrosoftStandIn> {
  const clientId = randomUUID()
  const clientSecret = randomBytes(24).toString('base64url')
  const tenantId = randomUUID()
  const people = peopleOf({
    person: () => randomUUID(),
    calendar: () => `AAMkAC${randomBytes(30).toString('base64url')}`,
    event: newEventId,
  })
  const published = microsoftPublished()
  const { key, cert, ca } = await certificate()
  trust(ca)
  let pageSize = Number.POSITIVE_INFINITY
  let strictRotation = false
  let onRepeat: 409 | 400 | 'first' = 409
  let url = ''

  const build = (app: StandIn['app']) => {
    answerRefusals(app, (status, message) => graphError(status, undefined, message))
    const server = authorizationServer(app, {
      people,
      clientId,
      clientSecret,
      redirectUri: options.redirectUri,
      paths,
      scopes,
      identityScopes,
      claims: { openid: ['sub', 'tid', 'ver'], email: ['email'], profile: ['name', 'preferred_username', 'oid'] },
      claimsOf: ({ id, email, name }) => ({ oid: id, tid: tenantId, ver: '2.0', preferred_username: email, name, email }),
      offline: (query) => (query.get('scope') ?? '').split(' ').includes('offline_access'),
      rotates: true,
      strictRotation: () => strictRotation,
      pairwise: (accountId) => createHash('sha256').update(`${clientId} ${accountId}`).digest('base64url'),
      tokenAnswer(body, person, detail) {
        if (typeof body.error === 'string') return entraError(body.error, detail)
        const clientInfo = Buffer.from(JSON.stringify({ uid: person?.id, utid: tenantId })).toString('base64url')
        return { ...body, scope: shortNames(String(body.scope)), client_info: clientInfo, ext_expires_in: body.expires_in }
      },
      namesIssuer: false,
    })
    const api: Api = { server, published, url: () => url, pageSize: () => pageSize, onRepeat: () => onRepeat }
    discoveryRoute(app, () => url)
    mailboxRoutes(app, api)
    eventListRoutes(app, api)
    eventRoutes(app, api, newEventId)
    return server
  }

  let server: ReturnType<typeof build> | undefined
  const setup = { vendor: 'microsoft', tls: { key, cert }, port: options.port ?? 0, errorBody: microsoftErrorBody }
  const standIn = await startStandIn(setup, (app) => {
    server = build(app)
  })
  if (!server) throw new Error('the stand-in was not built')
  const authorization = server
  url = standIn.url
  await authorization.open(`${url}/common/v2.0`)

  return {
    ...standIn,
    ca,
    clientId,
    clientSecret,
    published,
    settings: {
      MICROSOFT_CLIENT_ID: clientId,
      MICROSOFT_CLIENT_SECRET: clientSecret,
      MICROSOFT_TENANT_ID: 'common',
      MICROSOFT_AUTHORITY_URL: url,
      GRAPH_API_URL: url,
    },
    addPerson: people.add,
    addEvent: people.addEvent,
    events: (email, calendarId) =>
      people.events(email, calendarId).map((event) => ({ ...event, properties: withShortNames(event.properties) })),
    deleteEvent: people.deleteEvent,
    showEventAs: people.showEventAs,
    moveEvent: people.moveEvent,
    signIn: (address, email, choice) => signIn(address, { ...choice, login: email }),
    expireAccessTokens: (email) => authorization.expireAccessTokens(people.get(email)),
    revokeGrants: (email) => authorization.revokeGrants(people.get(email)),
    tokenFor: (email) => authorization.tokenFor(people.get(email)),
    setPageSize: (entries) => {
      pageSize = entries
    },
    setStrictRotation: (strict) => {
      strictRotation = strict
    },
    setOnRepeat: (answer) => {
      onRepeat = answer
    },
  }
}

function newEventId(): string {
  return newImmutableId(randomBytes(30).toString('base64url'))
}

/** Entra answers Graph's scopes by their short names and does not mention offline_access. */
function shortNames(scope: string): string {
  const names = scope.split(' ').filter((name) => name !== 'offline_access')
  return [...new Set(names.map((name) => name.replace(graph, '')))].join(' ')
}

/** `String {guid} Name bookingId` is called `bookingId`, as at other vendors. */
function withShortNames(properties: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([id, value]) => [id.replace(/^.* Name /, ''), value]))
}

/** Entra complains in another shape than Graph. */
function microsoftErrorBody(status: number, path: string): unknown {
  if (path.startsWith('/v1.0/')) return graphError(status)
  return entraError(status >= 500 || status === 429 ? 'temporarily_unavailable' : 'invalid_request', 'asked for by a test')
}
