import * as z from 'zod'

/** Opening hours and the like, as they are written in a request. What is wrong with them is said in the words of whoever wrote them. */

// A day of quarters of an hour.
const MOST_STRETCHES = 48
const MOST_OVERRIDES = 400

const opens = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'write times as HH:MM, from 00:00 to 23:59, such as 09:00' })
const closes = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, { error: 'write times as HH:MM, such as 17:00; 24:00 is the midnight at the end of the day' })

const Stretch = z
  .tuple([opens, closes], { error: 'write each stretch as two times, such as ["09:00", "17:00"]' })
  .refine(([from, to]) => from < to, { error: ({ input }) => `${words(input)} ends before it begins` })

/** Of one day, in order. */
const Hours = z
  .array(Stretch)
  .max(MOST_STRETCHES)
  .superRefine((stretches, context) => {
    const sorted = stretches.toSorted(([a], [b]) => (a < b ? -1 : 1))
    for (const [index, stretch] of sorted.entries()) {
      const before = sorted[index - 1]
      if (before && stretch[0] < before[1]) context.addIssue({ code: 'custom', message: `${words(before)} and ${words(stretch)} overlap` })
    }
  })
  .transform((stretches) => stretches.toSorted(([a], [b]) => (a < b ? -1 : 1)))

const unknownNames = (allowed: string) => ({
  error: (issue: { code?: string; keys?: string[] }) =>
    issue.code === 'unrecognized_keys' ? `${issue.keys?.join(', ')} is none of ${allowed}` : undefined,
})

/** A weekday that is not named is closed. A misspelt one would be, too, so it is refused. */
export const OpeningHours = z.strictObject(
  {
    monday: Hours.optional(),
    tuesday: Hours.optional(),
    wednesday: Hours.optional(),
    thursday: Hours.optional(),
    friday: Hours.optional(),
    saturday: Hours.optional(),
    sunday: Hours.optional(),
  },
  unknownNames('monday to sunday'),
)

const day = z.iso
  .date({ error: 'write days as YYYY-MM-DD, such as 2026-12-24' })
  .refine((text) => !text.startsWith('0000'), { error: 'there is no year 0000' })

export const DateOverrides = z
  .array(
    z
      .object({ from: day, to: day, hours: Hours })
      .refine(({ from, to }) => from <= to, { error: 'the last day (to) is before the first one (from)' }),
  )
  .max(MOST_OVERRIDES)

/** Every word has its stretch. */
export const DayWindows = z.strictObject(
  { morning: Stretch, afternoon: Stretch, evening: Stretch, lunchtime: Stretch, after_work: Stretch },
  unknownNames('morning, afternoon, evening, lunchtime and after_work'),
)

function words(stretch: unknown): string {
  return Array.isArray(stretch) ? stretch.join(' to ') : ''
}
