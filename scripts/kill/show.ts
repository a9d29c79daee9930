import { table } from '../rig/table.ts'
import { operations } from './operations.ts'
import type { Outcome } from './run.ts'

/** One line for each run, aligned. */
export function line({ plan, problems, answers, unanswered, settledMs }: Outcome, ms: number): string {
  const { seed, vendor, processes, kills, conversations } = plan
  const columns = [
    `seed ${String(seed).padEnd(10)}`,
    vendor.padEnd(9),
    `${processes} process${processes > 1 ? 'es' : '  '}`,
    `${conversations.length} callers`,
    `${kills.length} kill${kills.length > 1 ? 's' : ' '}`,
    `${String(answers).padStart(3)} answers`,
    `${String(unanswered).padStart(2)} cut off`,
    `settled after ${seconds(settledMs)}`,
    `${seconds(ms)} in all`,
    problems.length === 0 ? 'ok' : 'FAILED',
  ]
  return columns.join('  ')
}

/** What went wrong in a run, how it came to it, and how to see it again. */
export function report({ plan, problems, story, logs }: Outcome): string {
  const told = logs
    .split('\n')
    .filter((text) => text !== '')
    .slice(-20)
  return [
    '',
    ...problems.map((problem) => `  ✗ ${problem}`),
    '',
    ...story.map((text) => `  ${text}`),
    ...(told.length > 0 ? ['', '  The end of what the service logged:', ...told.map((text) => `  ${text.slice(0, 400)}`)] : []),
    '',
    `  Once more with: npm run kill -- --runs 1 --seed ${plan.seed}`,
    '',
  ].join('\n')
}

/** How often what was heard in the end, of each operation: one that was never done was not tried. */
export function tally(heard: Outcome['heard']): string {
  const endings = ['done', 'refused', 'failed', 'pending', 'unsure', 'nothing'] as const
  const count = (operation: string, ending: string) => heard.filter(([one, other]) => one === operation && other === ending).length
  const names = Object.keys(operations)
  return table([['heard in the end', ...endings], ...names.map((name) => [name, ...endings.map((ending) => count(name, ending))])])
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(4)} s`
}
