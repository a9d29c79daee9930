/** An IANA name that this machine's rules know. */
export function isTimeZone(name: string): boolean {
  try {
    Temporal.Now.zonedDateTimeISO(name)
    return true
  } catch {
    return false
  }
}

/** The same, and the name of a place: a mere offset is the time zone of nobody's business. */
export function isZoneName(name: string): boolean {
  return /^[A-Za-z][\w+/-]*$/.test(name) && isTimeZone(name)
}
