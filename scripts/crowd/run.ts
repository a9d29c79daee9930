import { setTimeout as delay } from 'node:timers/promises'
import { chance } from '../rig/chance.ts'
import { contradictions, occupying, readRows } from '../rig/truth.ts'
import { attemptBooking, attemptsOf, type Heard, offersAnother, overlappingTimes, type Reply } from './attempts.ts'
import type { Site } from './site.ts'

export interface CrowdOptions {
  attempts: number
  /** Overlapping times in each diary. */
  times: number
  seed: number
}

export interface CrowdOutcome {
  problems: string[]
  /** How many heard what. */
  counts: Record<Heard, number>
  appointments: number
  /** Times that somebody heard that nobody can look now, and had it tried again. */
  retries: number
  slowestMs: number
  medianMs: number
}

const ANSWER_MS = 8000
const SETTLED_MS = 60_000
/** Everybody at once. */
export async function crowdRun({ db, world, fleet, owners }: Site, { attempts, times, seed }: CrowdOptions): Promise<CrowdOutcome> {
  const crowd = attemptsOf(owners, overlappingTimes(times), fleet.urls, attempts, chance(seed))
  const replies = await Promise.all(crowd.map(attemptBooking))

  const wrong = async () => (await Promise.all(owners.map((owner) => contradictions(db, world, owner)))).flat()
  let open = await wrong()
  for (const end = performance.now() + SETTLED_MS; open.length > 0 && performance.now() < end; open = await wrong()) await delay(200)
  const rows = (await Promise.all(owners.map((owner) => readRows(db, owner)))).flatMap(occupying)
  const appointments = ({ attempt }: Reply) => rows.filter(({ vapiCallId }) => vapiCallId === attempt.callId).length
  const problems = [...open, ...replies.flatMap((reply) => complaint(reply, appointments(reply)))]
  const waits = replies.map(({ ms }) => ms).sort((one, other) => one - other)
  return {
    problems,
    counts: countsOf(replies),
    appointments: rows.length,
    retries: replies.reduce((sum, { tries }) => sum + tries - 1, 0),
    slowestMs: waits.at(-1) ?? 0,
    medianMs: waits[Math.floor(waits.length / 2)] ?? 0,
  }
}

/** What is wrong with an answer, given how many appointments its caller really has. */
function complaint({ attempt, heard, words, ms }: Reply, appointments: number): string[] {
  const found: string[] = []
  if (ms > ANSWER_MS) found.push(`${attempt.callId} waited ${Math.round(ms)} ms`)
  if (heard === 'nothing') found.push(`${attempt.callId} heard nothing: ${words}`)
  if (heard === 'other' || heard === 'again') found.push(`${attempt.callId} heard neither yes nor no: ${words}`)
  if (heard === 'booked' && appointments !== 1) found.push(`${attempt.callId} is booked and has ${appointments} appointments`)
  if (heard === 'taken' && appointments !== 0) found.push(`${attempt.callId} was refused and has an appointment`)
  if (heard === 'taken' && !offersAnother(words)) found.push(`${attempt.callId} was offered nothing else: ${words}`)
  return found
}

function countsOf(replies: Reply[]): Record<Heard, number> {
  const counts: Record<Heard, number> = { booked: 0, taken: 0, again: 0, other: 0, nothing: 0 }
  for (const { heard } of replies) counts[heard] += 1
  return counts
}
