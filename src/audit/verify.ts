import { createHash } from 'node:crypto'
import { type Db, inTenant } from '../db/client.ts'
import { type ChainLink, readChain } from '../db/event-log.ts'
import { listTenants } from '../db/tenants.ts'

const EVENTS_AT_ONCE = 500
const TENANTS_AT_ONCE = 100

/** What was found in the chain of one tenant. */
export interface Verdict {
  clerkUserId: string
  events: number
  /** The hash of the last event, to be kept elsewhere by whoever wants to know later that the chain still holds it. */
  head: string
  /** For people, in the order of the chain; none: it is whole. */
  faults: string[]
}

/** Walks the chain of every tenant. */
export async function* verifyAll(db: Db): AsyncGenerator<Verdict> {
  for (let tenants = await listTenants(db, '', TENANTS_AT_ONCE); tenants.length > 0; ) {
    for (const clerkUserId of tenants) yield await verifyChain(db, clerkUserId)
    tenants = await listTenants(db, tenants.at(-1) ?? '', TENANTS_AT_ONCE)
  }
}

/**
 * Walks the chain of one tenant from its beginning and computes every hash anew, here and not in the database. Finds an event that was changed,
 * removed, put in or moved, and one that is missing at the end. Events may be added meanwhile.
 */
export async function verifyChain(db: Db, clerkUserId: string): Promise<Verdict> {
  const faults: string[] = []
  let last = { sequence: 0, hash: '' }
  for (;;) {
    const { head, links, loose } = await inTenant(db, clerkUserId, (trx) => readChain(trx, clerkUserId, last.sequence, EVENTS_AT_ONCE))
    for (const link of links) {
      const isNext = link.sequence === last.sequence + 1
      if (!isNext) faults.push(`${named(last.sequence + 1, link.sequence - 1)} missing`)
      // What comes after a gap is bound to something that is not there any more, and the gap is told of.
      else if (link.hash !== hashOf(last.hash, link)) faults.push(`event ${link.sequence} (${link.fields[6]}) is not what was written`)
      last = { sequence: link.sequence, hash: link.hash ?? '' }
    }
    if (links.length > 0) continue
    if (loose > 0) faults.push(`${loose} without a place in the chain`)
    if (!head) faults.push('the head of the chain is missing')
    else if (head.count > last.sequence) faults.push(`${named(last.sequence + 1, head.count)} missing at the end`)
    else if (head.count < last.sequence) faults.push(`${named(head.count + 1, last.sequence)} too many at the end`)
    else if (head.hash !== last.hash) faults.push(`the head does not belong to event ${last.sequence}`)
    return { clerkUserId, events: last.sequence, head: last.hash, faults }
  }
}

/** As the trigger `event_log_chain` of the database has it. */
function hashOf(previous: string, { fields }: ChainLink): string {
  return createHash('sha256').update(previous, 'hex').update(JSON.stringify(fields)).digest('hex')
}

function named(from: number, to: number): string {
  return from === to ? `event ${from} is` : `events ${from} to ${to} are`
}
