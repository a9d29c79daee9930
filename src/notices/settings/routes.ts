import * as z from 'zod'
import { NOTICE_KINDS } from '../../db/notices.ts'
import { signedInOnly } from '../../http/auth.ts'
import { instant, problems, type RoutePlugin } from '../../http/zod.ts'
import { changeSettings, rotateSecret, type ShownSettings, settingsOf, testWebhook } from '../settings.ts'

const EXAMPLE = {
  email: { available: true, enabled: true, address: 'dana@example.com', own_acts: true },
  kinds: [...NOTICE_KINDS],
  webhook: { enabled: true, url: 'https://hooks.example.com/ringbook', secret: null, old_secret_until: null },
}

const Settings = z
  .object({
    email: z.object({
      available: z.boolean().describe('False: this installation sends no e-mails'),
      enabled: z.boolean(),
      address: z.string().nullable().describe('Where they go; null: no address is known'),
      own_acts: z.boolean().describe('Also of what the user has done herself'),
    }),
    kinds: z.array(z.string()).describe('Those that are sent, over either channel'),
    webhook: z.object({
      enabled: z.boolean(),
      url: z.string().nullable(),
      secret: z.string().nullable().describe('Only in the answer to the request by which it was made; what is sent is signed with it'),
      old_secret_until: instant.nullable().describe('Until then the secret before signs too'),
    }),
  })
  .meta({ id: 'NoticeSettings', examples: [EXAMPLE] })

const Change = z
  .object({
    email: z
      .object({
        enabled: z.boolean().optional(),
        address: z.email().max(254).nullable().optional().describe("null: the user's own"),
        own_acts: z.boolean().optional(),
      })
      .optional(),
    kinds: z.array(z.enum(NOTICE_KINDS)).max(50).nullable().optional().describe('null: all, later ones too'),
    webhook: z
      .object({
        enabled: z.boolean().optional(),
        url: z.string().max(2000).nullable().optional().describe('https, on the public internet. Setting it switches the webhook on'),
      })
      .optional(),
  })
  .meta({ examples: [{ email: { address: 'desk@example.com' }, webhook: { url: 'https://hooks.example.com/ringbook' } }] })

const NewSecret = z
  .object({ secret: z.string(), old_secret_until: instant.nullable().describe('Until then the secret before signs too') })
  .meta({ examples: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=', old_secret_until: '2026-11-30T23:00:00.000Z' }] })

const Tested = z
  .object({
    delivered: z.boolean(),
    status: z.number().int().nullable().describe('What the webhook answered'),
    problem: z.string().nullable().describe('Why there was no answer: timeout, address_refused, ECONNREFUSED, …'),
  })
  .meta({ examples: [{ delivered: true, status: 204, problem: null }] })

/** How the signed-in user is told: by e-mail, and at a webhook of her own. */
export const noticeSettingRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['notices']
  signedInOnly(app, deps)
  const bodyOf = (settings: ShownSettings) => shownAs(settings, deps.config.mail !== undefined)

  app.get(
    '/',
    {
      schema: {
        operationId: 'getNoticeSettings',
        tags,
        summary: 'Which notices go out by e-mail and to a webhook, and where to',
        security,
        response: { 200: Settings },
      },
    },
    async ({ user }) => bodyOf(await settingsOf(deps, user.clerkUserId)),
  )

  app.patch(
    '/',
    {
      schema: {
        operationId: 'changeNoticeSettings',
        tags,
        summary: 'Changes how notices go out; what is left out stays',
        security,
        body: Change,
        response: { 200: Settings, ...problems(409) },
      },
    },
    async ({ user, body: { email, kinds, webhook } }) => {
      const { enabled, address, own_acts: ownActs } = email ?? {}
      const change = { email: { enabled, address, ownActs }, kinds, webhook: { enabled: webhook?.enabled, url: webhook?.url } }
      return bodyOf(await changeSettings(deps, user.clerkUserId, change))
    },
  )

  app.post(
    '/webhook/secret',
    {
      schema: {
        operationId: 'renewWebhookSecret',
        tags,
        summary: 'A new secret for the webhook; the one before signs beside it for a day',
        security,
        response: { 200: NewSecret, ...problems(409) },
      },
    },
    async ({ user }) => {
      const { secret, oldUntil } = await rotateSecret(deps, user.clerkUserId)
      return { secret, old_secret_until: oldUntil?.toISOString() ?? null }
    },
  )

  app.post(
    '/webhook/test',
    {
      schema: {
        operationId: 'testWebhook',
        tags,
        summary: 'Sends a signed ping to the webhook and tells what came back',
        security,
        response: { 200: Tested, ...problems(409) },
      },
    },
    async ({ user, signal }) => {
      const answer = await testWebhook(deps, user.clerkUserId, signal)
      if ('problem' in answer) return { delivered: false, status: null, problem: answer.problem }
      return { delivered: answer.status >= 200 && answer.status < 300, status: answer.status, problem: null }
    },
  )
}

function shownAs(settings: ShownSettings, available: boolean) {
  const { emailEnabled, emailOfOwnActs, address, kinds, webhookEnabled, webhookUrl, newSecret, webhookOldUntil } = settings
  return {
    email: { available, enabled: emailEnabled, address, own_acts: emailOfOwnActs },
    kinds: kinds ?? [...NOTICE_KINDS],
    webhook: { enabled: webhookEnabled, url: webhookUrl, secret: newSecret, old_secret_until: webhookOldUntil?.toISOString() ?? null },
  }
}
