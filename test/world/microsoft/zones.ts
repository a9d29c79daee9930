import { findIana, findWindows } from 'windows-iana'
import { isIanaZone } from '../zones.ts'

/** Graph takes Windows names and IANA names. */
export function ianaOf(name: string): string | undefined {
  const [iana] = findIana(name)
  // The list's first name for UTC is one that answers would then carry around.
  if (name === 'UTC') return name
  return iana ?? (isIanaZone(name) ? name : undefined)
}

/** Mailboxes speak of zones by their Windows names. */
export function windowsOf(iana: string): string {
  const canonical = new Intl.DateTimeFormat('en', { timeZone: iana }).resolvedOptions().timeZone
  return findWindows(iana)[0] ?? findWindows(canonical)[0] ?? 'UTC'
}
