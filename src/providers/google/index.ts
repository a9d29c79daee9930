import { calendar } from 'googleapis/build/src/apis/calendar/index.js'
import { type OutboundOptions, outbound } from '../outbound.ts'
import type { CalendarProvider } from '../provider.ts'
import { cancelEvent, createEvent, readEvent, updateEvent } from './booking.ts'
import { listBusy } from './busy.ts'
import { listCalendars } from './calendar.ts'
import { listEvents } from './events.ts'
import { isTooFast } from './failure.ts'
import { authorizationUrl, exchangeCode, type GoogleSettings, refresh, revoke } from './oauth.ts'

export type { GoogleSettings } from './oauth.ts'

export function googleProvider(settings: GoogleSettings, options: OutboundOptions = {}): CalendarProvider {
  const { authUrl, tokenUrl, revokeUrl, apiUrl } = settings
  const google = {
    settings,
    send: outbound({ ...options, vendor: 'google', urls: [tokenUrl, revokeUrl, apiUrl], throttles: isTooFast }),
    // The SDK cuts a path off a root URL, and wants the slash.
    api: calendar({ version: 'v3', rootUrl: `${new URL(apiUrl).origin}/` }),
  }
  return {
    id: 'google',
    invitesGuests: true,
    authorizationUrl: (state, codeChallenge) => authorizationUrl(google, state, codeChallenge),
    issues: (iss) => iss === new URL(authUrl).origin,
    exchangeCode: (code, codeVerifier) => exchangeCode(google, code, codeVerifier),
    refresh: (refreshToken) => refresh(google, refreshToken),
    revoke: (refreshToken) => revoke(google, refreshToken),
    calendars: (access) => listCalendars(google, access),
    calendar: (access, calendarId) => ({
      busy: (range, { except } = {}) => listBusy(google, access, calendarId, range, except?.bookingId),
      events: (range) => listEvents(google, access, calendarId, range),
      create: (event) => createEvent(google, access, calendarId, event),
      read: ({ bookingId }) => readEvent(google, access, calendarId, bookingId),
      update: (eventId, event) => updateEvent(google, access, calendarId, eventId, event),
      cancel: (eventId) => cancelEvent(google, access, calendarId, eventId),
    }),
  }
}
