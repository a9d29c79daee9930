import { occupying, type Row } from '../rig/truth.ts'
import type { Asked } from './converse.ts'
import { operations, type Place } from './operations.ts'

/**
 * Holds what was last answered against what the database holds.
 * @param all everything that was asked about one appointment, in its order
 */
export function misplaced(all: Asked[], rows: Row[]): string[] {
  const [first] = all
  if (!first) return []
  const { mark } = first.conversation
  const own = occupying(rows).filter(({ subject }) => isAbout(mark, subject))
  if (own.length > 1) return [`${mark} has ${own.length} appointments`]
  const [row] = own
  const is = row?.startsAt.toISOString() ?? 'none'
  const isAlone = all.every(({ conversation }) => conversation === first.conversation)
  let may = new Set<Place>(['none'])
  for (const asked of all) {
    const then = after(may, asked)
    // Where two change one appointment, nobody outside knows who was first.
    may = isAlone ? then : new Set([...may, ...then])
  }
  return may.has(is) ? [] : [`${mark} was told that the appointment is at ${[...may].join(' or ')}; it is at ${is}`]
}

/** Whether a subject in the database or in the calendar is that of an appointment. */
export function isAbout(mark: string, subject: string): boolean {
  return subject === mark || subject.startsWith(`${mark},`)
}

/** Where the appointment may stand, by what was heard of a step. */
function after(before: Set<Place>, { conversation, step, hearings, unanswered }: Asked): Set<Place> {
  const place = operations[step.operation].leads({ time: step.time, mark: conversation.mark })
  const last = hearings.at(-1)?.heard
  if (last === 'done') return new Set([place])
  if (last === 'refused' || last === 'failed') return before
  const wasNeverThere = last === undefined && unanswered === 0
  return wasNeverThere ? before : new Set([...before, place])
}

/**
 * One operation, one truth: what has once been said to be so, or to come to be so, is never said otherwise, and always in the same words. A no
 * may become a yes when the time has become free in between: nobody relied on it.
 */
export function toldTwoTruths({ conversation, step, hearings }: Asked): string[] {
  const who = `${conversation.mark}, ${step.operation} (${step.id})`
  const told = new Set(hearings.filter(({ heard }) => heard === 'done').map(({ words }) => words))
  const since = hearings.findIndex(({ heard }) => heard === 'done' || heard === 'pending')
  const takenBack = since === -1 ? undefined : hearings.slice(since).find(({ heard }) => heard === 'refused' || heard === 'failed')
  return [
    ...(told.size > 1 ? [`${who} heard ${[...told].map((words) => `"${words}"`).join(' and ')}`] : []),
    ...(takenBack ? [`${who} heard "${hearings[since]?.words}", and later "${takenBack.words}"`] : []),
  ]
}
