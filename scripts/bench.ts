import path from 'node:path'
import { parseArgs } from 'node:util'
import { compareSites } from './bench/compare.ts'
import { openSite } from './bench/site.ts'
import { measureTargets } from './bench/targets.ts'
import { cleanups } from './rig/cleanups.ts'
import { ownServer } from './rig/server.ts'
import { table } from './rig/table.ts'

// `npm run bench`: how long callers wait, against what is promised. With --against or --set: this checkout beside another, or beside itself
// with other settings. Figures are of this machine at this moment; only ratios can be compared.
const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '15' },
  },
})
const undo = cleanups()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void undo.run().then(() => process.exit(1)))

let isWell = false
try {
  const adminUrl = await ownServer(undo)
  isWell = values.against === undefined && values.set.length === 0 ? await targets(adminUrl) : await comparison(adminUrl)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
} finally {
  await undo.run()
}
process.exit(isWell ? 0 : 1)

async function targets(adminUrl: string): Promise<boolean> {
  process.stdout.write('One process, vendors that take 300 ms for everything. About half a minute.\n\n')
  const findings = await measureTargets(await openSite(undo, { adminUrl }))
  const rows = findings.map(({ what, target, seen, isMet }) => [what, target, seen, isMet ? '' : 'MISSED'])
  process.stdout.write(table([['', 'target', 'seen', ''], ...rows]))
  return findings.every(({ isMet }) => isMet)
}

async function comparison(adminUrl: string): Promise<boolean> {
  const settings = Object.fromEntries(values.set.map((one) => [one.split('=')[0] ?? '', one.slice(one.indexOf('=') + 1)]))
  const checkout = values.against === undefined ? {} : { checkout: path.resolve(values.against) }
  const sites = [await openSite(undo, { adminUrl }), await openSite(undo, { adminUrl, settings, ...checkout })] as const
  const other = [values.against ?? 'this checkout', ...values.set].join(' with ')
  process.stdout.write(`How much ${other} does in the time in which this checkout does 1. ${values.rounds} rounds.\n\n`)
  const ratios = await compareSites([...sites], Number(values.rounds))
  const rows = ratios.map(({ what, min, median, max }) => [what, min.toFixed(2), median.toFixed(2), max.toFixed(2)])
  process.stdout.write(table([['', 'min', 'median', 'max'], ...rows]))
  return true
}
