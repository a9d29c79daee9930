import { parseArgs } from 'node:util'
import { verifyAll } from '../src/audit/verify.ts'
import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/db/client.ts'
import { whyNoDatabase } from '../src/db/start-failure.ts'
import { StartError } from '../src/start-error.ts'

// Walks the event logs of all tenants. Ends with 1 when one is not whole. With --heads it prints how far each goes and its last hash: kept
// outside the database, they show later whether a chain was made anew as a whole.
try {
  const { values } = parseArgs({ options: { heads: { type: 'boolean', default: false } } })
  await verify(readConfig(process.env).databaseAppUrl, values.heads)
} catch (error) {
  process.stderr.write(error instanceof StartError ? `${error.message}\n` : `${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}

async function verify(databaseUrl: string, withHeads: boolean): Promise<void> {
  const { db, end } = openDatabase(databaseUrl, { max: 1 })
  let [tenants, events, broken] = [0, 0, 0]
  try {
    for await (const verdict of verifyAll(db)) {
      tenants += 1
      events += verdict.events
      if (verdict.faults.length > 0) broken += 1
      for (const fault of verdict.faults) process.stdout.write(`${verdict.clerkUserId}: ${fault}\n`)
      if (withHeads) process.stdout.write(`${verdict.clerkUserId} ${verdict.events} ${verdict.head}\n`)
    }
  } catch (error) {
    const why = whyNoDatabase(error, databaseUrl)
    throw why === undefined ? error : new StartError(why, { cause: error })
  } finally {
    await end()
  }
  process.stdout.write(`${events} events of ${tenants} users: ${broken === 0 ? 'every chain is whole' : `${broken} chains are broken`}.\n`)
  process.exitCode = broken === 0 ? 0 : 1
}
