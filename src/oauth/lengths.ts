import { inTenant } from '../db/client.ts'
import { type Connection, chooseOfConnection, findConnection } from '../db/connections.ts'
import { inTurn } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import type { CalendarInfo } from '../providers/provider.ts'

/** The lengths of appointments that its calendar takes, which its owner may have changed at the vendor since she chose it. */
export async function relearn(deps: Deps, connection: Connection, calendars: CalendarInfo[]): Promise<void> {
  const minutes = calendars.find(({ id }) => id === connection.calendarId)?.minutes
  if (minutes === undefined || minutes.join() === connection.appointmentMinutes.join()) return
  await inTenant(deps.db, connection.clerkUserId, async (trx) => {
    await inTurn(trx, connection.clerkUserId)
    const current = await findConnection(trx, connection.clerkUserId, connection.id)
    if (current?.calendarId === connection.calendarId) await chooseOfConnection(trx, current, { ...current, appointmentMinutes: minutes })
  })
}
