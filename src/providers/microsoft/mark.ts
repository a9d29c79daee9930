import { z } from 'zod'

/** Marks our events. Fixed for ever: events made under another one would not be found again. */
const BOOKING_ID = 'String {6f0c8f3e-5d1b-4c57-9a0e-1b6d2f7f4c21} Name bookingId'

/** For `$expand`: Graph gives the mark away only where it is asked for. */
export const MARK = `singleValueExtendedProperties(${encodeURIComponent(`$filter=id eq '${BOOKING_ID}'`)})`
/** For `$filter`: events that bear the mark of this booking. */
export const markedBy = (bookingId: string) =>
  encodeURIComponent(`singleValueExtendedProperties/Any(ep: ep/id eq '${BOOKING_ID}' and ep/value eq '${bookingId}')`)
export const markOf = (bookingId: string) => [{ id: BOOKING_ID, value: bookingId }]

export const Marked = z.object({ singleValueExtendedProperties: z.array(z.object({ value: z.string() })).nullish() })

/** Which booking's event it is, read with `MARK`; `undefined`: none of ours. */
export function bookingIdOf({ singleValueExtendedProperties }: z.infer<typeof Marked>): string | undefined {
  return singleValueExtendedProperties?.[0]?.value
}
