import * as z from 'zod'
import { type Agent, type AgentValues, listAgents } from '../db/agents.ts'
import { inTenant } from '../db/client.ts'
import type { User } from '../db/users.ts'
import { signedInOnly } from '../http/auth.ts'
import { done, instant, line, problems, type RoutePlugin, rowId } from '../http/zod.ts'
import { addAgent, agentOf, changeAgent, removeAgent, renewSecret } from './agents.ts'

const Config = z.record(z.string(), z.unknown())

const CONFIG_EXAMPLE = {
  model: { provider: 'openai', model: 'gpt-4', messages: [{ role: 'system', content: 'You arrange viewings.' }] },
  voice: { provider: 'playht', voiceId: 'jennifer' },
  firstMessage: 'Hello!',
  serverUrl: 'https://backend.example/vapi/webhook',
}
const AGENT_EXAMPLE = {
  agent_id: 3,
  user_id: '550e8400-e29b-41d4-a716-446655440000',
  vapi_assistant_id: 'f9847210-e18e-4b19-8880-8532eabc971e',
  agent_name: 'Viewing desk',
  is_active: true,
  config: CONFIG_EXAMPLE,
  created_at: '2026-10-30T01:30:00.000Z',
  updated_at: '2026-10-30T01:30:00.000Z',
}

export const AgentBody = z
  .object({
    agent_id: z.int(),
    user_id: z.uuid(),
    vapi_assistant_id: z.string().nullable(),
    agent_name: z.string(),
    is_active: z.boolean(),
    config: Config.nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: 'Agent', examples: [AGENT_EXAMPLE] })

/** Newest first. */
export const AgentList = z.array(AgentBody).meta({ examples: [[AGENT_EXAMPLE]] })

const name = line(200)
const assistantId = z.string().trim().min(1).max(200)

export const NewAgent = z
  .object({
    agent_name: name,
    vapi_assistant_id: assistantId.nullish().describe('An assistant that exists at Vapi'),
    is_active: z.boolean().default(true),
    config: Config.nullish().describe('Kept and returned unchanged'),
  })
  .meta({ examples: [{ agent_name: 'Viewing desk', is_active: true, config: CONFIG_EXAMPLE }] })

const AgentChanges = z
  .object({
    agent_name: name.optional(),
    vapi_assistant_id: assistantId.nullable().optional().describe('null unlinks'),
    is_active: z.boolean().optional(),
    config: Config.nullable().optional().describe('Top-level keys that are not sent stay; null clears it'),
  })
  .meta({ examples: [{ agent_name: 'Viewing desk', config: CONFIG_EXAMPLE }] })

const params = z.object({ agent_id: rowId })

const Secret = z
  .object({ secret: z.string(), header: z.literal('X-Vapi-Secret') })
  .meta({ examples: [{ secret: 'q0Pn2cTqk0S5zZr3bLx8mJ1vYw6dHf4uAe7gKi9oNsE', header: 'X-Vapi-Secret' }] })

/** The signed-in user's agents: which Vapi assistants answer for her. */
export const agentRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['agents']
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listAgents',
        tags,
        summary: 'All agents of the signed-in user, newest first',
        security,
        response: { 200: AgentList },
      },
    },
    async ({ user }) => {
      const agents = await inTenant(deps.db, user.clerkUserId, (trx) => listAgents(trx, user.clerkUserId))
      return agents.map((agent) => agentBody(agent, user))
    },
  )

  app.post(
    '/',
    {
      schema: {
        operationId: 'createAgent',
        tags,
        summary: 'Makes an agent, or links an assistant that exists at Vapi; an assistant that the user has linked gives the agent it has',
        security,
        body: NewAgent,
        response: { 200: AgentBody, 201: AgentBody, ...problems(409) },
      },
    },
    async ({ user, body }, reply) => {
      const { agent, isNew } = await addAgent(deps, user.clerkUserId, newAgentValues(body))
      reply.code(isNew ? 201 : 200)
      return agentBody(agent, user)
    },
  )

  app.get(
    '/:agent_id',
    {
      schema: {
        operationId: 'getAgent',
        tags,
        summary: 'One agent of the signed-in user',
        security,
        params,
        response: { 200: AgentBody },
      },
    },
    async ({ user, params }) => {
      const agent = await inTenant(deps.db, user.clerkUserId, (trx) => agentOf(trx, user.clerkUserId, params.agent_id))
      return agentBody(agent, user)
    },
  )

  app.patch(
    '/:agent_id',
    {
      schema: {
        operationId: 'updateAgent',
        tags,
        summary: 'Changes what is sent, and links or unlinks an assistant; an assistant belongs to one agent only',
        security,
        params,
        body: AgentChanges,
        response: { 200: AgentBody, ...problems(409) },
      },
    },
    async ({ user, params, body }) => agentBody(await changeAgent(deps, user.clerkUserId, params.agent_id, changesIn(body)), user),
  )

  app.delete(
    '/:agent_id',
    {
      schema: {
        operationId: 'deleteAgent',
        tags,
        summary:
          'Deletes an agent with its variables and functions, and the assistant if it was made here; another one may then be linked anew',
        security,
        params,
        response: { 200: done('The agent is deleted.') },
      },
    },
    async ({ user, params }) => {
      const isComplete = await removeAgent(deps, user.clerkUserId, params.agent_id)
      const message = 'The agent is deleted.'
      return {
        success: true as const,
        message: isComplete ? message : `${message} Its assistant at Vapi follows as soon as Vapi can be reached.`,
      }
    },
  )

  app.post(
    '/:agent_id/secret',
    {
      schema: {
        operationId: 'createAgentSecret',
        tags,
        summary: "Makes a new secret for this assistant's webhook. It is shown only now; the one before stays good until the next is made",
        security,
        params,
        response: { 201: Secret },
      },
    },
    async ({ user, params }, reply) => {
      const secret = await renewSecret(deps, user.clerkUserId, params.agent_id)
      reply.code(201)
      return { secret, header: 'X-Vapi-Secret' as const }
    },
  )
}

export function agentBody(agent: Agent, user: User): z.input<typeof AgentBody> {
  return {
    agent_id: agent.agentId,
    user_id: user.id,
    vapi_assistant_id: agent.vapiAssistantId,
    agent_name: agent.agentName,
    is_active: agent.isActive,
    config: Config.nullable().parse(agent.config),
    created_at: agent.createdAt.toISOString(),
    updated_at: agent.updatedAt.toISOString(),
  }
}

export function newAgentValues(body: z.output<typeof NewAgent>): AgentValues {
  return {
    agentName: body.agent_name,
    vapiAssistantId: body.vapi_assistant_id ?? null,
    isActive: body.is_active,
    config: body.config ?? null,
  }
}

function changesIn(body: z.output<typeof AgentChanges>): Partial<AgentValues> {
  return {
    ...(body.agent_name === undefined ? {} : { agentName: body.agent_name }),
    ...(body.vapi_assistant_id === undefined ? {} : { vapiAssistantId: body.vapi_assistant_id }),
    ...(body.is_active === undefined ? {} : { isActive: body.is_active }),
    ...(body.config === undefined ? {} : { config: body.config }),
  }
}
