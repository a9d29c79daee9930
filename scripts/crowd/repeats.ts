import { setTimeout as delay } from 'node:timers/promises'
import { deliver, words } from '../rig/deliver.ts'
import type { Owner } from '../rig/owner.ts'
import { contradictions, occupying, readRows } from '../rig/truth.ts'
import { type Time, workingTime } from '../rig/week.ts'
import type { Site } from './site.ts'

// Days that the crowd leaves alone.
const FIRST = 80
const ANSWER_MS = 8000
const SETTLED_MS = 60_000

interface Call {
  owner: Owner
  callId: string
  time: Time
}

interface Said {
  said: string
  isBooked: boolean
  ms: number
}

/** What models and networks do to one wish. Each is to end in one event, and in one truth for all who ask. @returns what did not */
export const repeats: Record<string, (site: Site, owner: Owner) => Promise<string[]>> = {
  'the same function call, delivered fifty times at once': async (site, owner) => {
    const call = { owner, callId: 'fifty', time: workingTime(FIRST) }
    const all = await Promise.all(Array.from({ length: 50 }, (_, index) => insist(site, call, 'tool-1', index)))
    return [...judge(all), ...(await oneEvent(site, call))]
  },

  'the same wish under three ids': async (site, owner) => {
    const call = { owner, callId: 'three', time: workingTime(FIRST + 2) }
    const all = await Promise.all([0, 1, 2].map((index) => insist(site, call, `tool-${index}`, index)))
    // One of them is the first, and the others hear that it is so already.
    return [...all.flatMap((one) => judge([one])), ...(await oneEvent(site, call))]
  },

  'a success whose answer came too late': async (site, owner) => {
    const call = { owner, callId: 'late', time: workingTime(FIRST + 4) }
    const { faults } = site.world[owner.vendor]
    faults.add({ kind: 'late', ms: ANSWER_MS, method: 'POST', times: 2, path: /\/events(\?|$)/ })
    const first = await ask(site, call, 'tool-1', 0)
    if (first.isBooked) return ['"booked" was said before the vendor had answered']
    const again = await Promise.all([0, 1].map((index) => insist(site, call, 'tool-1', index)))
    return [...tooLate([first]), ...judge(again), ...(await oneEvent(site, call))]
  },
}

/** Asks again for as long as the answer is that it is not known yet: the same function call, delivered again. */
async function insist(site: Site, call: Call, toolCallId: string, turn: number): Promise<Said> {
  const end = performance.now() + SETTLED_MS
  let slowestMs = 0
  for (;;) {
    const { ms, ...one } = await ask(site, call, toolCallId, turn)
    slowestMs = Math.max(slowestMs, ms)
    if (one.isBooked || performance.now() > end) return { ...one, ms: slowestMs }
    await delay(200)
  }
}

async function ask({ fleet }: Site, { owner, callId, time }: Call, toolCallId: string, turn: number): Promise<Said> {
  const { assistantId, secret } = owner
  const { answer, ms } = await deliver(fleet.urls[turn % fleet.urls.length] ?? '', {
    assistantId,
    secret,
    callId: `${callId}-${owner.vendor}`,
    number: '+13125550155',
    toolCallId,
    name: 'book_appointment',
    arguments: { start_time: time.written, duration: time.minutes, title: callId, attendee_name: 'Kim Lee' },
  })
  return { said: words(answer), isBooked: answer.result !== undefined && /\bbooked for\b/.test(answer.result), ms }
}

/** All are booked, heard the same, and in time. */
function judge(all: Said[]): string[] {
  const different = new Set(all.map(({ said }) => said))
  const not = all.filter(({ isBooked }) => !isBooked).map(({ said }) => `not booked: ${said}`)
  return [...not, ...(different.size > 1 ? [`they heard different things: ${[...different].join(' | ')}`] : []), ...tooLate(all)]
}

function tooLate(all: Said[]): string[] {
  return all.filter(({ ms }) => ms > ANSWER_MS).map(({ ms }) => `somebody waited ${Math.round(ms)} ms`)
}

async function oneEvent({ db, world }: Site, { owner, callId }: Call): Promise<string[]> {
  const own = occupying(await readRows(db, owner)).filter(({ vapiCallId }) => vapiCallId === `${callId}-${owner.vendor}`)
  return [...(own.length === 1 ? [] : [`it is booked ${own.length} times`]), ...(await contradictions(db, world, owner))]
}
