import * as z from 'zod'
import type { Version } from '../../db/agent-versions.ts'
import { signedInOnly } from '../../http/auth.ts'
import { instant, type RoutePlugin, rowId } from '../../http/zod.ts'
import { AgentBody, agentBody } from '../agent-body.ts'
import { restoreVersion, versionOf, versionsOf } from '../versions.ts'

const agentParams = z.object({ agent_id: rowId })
const params = z.object({ agent_id: rowId, number: rowId })

const listed = {
  number: z.int(),
  agent_name: z.string(),
  saved_by: z.string().describe('owner, or restored'),
  note: z.string().nullable(),
  saved_at: instant,
}
const LISTED_EXAMPLE = { number: 4, agent_name: 'Viewing desk', saved_by: 'owner', note: null, saved_at: '2026-11-20T09:00:00.000Z' }
const VersionList = z.object({ versions: z.array(z.object(listed)) }).meta({ examples: [{ versions: [LISTED_EXAMPLE] }] })
const VersionBody = z
  .object({ ...listed, config: z.record(z.string(), z.unknown()).nullable().describe('Without what is secret in it') })
  .meta({ examples: [{ ...LISTED_EXAMPLE, config: { firstMessage: 'Hello!' } }] })

/** What was saved of an agent, each time. */
export const versionRoutes: RoutePlugin = async (app, { deps }) => {
  const security = [{ user: [] }]
  const tags = ['agents']
  signedInOnly(app, deps)

  app.get(
    '/:agent_id/versions',
    {
      schema: {
        operationId: 'listAgentVersions',
        tags,
        summary: 'Every saved name and config of this agent, newest first',
        security,
        params: agentParams,
        response: { 200: VersionList },
      },
    },
    async ({ user, params }) => ({ versions: (await versionsOf(deps, user.clerkUserId, params.agent_id)).map(listedBody) }),
  )

  app.get(
    '/:agent_id/versions/:number',
    {
      schema: {
        operationId: 'getAgentVersion',
        tags,
        summary: 'One saved config',
        security,
        params,
        response: { 200: VersionBody },
      },
    },
    async ({ user, params }) => {
      const version = await versionOf(deps, user.clerkUserId, params.agent_id, params.number)
      return { ...listedBody(version), config: z.record(z.string(), z.unknown()).nullable().parse(version.config) }
    },
  )

  app.post(
    '/:agent_id/versions/:number/restore',
    {
      schema: {
        operationId: 'restoreAgentVersion',
        tags,
        summary: 'Name and config as they were in that version; they become a new one, and go to Vapi where the assistant is kept in step',
        security,
        params,
        response: { 200: AgentBody },
      },
    },
    async ({ user, params }) => agentBody(await restoreVersion(deps, user.clerkUserId, params.agent_id, params.number), user),
  )
}

function listedBody({ number, agentName, savedBy, note, savedAt }: Omit<Version, 'config'>) {
  return { number, agent_name: agentName, saved_by: savedBy, note, saved_at: savedAt.toISOString() }
}
