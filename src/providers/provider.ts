/**
 * What a calendar vendor must do for us. Every method throws `AppError` only: the vendor's own errors end inside its folder.
 *
 * Codes that any method may throw: `provider_unavailable` (no usable answer; a create may or may not have happened),
 * `provider_busy` (asked to slow down; nothing happened), `provider_refused` (a plain no; nothing happened).
 */
export interface CalendarProvider {
  /** Stands in the database and in the frontend's contract: `google`, `microsoft`, `calcom`. */
  readonly id: string
  /** Does its calendar invite the guests of an event itself, and tell them of its changes? */
  readonly invitesGuests: boolean
  /**
   * Where the user grants access. The vendor sends them back with a `code` and this same `state`.
   * @throws AppError `provider_off` where this installation has no client at the vendor, and only keys lead there
   */
  authorizationUrl(state: string, codeChallenge: string): URL
  /** Is `iss`, which some vendors add to the callback (RFC 9207), one of this vendor's? */
  issues(iss: string): boolean
  /**
   * Never repeated: a code works once.
   * @throws AppError `code_refused` (wrong, used or expired code, wrong verifier), `scope_missing`
   */
  exchangeCode(code: string, codeVerifier: string): Promise<Grant>
  /**
   * Where a key of the account does instead of signing in: the grant that it is. It lasts as long as the key, and `refresh` gives it again.
   * @throws AppError `key_refused`, `scope_missing`
   */
  keyGrant?(key: string): Promise<Grant>
  /** @throws AppError `consent_revoked` when only the user can repair it, by connecting again */
  refresh(refreshToken: string): Promise<Tokens>
  /** Ends the grant at the vendor, where that concerns us alone; where it does not, does nothing. A grant that is gone already is success. */
  revoke(refreshToken: string): Promise<void>
  /** All calendars of this account whose busy times it may read, its main one first. */
  calendars(access: Access): Promise<CalendarInfo[]>
  /** The calendar that `access` opens. Makes no request by itself. */
  calendar(access: Access, calendarId: string): Calendar
  /** Left out by vendors that push nothing, or only where it is asked for calendar by calendar. */
  pushes?: Pushes
}

/** Pushes of a vendor: each says that something of an account has changed, and nothing more. */
export interface Pushes {
  /** Asks the vendor to post to `url` what changes, signed with `secret`. @returns the id under which the vendor keeps it */
  begin(access: Access, to: { url: string; secret: string }): Promise<string>
  /** One that is gone already is success. */
  end(access: Access, id: string): Promise<void>
  /** Was it the vendor who sent this body? Compares in constant time. */
  isSigned(body: Buffer, headers: Record<string, string | string[] | undefined>, secret: string): boolean
}

/** The way into an account. */
export interface Access {
  accessToken: string
  /** Names whose requests stand in one line and fail together, within a vendor: the account. Without it, each goes at once. */
  mailbox?: string | undefined
  /** Every request ends when it fires, and none that waits is sent. */
  signal?: AbortSignal | undefined
}

export interface Tokens {
  accessToken: string
  /** Opaque to all but its provider. `null`: the vendor sent none, the stored one stays good. */
  refreshToken: string | null
  /** Seconds from now; relative, so that no clock but the database's decides. */
  expiresInSeconds: number
  scopes: string[]
}

export interface Grant extends Tokens {
  account: {
    /** The vendor's stable id of the account, not an e-mail. */
    id: string
    /** For display, and the `calendar_email` of the frontend. Never identity. */
    email: string
  }
}

export interface CalendarInfo {
  id: string
  /** One line. */
  name: string
  isMain: boolean
  /** May this account put events into it? */
  canWrite: boolean
  /** IANA name; `null` when the vendor does not tell. */
  timeZone: string | null
  /** Where a person sees this calendar in a browser. */
  link: string
  /** Lengths of appointments that it takes, the usual one first; none: any. */
  minutes: number[]
}

/**
 * Besides the codes above, every method may throw `consent_revoked` (the access token was refused: refresh once, then ask the user)
 * and `scope_missing`.
 */
