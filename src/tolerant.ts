import * as z from 'zod'

// For what others send: absent, null and of an unexpected type are alike, so that one odd field makes nothing else unreadable.

export const tolerantText = z.string().min(1).nullish().catch(undefined)

export const tolerantNumber = z.number().nullish().catch(undefined)

/** Postgres has no character zero, and no index holds an endless text: such an id is nobody's. */
export const tolerantId = z
  .string()
  .min(1)
  .max(500)
  .refine((value) => !value.includes('\0'))
  .nullish()
  .catch(undefined)

/** Those items that fit. */
export function tolerantList<T extends z.ZodType>(item: T) {
  return z
    .array(z.unknown())
    .nullish()
    .catch(undefined)
    .transform((list) => (list ?? []).flatMap((one) => item.safeParse(one).data ?? []))
}

const EARLIEST = Date.UTC(2000, 0, 1)
const LATEST = Date.UTC(2100, 0, 1)

/** Milliseconds since 1970, or ISO text with a zone. */
export const tolerantInstant = z
  .union([z.number(), z.iso.datetime({ offset: true })])
  .transform((value) => new Date(value))
  .refine((at) => at.getTime() > EARLIEST && at.getTime() < LATEST)
  .nullish()
  .catch(undefined)
