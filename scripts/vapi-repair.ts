import { parseArgs } from 'node:util'
import { repairAll } from '../src/agents/repair-all.ts'
import { failToStart, openAll } from '../src/open.ts'
import { StartError } from '../src/start-error.ts'
import { repairTable } from './vapi-repair/table.ts'

// `npm run vapi:repair`: every agent's assistant at Vapi beside what it has to be. With `-- --write` what differs is repaired. Ends with 1 when
// something differs and was not, or could not be, repaired.
try {
  const { values } = asked()
  const { deps, close } = await openAll({ LOG_LEVEL: 'error', ...process.env })
  const findings = []
  for await (const finding of repairAll(deps, { write: values.write })) findings.push(finding)
  await close()
  process.stdout.write(repairTable(findings, values.write))
  process.exitCode = findings.every(({ isWell }) => isWell) ? 0 : 1
} catch (error) {
  failToStart(error)
}

function asked() {
  try {
    return parseArgs({ options: { write: { type: 'boolean', default: false } } })
  } catch (cause) {
    throw new StartError('npm run vapi:repair lists what differs; npm run vapi:repair -- --write repairs it. It knows no other option.', {
      cause,
    })
  }
}
