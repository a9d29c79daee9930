import { verifyAll } from '../src/audit/verify.ts'
import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/db/client.ts'
import { StartError } from '../src/start-error.ts'

// Walks the event logs of all tenants. Ends with 1 when one is not whole. With --heads it prints how far each goes and its last hash: kept
// outside the database, they show later whether a chain was made anew as a whole.
const withHeads = process.argv.includes('--heads')
try {
  const { db, end } = openDatabase(readConfig(process.env).databaseAppUrl, { max: 1 })
  let [tenants, events, broken] = [0, 0, 0]
  for await (const verdict of verifyAll(db)) {
    tenants += 1
    events += verdict.events
    if (verdict.faults.length > 0) broken += 1
    for (const fault of verdict.faults) process.stdout.write(`${verdict.clerkUserId}: ${fault}\n`)
    if (withHeads) process.stdout.write(`${verdict.clerkUserId} ${verdict.events} ${verdict.head}\n`)
  }
  await end()
  process.stdout.write(`${events} events of ${tenants} users: ${broken === 0 ? 'every chain is whole' : `${broken} chains are broken`}.\n`)
  process.exitCode = broken === 0 ? 0 : 1
} catch (error) {
  process.stderr.write(error instanceof StartError ? `${error.message}\n` : `${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
