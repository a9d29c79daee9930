import * as z from 'zod'
import type { Agent, AgentValues } from '../db/agents.ts'
import type { User } from '../db/users.ts'
import { instant, line } from '../http/zod.ts'

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

export const AgentChanges = z
  .object({
    agent_name: name.optional(),
    vapi_assistant_id: assistantId.nullable().optional().describe('null unlinks'),
    is_active: z.boolean().optional(),
    config: Config.nullable().optional().describe('Top-level keys that are not sent stay; null clears it'),
    note: line(200).nullish().describe('What the change is about, for its version'),
  })
  .meta({ examples: [{ agent_name: 'Viewing desk', config: CONFIG_EXAMPLE }] })

/** An agent as the frontend reads it. */
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

export function changedAgentValues(body: z.output<typeof AgentChanges>): Partial<AgentValues> {
  return {
    ...(body.agent_name === undefined ? {} : { agentName: body.agent_name }),
    ...(body.vapi_assistant_id === undefined ? {} : { vapiAssistantId: body.vapi_assistant_id }),
    ...(body.is_active === undefined ? {} : { isActive: body.is_active }),
    ...(body.config === undefined ? {} : { config: body.config }),
  }
}
