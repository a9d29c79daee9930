import * as z from 'zod'
import { inTenant } from '../db/client.ts'
import { signedInOnly } from '../http/auth.ts'
import { done, problems, type RoutePlugin, rowId } from '../http/zod.ts'
import { AgentBody, AgentChanges, AgentList, agentBody, changedAgentValues, NewAgent, newAgentValues } from './agent-body.ts'
import { addAgent, agentsOf, changeAgent, removeAgent, renewSecret } from './agents.ts'
import { agentOf } from './linking.ts'

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
    async ({ user }) => (await agentsOf(deps, user.clerkUserId)).map((agent) => agentBody(agent, user)),
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
        summary:
          'Changes what is sent, and links or unlinks an assistant, which belongs to one agent only. Name and config go to Vapi where the assistant was made or deployed here',
        security,
        params,
        body: AgentChanges,
        response: { 200: AgentBody, ...problems(409) },
      },
    },
    async ({ user, params, body }) => {
      const agent = await changeAgent(deps, user.clerkUserId, params.agent_id, changedAgentValues(body), body.note ?? null)
      return agentBody(agent, user)
    },
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
