import { surroundings } from '../../test/setup/service.ts'
import type { World } from '../../test/world/world.ts'
import type { Cleanups } from '../rig/cleanups.ts'
import { type Fleet, startFleet } from '../rig/fleet.ts'
import { makeOwner, type Owner } from '../rig/owner.ts'
import { TIME_ZONE } from '../rig/week.ts'

/** Two processes of the service, and an owner at each vendor. */
export interface Site {
  world: World
  db: Awaited<ReturnType<typeof surroundings>>['database']['db']
  fleet: Fleet
  owners: Owner[]
}

/** Nobody is held to how often he may ask; everything else is as it is in service. */
export const UNLIMITED = {
  LOG_LEVEL: 'error',
  LIMIT_REST_PER_MINUTE: '100000',
  LIMIT_TOOL_CALLS_PER_MINUTE: '100000',
  LIMIT_TOOL_CALLS_PER_CALL: '100000',
  LIMIT_BOOKINGS_PER_CALL: '1000',
  LIMIT_BOOKINGS_PER_NUMBER: '1000',
}

/** @param adminUrl as in `testDatabase` */
export async function openSite(t: Cleanups, settings: Record<string, string> = {}, adminUrl?: string): Promise<Site> {
  const { world, database, baseUrl, port, env } = await surroundings(t, adminUrl)
  const fleet = await startFleet(t, { port, env: { ...env, ...UNLIMITED, ...settings } }, 2)
  const owners = await Promise.all(
    (['google', 'microsoft'] as const).map((vendor) => {
      const who = { name: 'Dana Reyes', email: `${vendor}@example.com`, calendarEmail: `${vendor}@diary.example`, timeZone: TIME_ZONE }
      return makeOwner(baseUrl, world, vendor, who)
    }),
  )
  return { world, db: database.db, fleet, owners }
}
