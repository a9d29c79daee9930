import type { FastifyBaseLogger } from 'fastify'
import type { Config } from './config.ts'
import type { Db } from './db/client.ts'
import type { Metrics } from './metrics.ts'
import type { Cipher } from './oauth/cipher.ts'
import type { CalendarProvider } from './providers/provider.ts'

/** The time by which every rule goes: the database's in service, standing still in tests. */
export interface Clock {
  now(): Date
}

/** What the code needs from outside, handed on as an argument. */
export interface Deps {
  config: Config
  db: Db
  providers: ReadonlyMap<string, CalendarProvider>
  cipher: Cipher
  clock: Clock
  metrics: Metrics
  log: FastifyBaseLogger
}
