import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { killRun, type Outcome } from './kill/run.ts'
import { line, report, tally } from './kill/show.ts'
import { cleanups } from './rig/cleanups.ts'
import { ownServer } from './rig/server.ts'

// `npm run kill`: the service is killed in the middle of its work, again and again, and must come back with nothing lost and nothing doubled.
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    'side-by-side': { type: 'string', default: String(availableParallelism()) },
  },
})
const [runs, seed, sideBySide] = [values.runs, values.seed, values['side-by-side']].map(Number)
if (!isCount(runs) || !isCount(seed) || !isCount(sideBySide)) {
  process.stderr.write('Use whole numbers, for example: npm run kill -- --runs 20 --seed 7 --side-by-side 2\n')
  process.exit(1)
}
const undo = cleanups()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void undo.run().then(() => process.exit(1)))

process.stdout.write(`${runs} runs from seed ${seed}, ${sideBySide} side by side. Each seed alone is the same run again.\n`)
const startedAt = performance.now()
const failed: number[] = []
const heard: Outcome['heard'] = []
try {
  const adminUrl = await ownServer(undo, { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' })
  const seeds = Array.from({ length: runs }, (_, index) => seed + index).values()
  const lane = async () => {
    for (const one of seeds) {
      const begunAt = performance.now()
      const outcome = await killRun(one, adminUrl)
      process.stdout.write(`${line(outcome, performance.now() - begunAt)}\n`)
      heard.push(...outcome.heard)
      if (outcome.problems.length === 0) continue
      failed.push(one)
      process.stdout.write(report(outcome))
    }
  }
  await Promise.all(Array.from({ length: sideBySide }, lane))
} finally {
  await undo.run()
}
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
process.stdout.write(`\n${tally(heard)}\n`)
process.stdout.write(
  failed.length === 0
    ? `All ${runs} runs ended well, in ${minutes} minutes.\n`
    : `${failed.length} of ${runs} runs failed, in ${minutes} minutes. Their seeds: ${failed.join(', ')}\n`,
)
process.exit(failed.length === 0 ? 0 : 1)

function isCount(value: number | undefined): value is number {
  return Number.isInteger(value) && Number(value) > 0
}
