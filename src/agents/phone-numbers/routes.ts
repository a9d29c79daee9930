import * as z from 'zod'
import { signedInOnly } from '../../http/auth.ts'
import { problems, type RoutePlugin, rowId } from '../../http/zod.ts'
import { attachNumber, detachNumber, type OwnNumber, phoneNumbersOf } from '../phone-numbers.ts'

const params = z.object({ agent_id: rowId })
const numberId = z.string().trim().min(1).max(200).describe("The number's id at Vapi")

const EXAMPLE = {
  id: '6f2f1f6e-4d5b-4a53-9a0e-0b1f1a8a1c11',
  provider: 'twilio',
  number: '+13125550142',
  name: 'Front desk',
  agent_id: 3,
}
const NumberBody = z
  .object({
    id: numberId,
    provider: z.string(),
    number: z.string().nullable().describe('E.164'),
    name: z.string().nullable(),
    agent_id: z.int().nullable().describe('Which of your agents answers there'),
  })
  .meta({ examples: [EXAMPLE] })
const NumberList = z.object({ phone_numbers: z.array(NumberBody) }).meta({ examples: [{ phone_numbers: [EXAMPLE] }] })
const Attached = z.object({ phone_number_id: numberId }).meta({ examples: [{ phone_number_id: EXAMPLE.id }] })

/** Who answers which phone number at Vapi. */
export const phoneNumberRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['agents']
  signedInOnly(app, deps)

  app.get(
    '/phone-numbers',
    {
      schema: {
        operationId: 'listPhoneNumbers',
        tags,
        summary:
          'Your phone numbers at Vapi: all of your own account, or, in the shared one, those that your assistants answer and those of your businesses that nobody answers',
        security,
        response: { 200: NumberList, ...problems(409, 502) },
      },
    },
    async ({ user }) => ({ phone_numbers: (await phoneNumbersOf(deps, user.clerkUserId)).map(numberBody) }),
  )

  app.post(
    '/:agent_id/phone-number',
    {
      schema: {
        operationId: 'attachPhoneNumber',
        tags,
        summary: "From now on this agent's assistant answers that number; whatever else is said about it at Vapi stays",
        security,
        params,
        body: Attached,
        response: { 200: NumberBody, ...problems(409, 502) },
      },
    },
    async ({ user, params, body }) => numberBody(await attachNumber(deps, user.clerkUserId, params.agent_id, body.phone_number_id)),
  )

  app.delete(
    '/:agent_id/phone-number/:phone_number_id',
    {
      schema: {
        operationId: 'detachPhoneNumber',
        tags,
        summary: 'This agent does not answer that number any more, and nobody else does',
        security,
        params: params.extend({ phone_number_id: numberId }),
        response: { 200: NumberBody, ...problems(409, 502) },
      },
    },
    async ({ user, params }) => numberBody(await detachNumber(deps, user.clerkUserId, params.agent_id, params.phone_number_id)),
  )
}

function numberBody({ id, provider, number, name, agentId }: OwnNumber): z.input<typeof NumberBody> {
  return { id, provider, number, name, agent_id: agentId }
}
