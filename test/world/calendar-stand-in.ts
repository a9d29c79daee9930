import type { NewPerson, People, Person } from './people.ts'
import type { PublishedDescription } from './published.ts'
import type { SignIn } from './sign-in.ts'
import type { StandIn } from './stand-in.ts'

/** What a calendar vendor's stand-in offers a test or the sandbox: the same for every vendor. */
export interface CalendarStandIn extends StandIn {
  clientId: string
  clientSecret: string
  /** Our environment variables that lead to this stand-in. */
  settings: Record<string, string>
  /** The vendor's description of its API, against which every accepted request is held. */
  published: PublishedDescription
  addPerson(person: NewPerson): Person
  addEvent: People['addEvent']
  events: People['events']
  deleteEvent: People['deleteEvent']
  showEventAs: People['showEventAs']
  moveEvent: People['moveEvent']
  signIn(url: URL | string, email: string, choice?: Omit<SignIn, 'login'>): Promise<URL>
  /** The access tokens out there now answer 401; refresh tokens stay good. */
  expireAccessTokens(email: string): void
  /** As when the person removes our app in the account's settings. */
  revokeGrants(email: string): void
  /** A fresh access token with every scope, to look in from outside. */
  tokenFor(email: string): Promise<string>
  /** No page of a list holds more entries than this, whatever was asked for. */
  setPageSize(entries: number): void
}
