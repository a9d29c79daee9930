import { randomBytes, randomInt } from 'node:crypto'
import type { CalendarStandIn } from '../calendar-stand-in.ts'
import { authorizationServer } from '../oidc.ts'
import { peopleOf, randomText } from '../people.ts'
import { answerRefusals } from '../refusal.ts'
import { signIn } from '../sign-in.ts'
import { type StandIn, startStandIn } from '../stand-in.ts'
import { type Api, auth } from './access.ts'
import { calendarListRoute } from './calendar-list.ts'
import { googleError } from './errors.ts'
import { eventListRoute } from './event-list.ts'
import { eventRoutes } from './events.ts'
import { freeBusyRoute } from './free-busy.ts'
import { googlePublished } from './published.ts'
import { revokeRoute } from './revoke.ts'

const scopes = [
  'openid',
  'email',
  'profile',
  `${auth}userinfo.email`,
  `${auth}userinfo.profile`,
  ...['calendar', 'calendar.readonly', 'calendar.events', 'calendar.events.readonly', 'calendar.events.owned', 'calendar.freebusy'].map(
    (name) => auth + name,
  ),
  ...['calendar.events.freebusy', 'calendar.calendarlist', 'calendar.calendarlist.readonly', 'calendar.settings.readonly'].map(
    (name) => auth + name,
  ),
]
const identityScopes = ['openid', 'email', 'profile', `${auth}userinfo.email`, `${auth}userinfo.profile`]

/** @param options `port` 0 or none: any free one */
export async function startGoogle(options: { redirectUri: string; port?: number }): Promise<CalendarStandIn> {
  const clientId = `${randomInt(1e9, 1e10)}-${randomText('abcdefghijklmnopqrstuvwxyz0123456789', 16)}.apps.example.com`
  const clientSecret = randomBytes(18).toString('base64url')
  const people = peopleOf({
    person: () => randomText('0123456789', 20).padStart(21, '1'),
    calendar: (main, email) => (main ? email : `${randomBytes(16).toString('hex')}@group.calendar.google.com`),
    event: newEventId,
  })
  const published = googlePublished()
  let pageSize = Number.POSITIVE_INFINITY
  let url = ''

  const build = async (app: StandIn['app']) => {
    answerRefusals(app, (status, message) => googleError(status, undefined, message))
    const server = authorizationServer(app, {
      people,
      clientId,
      clientSecret,
      redirectUri: options.redirectUri,
      paths: { authorization: '/o/oauth2/v2/auth', token: '/token', keys: '/oauth2/v3/certs' },
      scopes,
      identityScopes,
      claims: {
        openid: ['sub'],
        email: ['email', 'email_verified'],
        profile: ['name'],
        [`${auth}userinfo.email`]: ['email', 'email_verified'],
        [`${auth}userinfo.profile`]: ['name'],
      },
      claimsOf: ({ email, name }) => ({ email, email_verified: true, name }),
      // Once only per person and client, unless the consent page is shown again.
      offline: (query, first) =>
        query.get('access_type') === 'offline' && (first || (query.get('prompt') ?? '').split(' ').includes('consent')),
      rotates: false,
      strictRotation: () => false,
      tokenAnswer: (body) => (typeof body.scope === 'string' ? { ...body, scope: fullNames(body.scope) } : body),
      namesIssuer: true,
    })
    const api: Api = { server, published, url: () => url }
    revokeRoute(app, server)
    freeBusyRoute(app, api)
    calendarListRoute(app, api, () => pageSize)
    eventListRoute(app, api, () => pageSize)
    eventRoutes(app, api, newEventId)
    return server
  }

  let server: Awaited<ReturnType<typeof build>> | undefined
  const standIn = await startStandIn({ vendor: 'google', port: options.port ?? 0, errorBody: googleErrorBody }, async (app) => {
    server = await build(app)
  })
  if (!server) throw new Error('the stand-in was not built')
  const authorization = server
  url = standIn.url
  await authorization.open(url)

  return {
    ...standIn,
    clientId,
    clientSecret,
    published,
    settings: {
      GOOGLE_CLIENT_ID: clientId,
      GOOGLE_CLIENT_SECRET: clientSecret,
      GOOGLE_AUTH_URL: `${url}/o/oauth2/v2/auth`,
      GOOGLE_TOKEN_URL: `${url}/token`,
      GOOGLE_REVOKE_URL: `${url}/revoke`,
      GOOGLE_API_URL: url,
    },
    addPerson: people.add,
    addEvent: people.addEvent,
    events: people.events,
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
  }
}

function newEventId(): string {
  return randomText('abcdefghijklmnopqrstuv0123456789', 26)
}

/** Two short names are answered by their full ones. */
function fullNames(scope: string): string {
  const names = scope.split(' ').map((name) => (name === 'email' || name === 'profile' ? `${auth}userinfo.${name}` : name))
  return [...new Set(names)].join(' ')
}

/** OAuth's endpoints complain in another shape than the calendar. */
function googleErrorBody(status: number, path: string): unknown {
  if (path.startsWith('/calendar/')) return googleError(status)
  return { error: status >= 500 || status === 429 ? 'internal_failure' : 'invalid_request', error_description: 'asked for by a test' }
}
