import * as z from 'zod'
import { owner } from '../../audit/log.ts'
import { signedInOnly } from '../../http/auth.ts'
import { problems, type RoutePlugin, rowId } from '../../http/zod.ts'
import { deployAgent, deploymentOf } from '../deploy.ts'
import { DeployedBody, DeploymentBody, deployedBody, deploymentBody } from '../deployment-body.ts'

const params = z.object({ agent_id: rowId })
const query = z.object({
  dry_run: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'true: nothing is written, and what would be is listed', examples: ['true'] })
    .transform((text) => text === 'true'),
})

/** Whether an agent's assistant at Vapi is as it should be, and making it so. */
export const deploymentRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['agents']
  signedInOnly(app, deps)

  app.get(
    '/:agent_id/deployment',
    {
      schema: {
        operationId: 'getDeployment',
        tags,
        summary: 'Does Vapi have what is saved of this agent? As it was when Vapi was last asked',
        security,
        params,
        response: { 200: DeploymentBody },
      },
    },
    async ({ user, params }) => {
      const { agent, deployment } = await deploymentOf(deps, user.clerkUserId, params.agent_id)
      return deploymentBody(agent, deployment)
    },
  )

  app.post(
    '/:agent_id/deploy',
    {
      schema: {
        operationId: 'deployAgent',
        tags,
        summary:
          'Compares the assistant at Vapi with what it has to be (address, secret, functions, server messages, config) and repairs it; what is not ours stays. An agent without an assistant gets one',
        security,
        params,
        querystring: query,
        response: { 200: DeployedBody, ...problems(409, 502) },
      },
    },
    async ({ user, params, query }) =>
      deployedBody(await deployAgent(deps, user.clerkUserId, params.agent_id, { dryRun: query.dry_run, actor: owner })),
  )
}
