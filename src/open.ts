import { type Logger, pino } from 'pino'
import { resealForVapi } from './assistants/reseal.ts'
import { type Config, readConfig } from './config.ts'
import { createDeps } from './create-deps.ts'
import { type Database, openDatabase } from './db/client.ts'
import { databaseClock } from './db/clock.ts'
import { unfitRole } from './db/roles.ts'
import { whyNoDatabase } from './db/start-failure.ts'
import type { Deps } from './deps.ts'
import { loggerOptions } from './http/logging.ts'
import { resealWebhookSecrets } from './notices/reseal.ts'
import { resealChannels } from './oauth/channel-secret.ts'
import { resealTokens } from './oauth/reseal.ts'
import { StartError } from './start-error.ts'

/** What a running process has open. */
export interface Opened {
  deps: Deps
  close(): Promise<void>
}

/** Settings, log, database, clock and queues: all that must be well before a process begins its work. @throws StartError */
export async function openAll(env: Record<string, string | undefined>): Promise<Opened> {
  const config = readConfig(env)
  const log = pino(loggerOptions(config.logLevel))
  const database = openDatabase(config.databaseAppUrl, { onError: (error) => log.warn({ err: error }, 'a database connection was lost') })
  return prepare(config, database, log).catch((error: unknown) => {
    const why = whyNoDatabase(error, config.databaseAppUrl)
    throw why === undefined ? error : new StartError(why, { cause: error })
  })
}

async function prepare(config: Config, database: Database, log: Logger): Promise<Opened> {
  const unfit = await unfitRole(database.db)
  if (unfit !== undefined) throw new StartError(unfit)
  const clock = await databaseClock(database.db)
  const deps = createDeps(config, { db: database.db, clock, log })
  await deps.jobs.prepare()
  // All of these fail when rows need a key that is not there.
  await resealTokens(deps)
  await resealWebhookSecrets(deps)
  await resealChannels(deps)
  await resealForVapi(deps)
  return {
    deps,
    close: async () => {
      clock.stop()
      await database.end()
    },
  }
}

/** Ends the process with one plain sentence, where that says it all. */
export function failToStart(error: unknown): never {
  process.stderr.write(
    error instanceof StartError ? `${error.message}\n` : `Ringbook did not start. ${error instanceof Error ? error.stack : error}\n`,
  )
  process.exit(1)
}
