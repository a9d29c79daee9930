import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import { type Agent, claimAssistant, findAgent, insertAgent, listAgents, replaceSecret } from '../db/agents.ts'
import { inTenant } from '../db/client.ts'
import type { User } from '../db/users.ts'
import { AppError } from '../errors.ts'
import { signedInOnly } from '../http/auth.ts'
import { instant, problems, type RoutePlugin } from '../http/zod.ts'
import { sha256Hex } from '../secrets.ts'

const AgentBody = z
  .object({
    agent_id: z.int(),
    user_id: z.uuid(),
    vapi_assistant_id: z.string().nullable(),
    agent_name: z.string(),
    is_active: z.boolean(),
    config: z.record(z.string(), z.unknown()).nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Agent' })

const NewAgent = z.object({
  agent_name: z.string().trim().min(1).max(200),
  vapi_assistant_id: z.string().trim().min(1).max(200).optional(),
  is_active: z.boolean().default(true),
  config: z.record(z.string(), z.unknown()).optional().describe('Kept and returned unchanged'),
})

/** The signed-in user's agents: which Vapi assistants answer for her. */
export const agentRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listAgents',
        tags: ['agents'],
        summary: 'All agents of the signed-in user, newest first',
        security,
        response: { 200: z.array(AgentBody) },
      },
    },
    async ({ user }) => {
      const agents = await inTenant(deps.db, user.clerkUserId, (trx) => listAgents(trx, user.clerkUserId))
      return agents.map((agent) => bodyOf(agent, user))
    },
  )

  app.post(
    '/',
    {
      schema: {
        operationId: 'createAgent',
        tags: ['agents'],
        summary: 'Makes an agent, or links an assistant that exists at Vapi; an assistant belongs to one user only',
        security,
        body: NewAgent,
        response: { 201: AgentBody, ...problems(409) },
      },
    },
    async ({ user, body }, reply) => {
      const { agent_name: agentName, vapi_assistant_id: vapiAssistantId = null, is_active: isActive, config = null } = body
      const agent = await inTenant(deps.db, user.clerkUserId, async (trx) => {
        if (vapiAssistantId !== null && !(await claimAssistant(trx, vapiAssistantId)))
          throw new AppError('assistant_taken', 'of another user')
        return insertAgent(trx, { clerkUserId: user.clerkUserId, agentName, vapiAssistantId, isActive, config })
      })
      reply.code(201)
      return bodyOf(agent, user)
    },
  )

  app.post(
    '/:agent_id/secret',
    {
      schema: {
        operationId: 'createAgentSecret',
        tags: ['agents'],
        summary: "Makes a new secret for this assistant's webhook. It is shown only now; the one before stays good until the next is made",
        security,
        // Any text: what is no id is nobody's agent.
        params: z.object({ agent_id: z.string() }),
        response: { 201: z.object({ secret: z.string(), header: z.literal('X-Vapi-Secret') }) },
      },
    },
    async ({ user, params }, reply) => {
      const secret = randomBytes(32).toString('base64url')
      const agentId = /^[1-9]\d{0,8}$/.test(params.agent_id) ? Number(params.agent_id) : 0
      await inTenant(deps.db, user.clerkUserId, async (trx) => {
        const agent = await findAgent(trx, user.clerkUserId, agentId)
        if (!agent) throw new AppError('not_found', 'no such agent')
        await replaceSecret(trx, agent, sha256Hex(secret))
      })
      reply.code(201)
      return { secret, header: 'X-Vapi-Secret' as const }
    },
  )
}

function bodyOf(agent: Agent, user: User): z.input<typeof AgentBody> {
  return {
    agent_id: agent.agentId,
    user_id: user.id,
    vapi_assistant_id: agent.vapiAssistantId,
    agent_name: agent.agentName,
    is_active: agent.isActive,
    config: z.record(z.string(), z.unknown()).nullable().parse(agent.config),
    created_at: agent.createdAt.toISOString(),
    updated_at: agent.updatedAt.toISOString(),
  }
}
