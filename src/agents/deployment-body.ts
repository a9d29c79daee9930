import * as z from 'zod'
import type { Difference } from '../assistants/fields.ts'
import type { Agent } from '../db/agents.ts'
import { DEPLOYMENT_STATES, type Deployment } from '../db/deployments.ts'
import { instant } from '../http/zod.ts'
import { oneLine } from '../one-line.ts'
import { type Deployed, stateIn } from './deploy.ts'

const State = z
  .enum([...DEPLOYMENT_STATES, 'unmanaged'])
  .describe(
    'in_step: Vapi has what is saved here. behind: a change is on its way. refused: Vapi refuses what is saved. altered: changed at Vapi by somebody else. unpublished: Vapi keeps the change as a draft. gone: there is no such assistant. unmanaged: never deployed from here',
  )

const EXAMPLE = { agent_id: 3, vapi_assistant_id: 'f9847210-e18e-4b19-8880-8532eabc971e' }

/** What is known of an agent's assistant. */
export const DeploymentBody = z
  .object({
    agent_id: z.int(),
    vapi_assistant_id: z.string().nullable(),
    state: State,
    differences: z.array(z.string()).describe('Fields that differed when Vapi was last asked'),
    has_secret: z.boolean().describe('The assistant is served only with a secret of its own'),
    checked_at: instant.nullable(),
    brought_at: instant.nullable(),
  })
  .meta({
    examples: [
      {
        ...EXAMPLE,
        state: 'altered',
        differences: ['firstMessage'],
        has_secret: true,
        checked_at: '2026-11-20T09:00:00.000Z',
        brought_at: '2026-11-19T16:20:00.000Z',
      },
    ],
  })

const DifferenceBody = z.object({
  field: z.string(),
  wanted: z.string().nullable().describe('As JSON, cut to 300 characters; null: it should not be there'),
  live: z.string().nullable().describe('As JSON, cut to 300 characters; null: it is not there'),
})

/** What a deployment did. */
export const DeployedBody = z
  .object({
    agent_id: z.int(),
    vapi_assistant_id: z.string().nullable(),
    outcome: z
      .enum(['made', 'repaired', 'nothing_to_do', 'incomplete', 'listed'])
      .describe('incomplete: see state. listed: nothing was written, because of dry_run'),
    state: State,
    differences: z.array(DifferenceBody).describe('Before anything was written'),
  })
  .meta({
    examples: [
      {
        ...EXAMPLE,
        outcome: 'repaired',
        state: 'in_step',
        differences: [{ field: 'server.url', wanted: '"https://backend.example/vapi/webhook"', live: '"https://old.example/hook"' }],
      },
    ],
  })

export function deploymentBody(agent: Agent, deployment: Deployment | undefined): z.input<typeof DeploymentBody> {
  return {
    agent_id: agent.agentId,
    vapi_assistant_id: agent.vapiAssistantId,
    state: stateIn(deployment) ?? 'unmanaged',
    differences: z.array(z.string()).parse(deployment?.differences ?? []),
    has_secret: agent.secretDigest !== null,
    checked_at: deployment?.checkedAt?.toISOString() ?? null,
    brought_at: deployment?.broughtAt?.toISOString() ?? null,
  }
}

export function deployedBody({ agent, outcome, state, differences }: Deployed): z.input<typeof DeployedBody> {
  return {
    agent_id: agent.agentId,
    vapi_assistant_id: agent.vapiAssistantId,
    outcome,
    state: state ?? 'unmanaged',
    differences: differences.map(differenceBody),
  }
}

/** Of an address only what is no secret. */
export function differenceBody({ field, wanted, live }: Difference): z.input<typeof DifferenceBody> {
  // What a field within headers holds is as secret as all of them.
  const isSecret = SECRET.test(field)
  return { field, wanted: shown(isSecret && wanted !== undefined ? '…' : wanted), live: shown(isSecret && live !== undefined ? '…' : live) }
}

const LONGEST_VALUE = 300
const SECRET = /headers|secret|token$|api-?_?key|password|credential|authorization/i

function shown(value: unknown): string | null {
  if (value === undefined) return null
  return oneLine(JSON.stringify(value, withoutQueries), LONGEST_VALUE)
}

/** User names, passwords and queries in addresses, and headers, are secrets more often than not. */
function withoutQueries(key: string, value: unknown): unknown {
  if (SECRET.test(key)) return '…'
  const url = typeof value === 'string' && /^(https?|wss?):/i.test(value) ? URL.parse(value) : null
  return url === null ? value : url.origin + url.pathname
}
