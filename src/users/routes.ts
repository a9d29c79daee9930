import { signedInOnly } from '../http/auth.ts'
import type { RoutePlugin } from '../http/zod.ts'
import { UserBody, userBody, userExample } from './user-body.ts'

/** The signed-in user. */
export const userRoutes: RoutePlugin = async (app, { deps }) => {
  signedInOnly(app, deps)

  app.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        tags: ['users'],
        summary: 'Who is signed in; her record is made on first sight',
        security: [{ user: [] }],
        response: { 200: UserBody.meta({ id: 'User', examples: [userExample] }) },
      },
    },
    ({ user }) => userBody(deps, user),
  )
}
