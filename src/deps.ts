import type { Logger } from 'pino'
import type { VapiClient } from './assistants/client.ts'
import type { RecentReadings } from './calendar/recent-readings.ts'
import type { Cipher } from './cipher.ts'
import type { Config } from './config.ts'
import type { Db } from './db/client.ts'
import type { Clock } from './db/clock.ts'
import type { Jobs } from './jobs/queue.ts'
import type { Metrics } from './metrics.ts'
import type { Places } from './places.ts'
import type { CalendarProvider } from './providers/provider.ts'
import type { Identity } from './users/token.ts'

/** What the code needs from outside, handed on as an argument. */
export interface Deps {
  config: Config
  db: Db
  providers: ReadonlyMap<string, CalendarProvider>
  /** Vapi's REST API; `undefined`: this installation has no key for it. */
  vapi: VapiClient | undefined
  /** The same with a tenant's own key. Whose requests go with which key says `vapiOf` alone. */
  vapiWith(apiKey: string): VapiClient
  /** What this process has read of calendars a moment ago. */
  recentReadings: RecentReadings
  cipher: Cipher
  /** Whom a token of Clerk's proves. @throws AppError `not_signed_in` */
  identify(token: string): Promise<Identity>
  clock: Clock
  /** Background work is handed over here. */
  jobs: Jobs
  /** For messages about calls: callers who wait for words have the rest of our connections. */
  recording: Places
  metrics: Metrics
  log: Logger
}

/** Where a request's work is logged: with the request's id. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'>
