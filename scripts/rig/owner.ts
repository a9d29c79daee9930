import * as z from 'zod'
import { type Vendor, vendors } from '../../src/vendors.ts'
import type { World } from '../../test/world/world.ts'

/** Somebody who has come in by the service's own doors: signed in, a calendar connected, an assistant linked. */
export interface Owner {
  vendor: Vendor
  clerkUserId: string
  /** A sign-in token, good for a day. */
  token: string
  calendarEmail: string
  assistantId: string
  /** Of the assistant's webhook. */
  secret: string
  /** A request as the signed-in owner. @throws Error when it is refused */
  request(method: string, path: string, body?: object): Promise<Response>
}

interface NewOwner {
  name: string
  email: string
  calendarEmail: string
  timeZone: string
}

const DAY_SECONDS = 24 * 60 * 60

/** Makes an owner with a connected calendar at `vendor` and an assistant that has a secret of its own. */
export async function makeOwner(baseUrl: string, { clerk, vapi, ...sites }: World, vendor: Vendor, who: NewOwner): Promise<Owner> {
  const [firstName = '', lastName = ''] = who.name.split(' ')
  const { id: clerkUserId } = clerk.addUser({ email: who.email, firstName, lastName })
  sites[vendor].addPerson({ name: who.name, email: who.calendarEmail, timeZone: who.timeZone })
  const token = clerk.token(clerkUserId, { exp: Math.floor(Date.now() / 1000) + DAY_SECONDS })

  const request = async (method: string, path: string, body?: object) => {
    const response = await fetch(baseUrl + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (response.status >= 400) throw new Error(`${method} ${path} answered ${response.status} ${await response.text()}`)
    return response
  }
  const started = await request('GET', `${vendors[vendor].path}/start`)
  const callback = await sites[vendor].signIn(started.headers.get('location') ?? '', who.calendarEmail)
  const returned = await fetch(callback, { redirect: 'manual' })
  const outcome = new URL(returned.headers.get('location') ?? baseUrl)
  if (outcome.searchParams.get('auth') !== 'success' && !outcome.searchParams.has('success'))
    throw new Error(`The calendar of ${who.calendarEmail} was not connected: ${outcome.search}`)

  const { id: assistantId } = vapi.add('assistant', {
    name: 'Viewing desk',
    model: { provider: 'openai', model: 'gpt-4o' },
    voice: { provider: '11labs', voiceId: 'sarah' },
    firstMessage: 'Hello, this is the viewing desk. How can I help?',
    server: { url: `${baseUrl}/vapi/webhook` },
  })
  const created = await request('POST', '/agents', { agent_name: 'Viewing desk', vapi_assistant_id: assistantId })
  const { agent_id } = z.object({ agent_id: z.int() }).parse(await created.json())
  const made = await request('POST', `/agents/${agent_id}/secret`)
  const { secret } = z.object({ secret: z.string() }).parse(await made.json())
  return { vendor, clerkUserId, token, calendarEmail: who.calendarEmail, assistantId, secret, request }
}
