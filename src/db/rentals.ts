import { type Selectable, sql } from 'kysely'
import type { Db, TenantDb } from './client.ts'
import type { Rentals } from './schema.ts'

/** What everybody may know of a rental: neither whose it is nor how to reach her. */
export interface Advert {
  id: number
  propertyAddress: string
  /** Dollars a month. */
  price: number
  /** 0: a studio. */
  bedrooms: number
  bathrooms: number
  squareFeet: number | null
  propertyType: string | null
  /** `YYYY-MM-DD`, a day without a zone; `null`: now. */
  availableDate: string | null
  description: string | null
  website: string | null
  url: string | null
  sourceType: 'manual' | 'scraped'
  createdAt: Date
  updatedAt: Date
}

/** As its owner sees it. */
export interface Rental extends Advert {
  contactInfo: string | null
  published: boolean
}

/** What its owner says about a rental. */
export type NewRental = Omit<Rental, 'id' | 'sourceType' | 'createdAt' | 'updatedAt'>

/** What is left out or `undefined` stays. The address cannot be changed. */
export type RentalChanges = { [Name in keyof Omit<NewRental, 'propertyAddress'>]?: NewRental[Name] | undefined }

/** How many rentals are advertised on a website; `null` for those on none. */
export interface WebsiteCount {
  website: string | null
  rentalCount: number
  lastUpdatedAt: Date
}

const COLUMNS = [
  'id',
  'propertyAddress',
  'price',
  'bedrooms',
  'bathrooms',
  'squareFeet',
  'propertyType',
  'availableDate',
  'description',
  'contactInfo',
  'website',
  'url',
  'sourceType',
  'published',
  'createdAt',
  'updatedAt',
] as const

/** A user's own, newest first. @param only those of one website, in whatever case; those that are published */
export async function listRentals(
  trx: TenantDb,
  clerkUserId: string,
  only: { website?: string; published?: true } = {},
): Promise<Rental[]> {
  const rows = await trx
    .selectFrom('rentals')
    .select(COLUMNS)
    .where('clerkUserId', '=', clerkUserId)
    .$if(only.website !== undefined, (query) => query.where(sql<boolean>`lower(website) = lower(${only.website})`))
    .$if(only.published === true, (query) => query.where('published', '=', true))
    .orderBy('id', 'desc')
    .execute()
  return rows.map(numbered)
}

/** The published ones of all tenants, newest first; of too many, each owner's newest. Needs no tenant. @param website in whatever case; any when left out */
export async function listPublished(db: Db, atMost: number, website?: string): Promise<Advert[]> {
  const { rows } = await sql<Selectable<Omit<Rentals, 'clerkUserId' | 'contactInfo' | 'published'>>>`
    select * from rentals_published(${website ?? null}, ${atMost})`.execute(db)
  return rows.map(numbered)
}

/** A user's own, published or not. */
export async function countRentals(trx: TenantDb, clerkUserId: string): Promise<number> {
  const counted = trx.selectFrom('rentals').select(sql<number>`count(*)::integer`.as('rentals'))
  return (await counted.where('clerkUserId', '=', clerkUserId).executeTakeFirstOrThrow()).rentals
}

export async function insertRental(trx: TenantDb, clerkUserId: string, rental: NewRental): Promise<Rental> {
  return numbered(
    await trx
      .insertInto('rentals')
      .values({ ...rental, clerkUserId })
      .returning(COLUMNS)
      .executeTakeFirstOrThrow(),
  )
}

/** `undefined` when she has none of that id. */
export async function updateRental(trx: TenantDb, clerkUserId: string, id: number, changes: RentalChanges): Promise<Rental | undefined> {
  const changed = await trx
    .updateTable('rentals')
    .set({ ...changes, updatedAt: sql<Date>`now()` })
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst()
  return changed && numbered(changed)
}

/** False when she has none of that id. */
export async function deleteRental(trx: TenantDb, clerkUserId: string, id: number): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('rentals')
    .where('clerkUserId', '=', clerkUserId)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** A user's own, by website. */
export async function countByWebsite(trx: TenantDb, clerkUserId: string): Promise<WebsiteCount[]> {
  return trx
    .selectFrom('rentals')
    .select((eb) => ['website', sql<number>`count(*)::integer`.as('rentalCount'), eb.fn.max('updatedAt').as('lastUpdatedAt')])
    .where('clerkUserId', '=', clerkUserId)
    .groupBy('website')
    .execute()
}

/** The published ones of all tenants, by website. Needs no tenant. */
export async function countPublishedByWebsite(db: Db): Promise<WebsiteCount[]> {
  return (await sql<WebsiteCount>`select * from rentals_published_by_website()`.execute(db)).rows
}

/** The driver gives decimals as text. */
function numbered<Row extends { price: string; bedrooms: string; bathrooms: string; sourceType: string }>(row: Row) {
  return {
    ...row,
    price: Number(row.price),
    bedrooms: Number(row.bedrooms),
    bathrooms: Number(row.bathrooms),
    sourceType: row.sourceType === 'scraped' ? ('scraped' as const) : ('manual' as const),
  }
}
