import { setTimeout as delay } from 'node:timers/promises'
import { inTenant } from '../db/client.ts'
import { type ChainedEvent, lastSequence, listEventsAfter } from '../db/event-log.ts'
import type { Deps } from '../deps.ts'
import type { SubjectKind } from './log.ts'

// What happens while people call. Everything else is read at `/events`.
const SUBJECT_KINDS: readonly SubjectKind[] = ['call', 'booking', 'change', 'message']
const AT_ONCE = 100

export interface Pace {
  pollMs: number
  /** After so long without an event a sign of life is sent: proxies cut lines that are silent. */
  silenceMs: number
}

const usualPace: Pace = { pollMs: 1000, silenceMs: 15_000 }

/** `begin`: nothing that came before `sequence` follows. */
export type Piece = { kind: 'begin'; sequence: number } | { kind: 'event'; event: ChainedEvent } | { kind: 'silence' }

/**
 * What happens to a tenant's calls and bookings, once each and in order, until `isOver`.
 * @param after the sequence of the last event that was seen; `undefined`: only what happens from now on
 */
export async function* eventStream(
  { db }: Pick<Deps, 'db'>,
  clerkUserId: string,
  { after, isOver, pace = usualPace }: { after: number | undefined; isOver: () => Promise<boolean>; pace?: Pace },
): AsyncGenerator<Piece> {
  let seen = after ?? (await inTenant(db, clerkUserId, (trx) => lastSequence(trx, clerkUserId)))
  yield { kind: 'begin', sequence: seen }
  let spokeAt = performance.now()
  while (!(await isOver())) {
    const wish = { after: seen, subjectKinds: SUBJECT_KINDS, atMost: AT_ONCE }
    const events = await inTenant(db, clerkUserId, (trx) => listEventsAfter(trx, clerkUserId, wish))
    for (const event of events) yield { kind: 'event', event }
    seen = events.at(-1)?.sequence ?? seen
    if (events.length > 0) spokeAt = performance.now()
    else if (performance.now() - spokeAt >= pace.silenceMs) {
      yield { kind: 'silence' }
      spokeAt = performance.now()
    }
    if (events.length < AT_ONCE) await delay(pace.pollMs)
  }
}
