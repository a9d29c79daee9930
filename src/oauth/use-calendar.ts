import type { Connection } from '../db/connections.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Access, BookingRef, BusyTime, Calendar, CalendarProvider, Interval } from '../providers/provider.ts'
import { relearn } from './lengths.ts'
import { providerOf } from './provider-of.ts'
import { accessTokenOf, giveUp } from './tokens.ts'

/**
 * Works with the chosen calendar of a connection, as `useAccount` does with all that the account has. Whatever `work` does there, what was
 * read of this tenant's calendars before is not used again.
 */
export function useCalendar<T>(
  deps: Deps,
  connection: Connection,
  signal: AbortSignal,
  work: (calendar: Calendar) => Promise<T>,
): Promise<T> {
  return useAccount(deps, connection, signal, (provider, access) => work(provider.calendar(access, connection.calendarId))).finally(() =>
    deps.recentReadings.drop(connection.clerkUserId),
  )
}

/**
 * When the owner of this account has no time: in the chosen calendar, and in the further ones that count. In any order; may overlap.
 * One that cannot be read is an error: its time is unknown, never free.
 * @param except a booking whose own event is not in its way
 * @throws AppError what `useAccount` and `busy` of a calendar throw
 */
export async function busyOf(
  deps: Deps,
  connection: Connection,
  range: Interval,
  signal: AbortSignal,
  except?: BookingRef,
): Promise<BusyTime[]> {
  const counted = new Set([connection.calendarId, ...connection.busyCalendarIds])
  const busy = await useAccount(deps, connection, signal, (provider, access) =>
    Promise.all([...counted].map((id) => provider.calendar(access, id).busy(range, { except }))),
  )
  return busy.flat()
}

/**
 * The only times within `range` at which the chosen calendar of this account takes an appointment of so many minutes; `null`: any.
 * @param except a booking that is to move
 * @throws AppError what `useAccount` and `slots` of a calendar throw
 */
export function slotsOf(
  deps: Deps,
  connection: Connection,
  range: Interval,
  minutes: number,
  signal: AbortSignal,
  except?: BookingRef,
): Promise<Interval[] | null> {
  return useAccount(deps, connection, signal, async (provider, access) => {
    const calendar = provider.calendar(access, connection.calendarId)
    if (!calendar.slots) return null
    return calendar.slots(range, minutes, { except }).catch(async (error: unknown) => {
      const wasOffered = connection.appointmentMinutes.includes(minutes) && except === undefined
      // Its owner has changed the lengths at the vendor: whoever asks next asks for what there is.
      if (wasOffered && error instanceof AppError && error.code === 'length_not_offered')
        await relearn(deps, connection, await provider.calendars(access))
      throw error
    })
  })
}

/**
 * Works with the account behind a connection. A token that the vendor refuses early is renewed and the work repeated once, so `work`
 * must bear repeating; refused again, the connection is marked for the owner.
 * @throws AppError what `accessTokenOf` and `work` throw
 */
export async function useAccount<T>(
  deps: Deps,
  connection: Connection,
  signal: AbortSignal,
  work: (provider: CalendarProvider, access: Access) => Promise<T>,
): Promise<T> {
  const provider = providerOf(deps, connection.provider)
  // One line for all that goes to this account in this process, whoever's connection it is: the vendor counts by mailbox.
  const access = ({ accessToken }: { accessToken: string }): Access => ({ accessToken, mailbox: connection.accountId, signal })
  const first = await accessTokenOf(deps, connection, { signal })
  try {
    return await work(provider, access(first))
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  const second = await accessTokenOf(deps, first.connection, { signal, refused: first.connection })
  return work(provider, access(second)).catch(async (error: unknown) => {
    if (isRefusal(error)) await giveUp(deps, second.connection)
    throw error
  })
}

function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === 'consent_revoked'
}
