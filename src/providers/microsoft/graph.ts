import { Client, type Context, GraphClientError, type GraphRequest } from '@microsoft/microsoft-graph-client'
import type { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { Call, Outbound } from '../outbound.ts'
import type { Access } from '../provider.ts'
import { graphFailure } from './failure.ts'
import type { MicrosoftSettings } from './oauth.ts'

export interface Graph {
  settings: MicrosoftSettings
  send: Outbound
}

const MAX_PAGES = 50
// Sent as one value: a second Prefer header would replace the first. Without ImmutableId, an event's id changes when it is moved; without
// the last, what people wrote comes as HTML.
const PREFER = 'outlook.timezone="UTC", IdType="ImmutableId", outlook.body-content-type="text"'

/**
 * One request to Graph through the SDK, with two links of our own in its chain: its bearer sends nothing to a test's host and drops
 * reasons, its repetition doubles events and sleeps for minutes.
 */
export function graphRequest(
  graph: Graph,
  access: Access,
  call: Omit<Call, 'repeatable' | 'mailbox' | 'signal'>,
  path: string,
): GraphRequest {
  const client = Client.initWithMiddleware({
    baseUrl: `${graph.settings.graphUrl.replace(/\/+$/, '')}/`,
    defaultVersion: 'v1.0',
    middleware: {
      execute: async (context) => {
        context.response = await send(graph, access, call, context)
      },
    },
  })
  return client.api(path).header('Prefer', PREFER)
}

async function send(
  { send }: Graph,
  access: Access,
  call: Omit<Call, 'repeatable' | 'mailbox' | 'signal'>,
  context: Context,
): Promise<Response> {
  try {
    const { method = 'GET', headers, body = null } = context.options ?? {}
    const bearer = new Headers(headers)
    bearer.set('authorization', `Bearer ${access.accessToken}`)
    const { mailbox, signal } = access
    return await send({ ...call, repeatable: true, mailbox, signal }, context.request, { method, headers: bearer, body })
  } catch (error) {
    // The SDK rewrites every other error and loses what it said.
    const wrapped = new GraphClientError('not sent or not answered')
    wrapped.customError = error
    throw wrapped
  }
}

/** Runs a request; its answer must fit the schema. */
export async function answered<T extends z.ZodType>(operation: string, schema: T, answer: Promise<unknown>): Promise<z.infer<T>> {
  const data = await answer.catch((error: unknown) => {
    throw graphFailure(operation, error)
  })
  const parsed = schema.safeParse(data)
  if (parsed.success) return parsed.data
  throw new AppError('provider_unavailable', `microsoft ${operation}: not the answer that Graph describes`)
}

/** Every page of a list, to its end. */
export async function allPages<Item>(
  graph: Graph,
  access: Access,
  operation: string,
  path: string,
  schema: z.ZodType<{ value: Item[]; '@odata.nextLink'?: string | undefined }>,
): Promise<Item[]> {
  const items: Item[] = []
  let next = path
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await answered(operation, schema, graphRequest(graph, access, { operation, budget: 'read' }, next).get())
    items.push(...answer.value)
    const link = answer['@odata.nextLink']
    if (link === undefined) return items
    next = pathOf(graph, operation, link)
  }
  throw new AppError('provider_unavailable', `microsoft ${operation}: pages without end`)
}

/** The SDK glues an absolute link behind its base URL, so what follows the base is handed to it. A page anywhere else is none of Graph's. */
function pathOf({ settings }: Graph, operation: string, link: string): string {
  const base = `${settings.graphUrl.replace(/\/+$/, '')}/v1.0`
  if (!link.startsWith(`${base}/`)) throw new AppError('provider_unavailable', `microsoft ${operation}: a next page outside Graph`)
  return link.slice(base.length)
}
