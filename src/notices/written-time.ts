/** "Tuesday, December 1, 2026 at 9:00 AM", in the zone in which it was agreed. */
export function writtenTime(at: Date, timeZone: string): string {
  const day = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' }).format(at)
  const time = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', minute: '2-digit' }).format(at)
  return `${day} at ${time.replaceAll(/\s/gu, ' ')}`
}
