/** Dates without a zone, `to` exclusive: `{ from: '2026-11-20', to: '2026-11-21' }` is one day. */
export interface LocalRange {
  from: string
  to: string
}

/**
 * The instant of a local date or date and time in an IANA zone. A time that the clocks skip moves forward by the gap; one that they show
 * twice is the first.
 */
export function instantOf(local: string, timeZone: string): Date {
  return new Date(Temporal.PlainDateTime.from(local).toZonedDateTime(timeZone).epochMilliseconds)
}

/** The wall time of an instant, `2026-11-20T10:00:00`. */
export function localOf(at: Date, timeZone: string): string {
  return zoned(at, timeZone).toPlainDateTime().toString({ smallestUnit: 'second' })
}

/** With the offset of that zone at that time, `2026-11-20T10:00:00+01:00`; UTC is written as `Z`. */
export function offsetTime(at: Date, timeZone: string): string {
  const text = zoned(at, timeZone).toString({ timeZoneName: 'never', smallestUnit: 'second' })
  return timeZone === 'UTC' ? text.replace('+00:00', 'Z') : text
}

export function isIanaZone(name: string): boolean {
  try {
    // An offset such as "+01:00" is a zone for Temporal and for no calendar vendor.
    return !/^[+-]/.test(name) && Boolean(zoned(new Date(0), name))
  } catch {
    return false
  }
}

function zoned(at: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone)
}
