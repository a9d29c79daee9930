import { parseArgs } from 'node:util'
import { repeats } from './crowd/repeats.ts'
import { crowdRun } from './crowd/run.ts'
import { openSite } from './crowd/site.ts'
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

const problems: string[] = []
const print = (text: string) => process.stdout.write(`${text}\n`)
const show = (label: string, value: string | number) => print(`  ${label.padEnd(56)}${String(value).padStart(10)}`)
try {
  print(
    `${attempts} callers at once for ${times} times that overlap, in a Google and a Microsoft diary, over two processes. Seed ${seed}.\n`,
  )
  const site = await openSite(undo, {}, await ownServer(undo))
  const outcome = await crowdRun(site, { attempts, times: Math.ceil(times / 2), seed })
  problems.push(...outcome.problems)
  for (const [heard, count] of Object.entries(outcome.counts)) if (count > 0) show(`callers who heard "${heard}" in the end`, count)
  show('appointments', outcome.appointments)
  show('asked again, because nobody could look', outcome.retries)
  show('median of the longest wait for an answer', `${Math.round(outcome.medianMs)} ms`)
  show('longest wait for an answer', `${Math.round(outcome.slowestMs)} ms`)
  for (const [what, repeat] of Object.entries(repeats)) {
    const wrong = (await Promise.all(site.owners.map((owner) => repeat(site, owner)))).flat()
    problems.push(...wrong.map((one) => `${what}: ${one}`))
    show(what, wrong.length === 0 ? 'one event' : 'WRONG')
  }
  await site.fleet.stop()
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error))
} finally {
  await undo.run()
}
for (const problem of problems.slice(0, 20)) print(`  ✗ ${problem}`)
print(problems.length === 0 ? '\nNo time was sold twice, and everybody was answered.' : `\n${problems.length} problems.`)
process.exit(problems.length === 0 ? 0 : 1)
