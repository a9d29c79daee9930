import * as z from 'zod'
import { inZone } from '../calendar/zone.ts'
import type { Advert, Rental } from '../db/rentals.ts'
import type { User } from '../db/users.ts'
import type { Deps } from '../deps.ts'
import { instant } from '../http/zod.ts'
import { availabilityOf } from './availability.ts'

export const rentalExample: z.input<typeof RentalFields> = {
  id: 12,
  user_id: '0b5e6d1c-6d0a-4a39-9d2c-3a4f0f6a6c11',
  property_address: '12 Elm St, Austin, TX',
  price: 1850,
  bedrooms: 2,
  bathrooms: 1.5,
  square_feet: 900,
  property_type: null,
  available_date: '2026-12-15T00:00:00',
  description: 'Corner unit',
  contact_info: '555-0100',
  website: null,
  url: null,
  source_type: 'manual',
  published: true,
  created_at: '2026-11-30T12:00:00Z',
  updated_at: '2026-11-30T12:00:00Z',
  availability_status: 'Available December 15',
  days_until_available: 14,
}

const RentalFields = z.object({
  id: z.int(),
  user_id: z.string().meta({ description: "Its owner; empty without the owner's token" }),
  property_address: z.string(),
  price: z.number().meta({ description: 'Dollars a month' }),
  bedrooms: z.number(),
  bathrooms: z.number(),
  square_feet: z.int().nullable(),
  property_type: z.string().nullable(),
  available_date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T00:00:00$/)
    .nullable()
    .meta({ description: 'A day, as midnight wherever it is read; null: now' }),
  description: z.string().nullable(),
  contact_info: z.string().nullable().meta({ description: "Null without the owner's token" }),
  website: z.string().nullable(),
  url: z.string().nullable(),
  source_type: z.enum(['manual', 'scraped']),
  published: z.boolean().meta({ description: 'False: shown to its owner alone' }),
  created_at: instant,
  updated_at: instant,
  availability_status: z.string(),
  days_until_available: z.int().min(0),
})

export const RentalBody = RentalFields.meta({ id: 'Rental', examples: [rentalExample] })

/** The day that it is where the installation stands. */
export function localToday({ clock, config }: Deps): Temporal.PlainDate {
  return inZone(clock.now(), config.defaultTimeZone).toPlainDate()
}

/** For its owner. */
export function rentalBody(rental: Rental, owner: User, today: Temporal.PlainDate): z.input<typeof RentalBody> {
  return { ...advertBody(rental, today), user_id: owner.id, contact_info: rental.contactInfo, published: rental.published }
}

/** For everybody else. */
export function advertBody(advert: Advert, today: Temporal.PlainDate): z.input<typeof RentalBody> {
  const availability = availabilityOf(advert.availableDate, today)
  return {
    id: advert.id,
    user_id: '',
    property_address: advert.propertyAddress,
    price: advert.price,
    bedrooms: advert.bedrooms,
    bathrooms: advert.bathrooms,
    square_feet: advert.squareFeet,
    property_type: advert.propertyType,
    available_date: advert.availableDate === null ? null : `${advert.availableDate}T00:00:00`,
    description: advert.description,
    contact_info: null,
    website: advert.website,
    url: advert.url,
    source_type: advert.sourceType,
    published: true,
    created_at: advert.createdAt.toISOString(),
    updated_at: advert.updatedAt.toISOString(),
    availability_status: availability.text,
    days_until_available: availability.days,
  }
}
