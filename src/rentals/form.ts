import * as z from 'zod'
import { oneLine, plainLines } from '../one-line.ts'
import { websiteName } from './website.ts'

/** What owners fill in. The texts are shown to strangers, so control and direction characters leave them here. */

const number = (highest: number, meaning: string) => {
  const error = `must be ${meaning}, from 0 to ${highest}`
  return z.number({ error }).min(0, { error }).max(highest, { error })
}

const text = (longest: number) => z.string().max(longest, { error: `must have at most ${longest} characters` })

/** An empty text is none. */
const line = (longest: number) => text(longest).transform((given) => oneLine(given, longest) || null)

const lines = (longest: number) => text(longest).transform((given) => plainLines(given, longest) || null)

// Programs send a day as its midnight: whatever time is written behind it says nothing.
const day = z
  .union([z.literal(''), z.iso.date(), z.iso.datetime({ offset: true, local: true })], { error: 'must be a date such as 2026-12-15' })
  .transform((given) => given.slice(0, 10) || null)
  .refine((date) => date === null || date >= '1900', { error: 'must be a date such as 2026-12-15' })

/** A link that a browser may follow. Everybody sees it, so a password that was copied along is refused. */
export const link = text(500)
  .transform((given) => oneLine(given, 500))
  .refine((given) => /^https?:\/\/[^\s/]\S*$/i.test(given) && URL.parse(given)?.username === '' && URL.parse(given)?.password === '', {
    error: 'must be an address that begins with http:// or https://, without a user name or password',
  })

const required = {
  price: number(10_000_000, 'a number of dollars'),
  bedrooms: number(100, 'a number of rooms'),
  bathrooms: number(100, 'a number of rooms'),
}

const optional = {
  square_feet: number(10_000_000, 'a whole number').int({ error: 'must be a whole number' }).nullish(),
  property_type: line(100).nullish(),
  available_date: day.nullish().describe('A day; of a date and time the date'),
  description: lines(4000).nullish(),
  contact_info: line(200).nullish().describe('Shown to the owner alone'),
  website: text(500)
    .transform((given) => websiteName(given) || null)
    .nullish()
    .describe('The site it is advertised on'),
  url: z
    .union([z.literal(''), link])
    .transform((given) => given || null)
    .nullish()
    .describe('Its page there'),
  published: z.boolean().optional().describe('False: shown to the owner alone'),
}

export const NewRental = z
  .object({
    property_address: text(200)
      .transform((given) => oneLine(given, 200))
      .refine((address) => address !== '', { error: 'must say where it is' }),
    ...required,
    ...optional,
  })
  .meta({
    examples: [
      {
        property_address: '12 Elm St, Austin, TX',
        price: 1850,
        bedrooms: 2,
        bathrooms: 1.5,
        square_feet: 900,
        description: 'Corner unit',
        available_date: '2026-12-15',
        contact_info: '555-0100',
      },
    ],
  })

export const Changes = z
  .object({ ...required, ...optional })
  .partial()
  .meta({ examples: [{ price: 1795, description: 'Corner unit, freshly painted' }] })
