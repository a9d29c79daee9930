import type { StoredEvent } from './people.ts'

/** One message that a vendor sent to a guest of an event. */
export interface Told {
  email: string
  what: 'invited' | 'changed' | 'cancelled'
  /** As the message had it; `null`: whole days. */
  startsAt: Date | null
}

/** Tells the guests what has become of an event; `before` is how it was, `null` when it is new. */
export function tellGuests(event: StoredEvent, before: StoredEvent | null): void {
  const startsAt = 'allDay' in event.time ? null : event.time.startsAt
  const tell = (guests: { email: string }[], what: Told['what']) =>
    event.told.push(...guests.map(({ email }) => ({ email, what, startsAt })))
  if (event.deleted) return void tell(event.attendees, 'cancelled')
  const [were, are] = [before?.attendees ?? [], event.attendees]
  const isIn = (list: { email: string }[]) => (one: { email: string }) => list.some(({ email }) => email === one.email)
  tell(
    are.filter((one) => !isIn(were)(one)),
    'invited',
  )
  tell(
    were.filter((one) => !isIn(are)(one)),
    'cancelled',
  )
  if (before && shown(before) !== shown(event)) tell(are.filter(isIn(were)), 'changed')
}

/** What a guest sees of an event. */
function shown({ subject, description, location, time }: StoredEvent): string {
  return JSON.stringify({ subject, description, location, time })
}
