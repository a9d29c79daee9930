import { type OutboundOptions, outbound } from '../outbound.ts'
import type { CalendarProvider } from '../provider.ts'
import { cancelBooking, createBooking, readBooking, updateBooking } from './booking.ts'
import type { CalcomSettings } from './client.ts'
import { listBusy, listEntries } from './entries.ts'
import { listEventTypes } from './event-types.ts'
import { restAfter } from './failure.ts'
import { authorizationUrl, exchangeCode, keyGrant, refresh } from './oauth.ts'
import { pushes } from './pushes.ts'
import { listSlots } from './slots.ts'

export type { CalcomSettings } from './client.ts'

/** A scheduler: what we call a calendar is one of its event types, which takes appointments of its lengths, at its times. */
export function calcomProvider(settings: CalcomSettings, options: OutboundOptions = {}): CalendarProvider {
  const calcom = { settings, send: outbound({ ...options, vendor: 'calcom', urls: [settings.apiUrl], restAfter }) }
  return {
    id: 'calcom',
    invitesGuests: true,
    authorizationUrl: (state, codeChallenge) => authorizationUrl(calcom, state, codeChallenge),
    // It does not name itself in the callback.
    issues: () => false,
    exchangeCode: (code, codeVerifier) => exchangeCode(calcom, code, codeVerifier),
    keyGrant: (key) => keyGrant(calcom, key),
    refresh: (refreshToken) => refresh(calcom, refreshToken),
    // There is no way to end a grant but for its owner, in her settings.
    revoke: async () => {},
    calendars: (access) => listEventTypes(calcom, access),
    calendar: (access, calendarId) => ({
      busy: (range, { except } = {}) => listBusy(calcom, access, range, except),
      slots: (range, minutes, { except } = {}) => listSlots(calcom, access, calendarId, range, minutes, except),
      events: (range) => listEntries(calcom, access, range),
      create: (event) => createBooking(calcom, access, calendarId, event),
      read: (booking, { toCancel = false } = {}) => readBooking(calcom, access, booking, toCancel),
      update: (uid, event) => updateBooking(calcom, access, calendarId, uid, event),
      cancel: (uid) => cancelBooking(calcom, access, uid),
    }),
    pushes: pushes(calcom),
  }
}
