import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { CalendarStandIn } from '../calendar-stand-in.ts'
import { peopleOf, randomText } from '../people.ts'
import { signIn } from '../sign-in.ts'
import { startStandIn } from '../stand-in.ts'
import { type Api, answerAsPublished } from './access.ts'
import { bookingListRoute } from './booking-list.ts'
import { bookingRoutes } from './bookings.ts'
import { credentials as newCredentials } from './credentials.ts'
import { deliveries, type Hooks } from './deliveries.ts'
import { answerErrors, calcomError } from './errors.ts'
import { eventTypeRoutes } from './event-types.ts'
import { meRoute } from './me.ts'
import { type Hosts, hosts as hostsOf } from './owner.ts'
import { calcomPublished } from './published.ts'
import { limitRate } from './rate.ts'
import { signInPage } from './sign-in-page.ts'
import type { Site } from './site.ts'
import { slotsRoute } from './slots.ts'
import { tokenRoute } from './token.ts'
import { webhookRoutes } from './webhooks.ts'

/** Cal.com: its appointments are bookings of event types, and what `addEvent` adds stands in a host's connected calendar. */
export interface CalcomStandIn extends CalendarStandIn, Hosts {
  moveEvent: Hosts['moveEvent']
  /** A new API key, which opens everything of its owner's. */
  keyFor(email: string): string
  revokeKeys(email: string): void
  /** Of every credential, from now on; `null`: as at Cal.com. */
  setRate(perMinute: number | null): void
  hooks: Hooks
}

interface Options {
  redirectUri: string
  /** 0 or none: any free one. */
  port?: number
  /** Decides about notice, windows and the past. */
  now?: () => Date
  /** May webhooks lead to this machine? Cal.com's never do, while our service under test is nowhere else. */
  allowPrivateHooks?: boolean
}

export async function startCalcom({
  redirectUri,
  port = 0,
  now = () => new Date(),
  allowPrivateHooks = true,
}: Options): Promise<CalcomStandIn> {
  const client = { clientId: randomBytes(32).toString('hex'), clientSecret: randomBytes(32).toString('hex'), redirectUri }
  const credentials = newCredentials()
  const published = calcomPublished()
  let lastId = 1000
  const nextId = () => {
    lastId += 1
    return lastId
  }
  const people = peopleOf({
    person: () => String(nextId()),
    calendar: (main, email) => (main ? email : `${randomBytes(16).toString('hex')}@group.calendar.example.com`),
    event: () => randomText('abcdefghijklmnopqrstuv0123456789', 26),
  })
  const { hooks, announce } = deliveries(now)
  let url = ''
  const site: Site = { now, url: () => url, people, accounts: [], bookings: new Map(), nextId, announce }
  let pageSize = Number.POSITIVE_INFINITY
  let setRate: CalcomStandIn['setRate'] = () => {}

  function build(app: FastifyInstance): void {
    const api: Api = { site, credentials, published }
    answerErrors(app)
    answerAsPublished(app, published)
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    )
    setRate = limitRate(app).set
    signInPage(app, client, people, credentials)
    tokenRoute(app, client, credentials)
    meRoute(app, api)
    eventTypeRoutes(app, api)
    slotsRoute(app, api)
    bookingListRoute(app, api, () => pageSize)
    bookingRoutes(app, api)
    webhookRoutes(app, api, allowPrivateHooks)
  }

  const standIn = await startStandIn({ vendor: 'calcom', port, errorBody: calcomError }, build)
  url = standIn.url

  return {
    ...standIn,
    ...hostsOf(site),
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    published,
    settings: {
      CALCOM_CLIENT_ID: client.clientId,
      CALCOM_CLIENT_SECRET: client.clientSecret,
      CALCOM_APP_URL: url,
      CALCOM_API_URL: url,
    },
    signIn: (address, email, choice) => {
      if (choice?.scopes) throw new Error("Cal.com's page has no boxes to untick: ask for less")
      return signIn(address, { ...choice, login: email })
    },
    expireAccessTokens: (email) => credentials.expireAccessTokens(people.get(email)),
    revokeGrants: (email) => credentials.revokeGrants(people.get(email)),
    tokenFor: async (email) => credentials.tokenFor(people.get(email)),
    keyFor: (email) => credentials.newKey(people.get(email)),
    revokeKeys: (email) => credentials.revokeKeys(people.get(email)),
    setPageSize: (entries) => {
      pageSize = entries
    },
    setRate,
    hooks,
  }
}
