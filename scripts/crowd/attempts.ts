import { setTimeout as delay } from 'node:timers/promises'
import type { Chance } from '../rig/chance.ts'
import { deliver, words } from '../rig/deliver.ts'
import type { Owner } from '../rig/owner.ts'
import { HALF_HOURS_A_DAY, type Time, workingTime } from '../rig/week.ts'

/** One caller who wants one time. */
export interface Attempt {
  owner: Owner
  wish: Time
  callId: string
  number: string
  /** Where the load balancer sends it: each further try to the next of them. */
  urls: string[]
}

export type Heard = 'booked' | 'taken' | 'again' | 'other' | 'nothing'

/** How it ended for a caller. */
export interface Reply {
  attempt: Attempt
  heard: Heard
  words: string
  /** The longest that one answer took. */
  ms: number
  /** How often the assistant had to ask. */
  tries: number
}

// A person on the phone would have given up by then.
const PATIENCE_MS = 60_000

/** Times that get in each other's way: one begins every half hour, and most of them last longer. */
export function overlappingTimes(count: number): Time[] {
  return Array.from({ length: count }, (_, index) => {
    const untilClosing = (HALF_HOURS_A_DAY - (index % HALF_HOURS_A_DAY)) * 30
    return workingTime(index, Math.min(untilClosing, [60, 30, 90][index % 3] ?? 30))
  })
}

/** So many callers, each with a call and a number of their own, over the diaries and times of all owners, in random order. */
export function attemptsOf(owners: Owner[], times: Time[], urls: string[], count: number, dice: Chance): Attempt[] {
  const places = owners.flatMap((owner) => times.map((wish) => ({ owner, wish })))
  const all = Array.from({ length: count }, (_, index) => {
    const { owner, wish } = places[index % places.length] ?? {}
    if (!owner || !wish) throw new Error('nobody to call')
    const turn = index % urls.length
    return {
      owner,
      wish,
      callId: `crowd-${index}`,
      number: `+1312${5_550_000 + index}`,
      urls: [...urls.slice(turn), ...urls.slice(0, turn)],
    }
  })
  return all
    .map((attempt) => ({ attempt, rank: dice.next() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ attempt }) => attempt)
}

/** Asks until it is yes or no: where the service says "Shall I try again?", the assistant does. Never throws: what is no answer is `nothing`. */
export async function attemptBooking(attempt: Attempt): Promise<Reply> {
  const reply: Reply = { attempt, heard: 'again', words: '', ms: 0, tries: 0 }
  for (const end = performance.now() + PATIENCE_MS; reply.heard === 'again' && performance.now() < end; ) {
    if (reply.tries > 0) await delay(200 + 1800 * Math.random())
    const startedAt = performance.now()
    const { heard, words } = await ask(attempt, reply.tries)
    Object.assign(reply, { heard, words, ms: Math.max(reply.ms, performance.now() - startedAt), tries: reply.tries + 1 })
  }
  return reply
}

async function ask({ owner, wish, callId, number, urls }: Attempt, tries: number): Promise<Pick<Reply, 'heard' | 'words'>> {
  const { assistantId, secret } = owner
  const said = { start_time: wish.written, duration: wish.minutes, title: callId, attendee_name: 'Kim Lee' }
  // The model asks under a new id each time.
  const call = { assistantId, secret, callId, number, toolCallId: `tool-${tries + 1}`, name: 'book_appointment', arguments: said }
  try {
    const { answer } = await deliver(urls[tries % urls.length] ?? '', call)
    return { heard: hear(answer.result !== undefined, words(answer)), words: words(answer) }
  } catch (error) {
    return { heard: 'nothing', words: error instanceof Error ? error.message : String(error) }
  }
}

function hear(isResult: boolean, said: string): Heard {
  if (isResult && /\bbooked for\b/.test(said)) return 'booked'
  if (/\btaken\b/.test(said)) return 'taken'
  return /Shall I (try|check)|ask me again|cannot (see|reach) the diary/.test(said) ? 'again' : 'other'
}

/** A sentence that offers another time names its day. */
export function offersAnother(said: string): boolean {
  return /\b(mon|tues|wednes|thurs|fri)day\b/i.test(said)
}
