import * as z from 'zod'
import { inTenant } from '../db/client.ts'
import { deleteRental, updateRental } from '../db/rentals.ts'
import { AppError } from '../errors.ts'
import { signedInOnly } from '../http/auth.ts'
import { done, problems, type RoutePlugin, rowId } from '../http/zod.ts'
import { Changes, NewRental } from './form.ts'
import { localToday, RentalBody, rentalBody } from './rental-body.ts'
import { addRental } from './rentals.ts'

const params = z.object({ rental_id: rowId })

/** The signed-in user's own rentals. They are read at `/database/available`. */
export const rentalRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.post(
    '/',
    {
      schema: {
        operationId: 'createRental',
        tags: ['rentals'],
        summary: 'Advertises a rental: everybody sees it, but for the contact details, unless published is false',
        security,
        body: NewRental,
        response: { 201: RentalBody, ...problems(409) },
      },
    },
    async ({ user, body }, reply) => {
      const rental = await addRental(deps, user.clerkUserId, {
        propertyAddress: body.property_address,
        price: body.price,
        bedrooms: body.bedrooms,
        bathrooms: body.bathrooms,
        squareFeet: body.square_feet ?? null,
        propertyType: body.property_type ?? null,
        availableDate: body.available_date ?? null,
        description: body.description ?? null,
        contactInfo: body.contact_info ?? null,
        website: body.website ?? null,
        url: body.url ?? null,
        published: body.published ?? true,
      })
      reply.code(201)
      return rentalBody(rental, user, localToday(deps))
    },
  )

  app.patch(
    '/:rental_id',
    {
      schema: {
        operationId: 'updateRental',
        tags: ['rentals'],
        summary: 'Changes what is sent and leaves the rest; null empties a field that may be empty. The address cannot be changed',
        security,
        params,
        body: Changes,
        response: { 200: RentalBody },
      },
    },
    async ({ user, params, body }) => {
      const rental = await inTenant(deps.db, user.clerkUserId, (trx) =>
        updateRental(trx, user.clerkUserId, params.rental_id, {
          price: body.price,
          bedrooms: body.bedrooms,
          bathrooms: body.bathrooms,
          squareFeet: body.square_feet,
          propertyType: body.property_type,
          availableDate: body.available_date,
          description: body.description,
          contactInfo: body.contact_info,
          website: body.website,
          url: body.url,
          published: body.published,
        }),
      )
      if (!rental) throw new AppError('not_found', 'no such rental')
      return rentalBody(rental, user, localToday(deps))
    },
  )

  app.delete(
    '/:rental_id',
    {
      schema: {
        operationId: 'deleteRental',
        tags: ['rentals'],
        summary: 'Takes a rental away for good',
        security,
        params,
        response: { 200: done('The rental is deleted.') },
      },
    },
    async ({ user, params }) => {
      const isGone = await inTenant(deps.db, user.clerkUserId, (trx) => deleteRental(trx, user.clerkUserId, params.rental_id))
      if (!isGone) throw new AppError('not_found', 'no such rental')
      return { success: true as const, message: 'The rental is deleted.' }
    },
  )
}
