import { parseArgs } from 'node:util'
import { crowdRun } from './crowd/run.ts'
import { cleanups } from './rig/cleanups.ts'
import { ownServer } from './rig/server.ts'

// `npm run crowd`: everybody wants the same few hours at the same moment. Two processes must sell each of them once.
const { values } = parseArgs({
  options: {
    attempts: { type: 'string', default: '1000' },
    times: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
})
const [attempts = 0, times = 0, seed = 0] = [values.attempts, values.times, values.seed].map(Number)
const undo = cleanups()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void undo.run().then(() => process.exit(1)))

process.stdout.write(
  `${attempts} callers at once for ${times} times that overlap, in a Google and a Microsoft diary, over two processes. Seed ${seed}.\n\n`,
)
let problems = ['it did not come to its end']
try {
  const adminUrl = await ownServer(undo)
  const outcome = await crowdRun(undo, { attempts, times: Math.ceil(times / 2), seed, adminUrl })
  problems = outcome.problems
  const show = (label: string, value: string | number) => process.stdout.write(`  ${label.padEnd(22)}${String(value).padStart(8)}\n`)
  for (const [heard, count] of Object.entries(outcome.counts)) if (count > 0) show(`heard "${heard}"`, count)
  show('appointments', outcome.appointments)
  show('asked again', outcome.retries)
  show('median wait', `${Math.round(outcome.medianMs)} ms`)
  show('longest wait', `${Math.round(outcome.slowestMs)} ms`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
} finally {
  await undo.run()
}
const shown = problems.slice(0, 20).map((problem) => `  ✗ ${problem}\n`)
process.stdout.write(
  problems.length === 0 ? '\nNo time was sold twice, and everybody was answered.\n' : `\n${problems.length} problems:\n${shown.join('')}`,
)
process.exit(problems.length === 0 ? 0 : 1)
