import { type OutboundOptions, outbound } from '../outbound.ts'
import type { CalendarProvider } from '../provider.ts'
import { cancelEvent, createEvent, readEvent, updateEvent } from './booking.ts'
import { listBusy } from './busy.ts'
import { listCalendars } from './calendar.ts'
import { listEvents } from './events.ts'
import { authorizationUrl, exchangeCode, issues, type MicrosoftSettings, refresh } from './oauth.ts'

export type { MicrosoftSettings } from './oauth.ts'

export function microsoftProvider(settings: MicrosoftSettings, options: OutboundOptions = {}): CalendarProvider {
  const { authorityUrl, graphUrl } = settings
  const microsoft = { settings, send: outbound({ ...options, vendor: 'microsoft', urls: [authorityUrl, graphUrl] }) }
  return {
    id: 'microsoft',
    invitesGuests: true,
    authorizationUrl: (state, codeChallenge) => authorizationUrl(settings, state, codeChallenge),
    issues: (iss) => issues(settings, iss),
    exchangeCode: (code, codeVerifier) => exchangeCode(microsoft, code, codeVerifier),
    refresh: (refreshToken) => refresh(microsoft, refreshToken),
    // The only revocation Microsoft offers signs the person out of everything, which is not ours to do.
    revoke: async () => {},
    calendars: (access) => listCalendars(microsoft, access),
    calendar: (access, calendarId) => ({
      busy: (range, { except } = {}) => listBusy(microsoft, access, calendarId, range, except?.bookingId),
      events: (range, timeZone) => listEvents(microsoft, access, calendarId, range, timeZone),
      create: (event) => createEvent(microsoft, access, calendarId, event),
      read: ({ bookingId }) => readEvent(microsoft, access, calendarId, bookingId),
      update: (eventId, event) => updateEvent(microsoft, access, calendarId, eventId, event),
      cancel: (eventId) => cancelEvent(microsoft, access, calendarId, eventId),
    }),
  }
}
