import { makeAssistant } from '../assistants/make.ts'
import { type Agent, type AgentValues, insertAgent, replaceSecret } from '../db/agents.ts'
import { insertDeployment } from '../db/deployments.ts'
import { keepMade } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { newSecret, sha256Hex } from '../secrets.ts'
import { addAgent, claim, roomForAgent } from './agents.ts'
import { linking, logAgent } from './linking.ts'
import { keepVersion } from './versions.ts'
import { wantedOfAgent } from './wanted.ts'

/**
 * A new agent with an assistant at Vapi, made from its config, with a webhook secret of its own. Where an assistant is named, it is linked as
 * `addAgent` does, and none is made.
 * @throws AppError `assistant_taken`, `vapi_off`, `vapi_unavailable`, `vapi_busy`, `vapi_refused`, `vapi_key_refused`,
 *   `function_unfit`, `limit_reached`: there is no agent then
 */
export async function addAgentAtVapi(
  deps: Pick<Deps, 'db' | 'vapi' | 'vapiWith' | 'cipher' | 'config'>,
  clerkUserId: string,
  values: AgentValues,
): Promise<{ agent: Agent; isNew: boolean }> {
  if (values.vapiAssistantId !== null) return addAgent(deps, clerkUserId, values)
  const wanted = await linking(deps.db, clerkUserId, async (trx) => {
    await roomForAgent(trx, clerkUserId)
    return wantedOfAgent(deps, trx, clerkUserId, values)
  })
  const secret = newSecret()
  const { id, vapiAssistantId, brought } = await makeAssistant(deps, clerkUserId, { ...wanted, secret })
  const agent = await linking(deps.db, clerkUserId, async (trx) => {
    if (!(await keepMade(trx, clerkUserId, id, vapiAssistantId))) throw new AppError('vapi_unavailable', 'it took too long to be kept')
    await roomForAgent(trx, clerkUserId)
    await claim(trx, clerkUserId, vapiAssistantId)
    const agent = await insertAgent(trx, clerkUserId, { ...values, vapiAssistantId })
    await keepVersion(trx, agent, undefined)
    await replaceSecret(trx, agent, sha256Hex(secret))
    await insertDeployment(trx, agent, 'in_step', brought)
    await logAgent(trx, agent, 'agent.created')
    return agent
  })
  return { agent, isNew: true }
}
