import * as z from 'zod'
import type { User } from '../../db/users.ts'
import { serviceOnly } from '../../http/auth.ts'
import { done, problems, type RoutePlugin } from '../../http/zod.ts'
import { disconnectVendor } from '../../oauth/connections.ts'
import { confirmConnected } from '../../oauth/status.ts'
import { VENDORS } from '../../vendors.ts'
import { deleteUser } from '../delete.ts'
import { findKnownUser } from '../known-user.ts'
import { ClerkUserId, profileText } from '../profile.ts'
import { STAYS_DELETED, type Told, tellOfUser } from '../sync.ts'
import { UserBody, userBody, userExample } from '../user-body.ts'

const toldAt = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const names = {
  email: profileText.describe('Missing: she has none'),
  first_name: profileText,
  last_name: profileText,
}
const NewUser = z.object({ clerk_user_id: ClerkUserId, ...names, created_at: toldAt.optional() }).meta({
  examples: [
    {
      clerk_user_id: 'user_2abc',
      email: 'dana@example.com',
      first_name: 'Dana',
      last_name: 'Reyes',
      created_at: '2026-10-22T18:46:13.809Z',
    },
  ],
})
const ChangedUser = z.object({ ...names, updated_at: toldAt }).meta({
  examples: [{ email: 'dana@example.com', first_name: 'Dana', last_name: null, updated_at: '2026-10-23T09:00:00.000Z' }],
})
const CalendarStatus = z
  .object({ provider: z.enum(VENDORS), connected: z.boolean() })
  .meta({ examples: [{ provider: 'google', connected: false }] })

const data = UserBody.extend({ id: z.uuid().describe('The same as user_id') })
const example = { success: true as const, message: 'The user is up to date.', data: { ...userExample, id: userExample.user_id } }
const Known = z.object({ success: z.literal(true), message: z.string(), data }).meta({ examples: [example] })
/** Of a user who was deleted there is nothing to tell, and nothing that the sender could do about it. */
const Kept = Known.extend({ data: data.nullable().describe('null: she was deleted, and stays so') }).meta({ examples: [example] })

const WORDS = {
  created: 'The user was created.',
  changed: 'The user was updated.',
  unchanged: 'The user is up to date.',
  deleted: STAYS_DELETED,
} as const satisfies Record<Told['outcome'], string>

/** What the frontend's server hands on of Clerk's events: late, twice, in any order or never. */
export const syncRoutes: RoutePlugin = async (app, { deps }) => {
  const common = { tags: ['users'], security: [{ serviceSecret: [] }] }
  const byClerkId = z.object({ clerk_user_id: ClerkUserId })
  serviceOnly(app, deps)

  const keptBody = async (told: Told) => ({
    success: true as const,
    message: WORDS[told.outcome],
    data: told.outcome === 'deleted' ? null : await bodyWithId(told.user),
  })
  const bodyWithId = async (user: User) => ({ ...(await userBody(deps, user)), id: user.id })

  app.post(
    '/create-from-clerk',
    {
      schema: {
        ...common,
        operationId: 'createUserFromClerk',
        summary: 'A user signed up at Clerk; doing it again gives the user that is there',
        body: NewUser,
        response: { 200: Kept, 201: Kept },
      },
    },
    async ({ body }, reply) => {
      const { clerk_user_id: clerkUserId, email, first_name: firstName, last_name: lastName, created_at: createdAt = null } = body
      const told = await tellOfUser(deps, { clerkUserId, profile: { email, firstName, lastName }, updatedAt: createdAt })
      reply.code(told.outcome === 'created' ? 201 : 200)
      return keptBody(told)
    },
  )

  app.patch(
    '/by-clerk-id/:clerk_user_id',
    {
      schema: {
        ...common,
        operationId: 'updateUserFromClerk',
        summary: 'A user changed at Clerk; one who is unknown is made, an older change does nothing',
        params: byClerkId,
        body: ChangedUser,
        response: { 200: Kept },
      },
    },
    async ({ params, body }) => {
      const { email, first_name: firstName, last_name: lastName, updated_at: updatedAt } = body
      const profile = { email, firstName, lastName }
      return keptBody(await tellOfUser(deps, { clerkUserId: params.clerk_user_id, profile, updatedAt }))
    },
  )

  app.delete(
    '/by-clerk-id/:clerk_user_id',
    {
      schema: {
        ...common,
        operationId: 'deleteUserFromClerk',
        summary: 'Deletes a user and all that is hers, and ends her grants at the calendar vendors; unknown is success too',
        params: byClerkId,
        response: { 200: done('The user is deleted.') },
      },
    },
    async ({ params }) => {
      await deleteUser(deps, params.clerk_user_id)
      return { success: true as const, message: 'The user is deleted.' }
    },
  )

  app.get(
    '/by-clerk-id/:clerk_user_id',
    {
      schema: {
        ...common,
        operationId: 'getUserByClerkId',
        summary: 'A user by her Clerk id',
        params: z.object({ clerk_user_id: z.string() }),
        response: { 200: Known },
      },
    },
    async ({ params }) => {
      const user = await findKnownUser(deps, params.clerk_user_id)
      return { success: true as const, message: 'The user is known.', data: await bodyWithId(user) }
    },
  )

  app.patch(
    '/:user_id/calendar-status',
    {
      schema: {
        ...common,
        operationId: 'updateCalendarStatus',
        summary: 'Disconnects a calendar, or confirms that it is connected; a connection cannot be made up',
        params: z.object({ user_id: z.string().describe('Our id or the Clerk id') }),
        body: CalendarStatus,
        response: { 200: Known, ...problems(409) },
      },
    },
    async ({ params, body }) => {
      const user = await findKnownUser(deps, params.user_id)
      await (body.connected ? confirmConnected : disconnectVendor)(deps, user.clerkUserId, body.provider)
      const message = body.connected ? 'The calendar is connected.' : 'The calendar is disconnected.'
      return { success: true as const, message, data: await bodyWithId(user) }
    },
  )
}
