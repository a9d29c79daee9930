import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createDatabase } from '../../src/db/embedded-database.ts'
import { root } from '../../src/root.ts'
import type { Vendor } from '../../src/vendors.ts'
import { surroundings } from '../../test/setup/service.ts'
import { UNLIMITED } from '../crowd/site.ts'
import type { Cleanups } from '../rig/cleanups.ts'
import { deliver, words } from '../rig/deliver.ts'
import { startFleet } from '../rig/fleet.ts'
import { makeOwner, type Owner } from '../rig/owner.ts'
import { TIME_ZONE, type Time } from '../rig/week.ts'

/** A service with all that it needs, to be measured. */
export interface Site {
  baseUrl: string
  owners: Owner[]
  /** Somebody new comes in by the service's own doors and connects a calendar. */
  connect(vendor: Vendor): Promise<Owner>
  availability(owner: Owner): Promise<Measured>
  book(owner: Owner, time: Time): Promise<Measured>
  /** Every request to every calendar vendor takes so long from now on; `silent`: for ever. */
  setVendors(ms: number | 'silent'): void
  /** What the process holds of the machine's memory, in MiB; `NaN` where the system does not tell. */
  memory(): Promise<number>
}

export interface Measured {
  ms: number
  said: string
  isResult: boolean
}

export interface SiteOptions {
  adminUrl: string
  /** Default: this one. */
  checkout?: string
  settings?: Record<string, string>
}

/** One process, an owner at each vendor. */
export async function openSite(t: Cleanups, { adminUrl, checkout = root, settings = {} }: SiteOptions): Promise<Site> {
  const around = await surroundings(t, adminUrl)
  const { world, baseUrl, port } = around
  const env = { ...around.env, ...UNLIMITED, ...settings }
  if (checkout !== root) await migrateAs(checkout, adminUrl, env)
  const fleet = await startFleet(t, { port, env }, 1, checkout)
  let known = 0
  let calls = 0
  const connect = (vendor: Vendor) => {
    known += 1
    const who = {
      name: 'Dana Reyes',
      email: `owner-${known}@example.com`,
      calendarEmail: `diary-${known}@example.com`,
      timeZone: TIME_ZONE,
    }
    return makeOwner(baseUrl, world, vendor, who)
  }
  const ask = async ({ assistantId, secret }: Owner, name: string, parameters: object): Promise<Measured> => {
    calls += 1
    const call = { callId: `call-${calls}`, toolCallId: 'tool-1', number: `+1312${5_550_000 + calls}`, name, arguments: { ...parameters } }
    const { answer, ms } = await deliver(baseUrl, { assistantId, secret, ...call })
    return { ms, said: words(answer), isResult: answer.result !== undefined }
  }
  return {
    baseUrl,
    owners: [await connect('google'), await connect('microsoft')],
    connect,
    availability: (owner) => ask(owner, 'get_next_available', {}),
    book: (owner, time) => ask(owner, 'book_appointment', { start_time: time.written, duration: time.minutes, attendee_name: 'Kim Lee' }),
    setVendors: (ms) => {
      for (const vendor of [world.google, world.microsoft])
        vendor.faults.each(() => (ms === 'silent' ? { kind: 'silent' } : { kind: 'slow', ms }))
    },
    memory: async () => {
      const [pid] = fleet.pids()
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024)
    },
  }
}

/** Another checkout brings its own schema. */
async function migrateAs(checkout: string, adminUrl: string, env: Record<string, string>): Promise<void> {
  await createDatabase(adminUrl, new URL(env.DATABASE_URL ?? '').pathname.slice(1))
  const { status, stderr } = spawnSync(process.execPath, [path.join(checkout, 'src/migrate.ts')], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`The migrations of ${checkout} failed: ${stderr}`)
}
