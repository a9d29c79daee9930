import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { repeatedly } from './background.ts'
import { settle } from './bookings/settle.ts'
import { ConfigError, readConfig } from './config.ts'
import { openDatabase } from './db/client.ts'
import { databaseClock } from './db/clock.ts'
import { dropOldHits } from './db/rate-limits.ts'
import { unfitRole } from './db/roles.ts'
import { loggerOptions } from './http/logging.ts'
import { createMetrics } from './metrics.ts'
import { createCipher } from './oauth/cipher.ts'
import { rewrapTokens } from './oauth/rewrap.ts'
import { createProviders } from './providers/index.ts'
import { tokenVerifier } from './users/token.ts'

// The process: reads the settings, opens the database, listens, and stops in order.
try {
  await serve()
} catch (error) {
  process.stderr.write(
    error instanceof ConfigError ? `${error.message}\n` : `Ringbook did not start. ${error instanceof Error ? error.stack : error}\n`,
  )
  process.exit(1)
}

async function serve(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino(loggerOptions(config.logLevel))
  const metrics = createMetrics()
  const database = openDatabase(config.databaseAppUrl, { onError: (error) => log.warn({ err: error }, 'a database connection was lost') })
  const unfit = await unfitRole(database.db)
  if (unfit !== undefined)
    throw new ConfigError(
      `The service must not connect to the database as this role: ${unfit}. Unset DATABASE_APP_URL, or let it name ringbook_app.`,
    )
  const clock = await databaseClock(database.db)
  const providers = createProviders(config, {
    observe: ({ vendor, operation, status, seconds }) => metrics.vendorRequest({ vendor, operation, status: String(status) }, seconds),
    timeouts: { read: config.timeouts.providerMs, create: config.timeouts.providerCreateMs, token: config.timeouts.providerMs },
  })
  const deps = {
    config,
    db: database.db,
    providers,
    cipher: createCipher(config.tokenEncryptionKeys),
    identify: tokenVerifier(config),
    clock,
    metrics,
    log,
  }
  await rewrapTokens(deps) // fails when rows need a key that is not there

  let draining = false
  const app = await buildApp(deps, () => draining)
  const background = [
    repeatedly(deps, config.timeouts.settleIntervalMs, () => settle(deps)),
    repeatedly(deps, 60_000, () => dropOldHits(deps.db)),
  ]
  closeWithGrace({ delay: 10_000, logger: false }, async ({ err }) => {
    draining = true
    if (err) log.fatal({ err }, 'ending after a fault that nobody caught')
    await app.close()
    await Promise.all(background.map((task) => task.stop()))
    clock.stop()
    await database.end()
  })
  await app.listen({ port: config.port, host: config.host })
  log.info({ address: config.baseUrl, node: process.version, timeZones: process.versions.tz, providers: [...providers.keys()] }, 'ready')
}