export interface Calendar {
  /**
   * Busy times that overlap `range`, earliest first; those of one kind do not overlap each other. An answer that may be incomplete is an
   * error, never "free".
   * @param options `except` is a booking whose own event is left out; whatever else lies at the same time stays
   * @throws AppError `calendar_missing` when the account has no such calendar, or none any more
   */
  busy(range: Interval, options?: { except?: BookingRef | undefined }): Promise<BusyTime[]>
  /**
   * The only times within `range` at which it takes an appointment of so many minutes, earliest first. Left out by vendors that take any.
   * @param options `except` is a booking that is to move: it is not in its own way
   * @throws AppError `length_not_offered`, `calendar_missing`
   */
  slots?(range: Interval, minutes: number, options?: { except?: BookingRef | undefined }): Promise<Interval[]>
  /**
   * Every entry that reaches into `range`, earliest first, each under an id of its own; a series as its single times, cancelled ones left out.
   * A list that may be incomplete is an error.
   * @param timeZone IANA name; whole days lie in the calendar's own zone, or in this one where the vendor does not tell it
   */
  events(range: Interval, timeZone: string): Promise<CalendarEntry[]>
  /**
   * Creates the event and asks the vendor to invite the attendees. Repeating it with the same `bookingId` gives the first event again.
   * @throws AppError `slot_taken` when the event of this booking was deleted at the vendor in the meantime, or the vendor itself says that the
   * time is taken; `length_not_offered`, `contact_needed`
   */
  create(event: NewEvent): Promise<CalendarEvent>
  /**
   * The event that `create` made for this booking, as it stands now; `null` when there is none, or none any more.
   * @param options `toCancel`: also one of which nobody knows yet whether it takes place, and which is else `provider_unavailable`
   */
  read(booking: BookingRef, options?: { toCancel?: boolean }): Promise<CalendarEvent | null>
  /**
   * Makes the event of a booking what `event` says, as far as the vendor lets it be changed and in any case its time, and asks the vendor to
   * tell the guests. Repeating it changes nothing more.
   * @param eventId as `create`, `read` or `update` gave it last; an older one still leads there
   * @returns the event, which may have another id now
   * @throws AppError `event_missing` when it is gone, or is not the event of `event.bookingId`: then nothing is touched; `slot_taken`,
   * `length_not_offered` where the vendor says so
   */
  update(eventId: string, event: NewEvent): Promise<CalendarEvent>
  /**
   * Takes the event of a booking away and asks the vendor to tell the guests. One that is gone already is success; one that does not bear our
   * mark counts as gone, and is left alone.
   */
  cancel(eventId: string): Promise<void>
}

/** A booking of ours, with what leads to its event. */
export interface BookingRef extends Interval {
  bookingId: string
  /** As the vendor gave it last; `null` while it is not known whether there is an event. */
  eventId: string | null
}

export interface NewEvent {
  /** UUID; the vendor's own id or key is derived from it. */
  bookingId: string
  subject: string
  /** Plain text. */
  description: string
  location: string
  startsAt: Date
  endsAt: Date
  /** IANA name; the zone in which the event was agreed, for vendors that show it. */
  timeZone: string
  /** Who is invited; the customer first, where her address is known. */
  attendees: { name: string; email: string }[]
  /** Whom the appointment is with, as far as known; `null`: the owner has put it there for herself. */
  customer: { name: string | null; email: string | null; phone: string | null } | null
}

export interface CalendarEvent extends Interval {
  id: string
  /** Where the owner sees it in a browser. */
  link: string | null
}

/** What stands in a calendar, whoever wrote it: every text comes from outside, and is empty where there is none. */
export interface CalendarEntry extends Interval {
  id: string
  subject: string
  /** Whole days of the calendar's zone; the instants are its midnights. */
  isAllDay: boolean
  /** `null`: it takes none of her time, because it is shown as free or she has declined it. Else what `busy` calls it. */
  busy: { kind?: BusyKind | undefined } | null
  location: string
  attendees: Attendee[]
  isOnlineMeeting: boolean
  /** Where the owner sees it in a browser. */
  link: string | null
  /** Plain text, perhaps with line breaks. */
  body: string
}

export interface Attendee {
  /** The e-mail address where no name is known. */
  name: string
  email: string
  status: 'none' | 'accepted' | 'declined' | 'tentative' | 'organizer'
}

/**
 * Why an event might not take its owner's time after all, where the vendor tells. Of several the one that says most about her: `all_day`
 * last.
 */
export type BusyKind = 'working_elsewhere' | 'tentative' | 'out_of_office' | 'all_day'

/** When a calendar says that its owner has no time. */
export interface BusyTime extends Interval {
  /** Left out: it takes her time, whatever she has decided about the kinds. */
  kind?: BusyKind | undefined
}

/** Half-open: 9–10 and 10–11 do not overlap. Both ends are instants; a time zone matters only where people read or speak. */
export interface Interval {
  startsAt: Date
  endsAt: Date
}
