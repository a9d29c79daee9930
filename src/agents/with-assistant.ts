import { makeAssistant } from '../assistants/make.ts'
import { type Agent, type AgentValues, insertAgent, replaceSecret } from '../db/agents.ts'
import { keepMade } from '../db/made-assistants.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { newSecret, sha256Hex } from '../secrets.ts'
import { addAgent, claim, linking, logAgent, roomForAgent } from './agents.ts'

/**
 * A new agent with an assistant at Vapi, made from its config, with a webhook secret of its own. Where an assistant is named, it is linked as
 * `addAgent` does, and none is made.
 * @throws AppError `assistant_taken`, `vapi_off`, `vapi_unavailable`, `vapi_busy`, `vapi_refused`, `limit_reached`: there is no agent then
 */
export async function addAgentAtVapi(
  deps: Pick<Deps, 'db' | 'vapi' | 'config'>,
  clerkUserId: string,
  values: AgentValues,
): Promise<{ agent: Agent; isNew: boolean }> {
  if (values.vapiAssistantId !== null) return addAgent(deps, clerkUserId, values)
  await linking(deps.db, clerkUserId, (trx) => roomForAgent(trx, clerkUserId))
  const secret = newSecret()
  const { id, vapiAssistantId } = await makeAssistant(deps, clerkUserId, { name: values.agentName, config: values.config, secret })
  const agent = await linking(deps.db, clerkUserId, async (trx) => {
    if (!(await keepMade(trx, clerkUserId, id, vapiAssistantId))) throw new AppError('vapi_unavailable', 'it took too long to be kept')
    await roomForAgent(trx, clerkUserId)
    await claim(trx, clerkUserId, vapiAssistantId)
    const agent = await insertAgent(trx, clerkUserId, { ...values, vapiAssistantId })
    await replaceSecret(trx, agent, sha256Hex(secret))
    await logAgent(trx, agent, 'agent.created')
    return agent
  })
  return { agent, isNew: true }
}
