import { signedInOnly } from '../../http/auth.ts'
import { problems, type RoutePlugin } from '../../http/zod.ts'
import { AgentBody, AgentList, agentBody, NewAgent, newAgentValues } from '../agent-body.ts'
import { agentsOf } from '../agents.ts'
import { addAgentAtVapi } from '../with-assistant.ts'

/** The requirement documents' own names: as `/agents`, but a new agent comes with an assistant at Vapi. */
export const vapiAgentRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['agents']
  signedInOnly(app, deps)

  app.get(
    '/',
    {
      schema: {
        operationId: 'listVapiAgents',
        tags,
        summary: 'The same as GET /agents: all agents of the signed-in user, newest first',
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
        operationId: 'createVapiAgent',
        tags,
        summary: 'Makes an agent and its assistant at Vapi, from config; with vapi_assistant_id the same as POST /agents',
        security,
        body: NewAgent,
        response: { 200: AgentBody, 201: AgentBody, ...problems(409, 502) },
      },
    },
    async ({ user, body }, reply) => {
      const { agent, isNew } = await addAgentAtVapi(deps, user.clerkUserId, newAgentValues(body))
      reply.code(isNew ? 201 : 200)
      return agentBody(agent, user)
    },
  )
}
