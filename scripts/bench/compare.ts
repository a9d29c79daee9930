import { workingTime } from '../rig/week.ts'
import { quantile, sideBySide } from './numbers.ts'
import type { Site } from './site.ts'

const ROUND_MS = 2000
const CALLERS = 16
const BOOKINGS_A_ROUND = 32

/** How often one did what the other did once, over all rounds: 1 means no difference, 2 twice as many in the same time. */
export interface Ratio {
  what: string
  min: number
  median: number
  max: number
}

/**
 * Measures two sites in turn, so that what else the machine does falls on both: rounds of two seconds, in reversed order every other round,
 * and the ratio is taken inside each round.
 * @returns the second site's throughput over the first's
 * @throws Error when they do not give the same answers
 */
export async function compareSites(sites: [Site, Site], rounds: number): Promise<Ratio[]> {
  await sameAnswers(sites)
  const works = { availability: availabilityRound, booking: bookingRound }
  const found: Ratio[] = []
  for (const [what, work] of Object.entries(works)) {
    const ratios: number[] = []
    // The first round warms both up.
    for (let round = 0; round <= rounds; round += 1) {
      const [first, second] = sites
      const perSecond = new Map<Site, number>()
      for (const site of round % 2 === 0 ? [first, second] : [second, first]) perSecond.set(site, await work(site, round))
      if (round > 0) ratios.push((perSecond.get(second) ?? 0) / (perSecond.get(first) ?? 0))
    }
    found.push({ what, min: Math.min(...ratios), median: quantile(ratios, 0.5), max: Math.max(...ratios) })
  }
  return found
}

async function sameAnswers(sites: [Site, Site]): Promise<void> {
  const questions = [
    (site: Site) => site.owners.map((owner) => () => site.availability(owner)),
    (site: Site) => site.owners.map((owner) => () => site.book(owner, workingTime(0))),
    (site: Site) => site.owners.map((owner) => () => site.availability(owner)),
  ]
  for (const question of questions) {
    const [first, second] = await Promise.all(sites.map((site) => sideBySide(question(site), 1, (ask) => ask())))
    // A confirmation code is each appointment's own.
    const said = (all: typeof first) => all?.map((one) => one.said.replaceAll(/ Your code is [^.]*\./g, '')).join('\n')
    if (said(first) !== said(second)) throw new Error(`They answer differently:\n${said(first)}\n${said(second)}`)
  }
}

/** @returns answers a second */
async function availabilityRound(site: Site): Promise<number> {
  const startedAt = performance.now()
  let answers = 0
  const lane = async (_: unknown, index: number) => {
    const owner = site.owners[index % site.owners.length]
    while (owner && performance.now() - startedAt < ROUND_MS) {
      await site.availability(owner)
      answers += 1
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, lane))
  return (answers * 1000) / (performance.now() - startedAt)
}

/** Free times are used up: a round is so many bookings instead of so many seconds. @returns bookings a second */
async function bookingRound(site: Site, round: number): Promise<number> {
  const perOwner = BOOKINGS_A_ROUND / site.owners.length
  const wishes = Array.from({ length: BOOKINGS_A_ROUND }, (_, index) => ({
    owner: site.owners[index % site.owners.length],
    time: workingTime(1 + round * perOwner + Math.floor(index / site.owners.length)),
  }))
  const startedAt = performance.now()
  await sideBySide(wishes, CALLERS, async ({ owner, time }) => {
    const booked = owner && (await site.book(owner, time))
    if (!booked?.isResult) throw new Error(`Not booked: ${booked?.said}`)
  })
  return (BOOKINGS_A_ROUND * 1000) / (performance.now() - startedAt)
}
