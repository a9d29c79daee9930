import type { Test } from 'tap'
import type { VapiBody } from '../world/vapi/messages.ts'
import type { TestApp } from './app.ts'
import { withoutDate } from './heard.ts'

export interface Entry {
  name?: string
  toolCallId: string | null
  result?: string
  error?: string
}

/** Posts to the webhook as Vapi does. @returns the answer, its entries apart */
export async function say(
  { app }: Pick<TestApp, 'app'>,
  body: VapiBody | object | string,
  { path = '/vapi/webhook', headers = {}, remoteAddress }: { path?: string; headers?: Record<string, string>; remoteAddress?: string } = {},
) {
  const reply = await app.inject({
    method: 'POST',
    url: path,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  })
  const json = reply.headers['content-type']?.toString().includes('json') ? reply.json() : undefined
  const results: Entry[] = json?.results ?? []
  return { reply, status: reply.statusCode, json, results }
}

/** What an entry says, whether it went well or not; without the note of the date, which is for the assistant alone. */
export function words(entry: { result?: string; error?: string } | undefined): string {
  return withoutDate(entry?.result ?? entry?.error ?? '')
}

/** Fit for a caller's ear: one line, nothing that Vapi's voice would stumble over, nobody's name but ours. */
export function speakable(t: Test, text: string): void {
  t.ok(text.length >= 10, `long enough: ${text}`)
  t.notMatch(text, /[\r\n\t\u2028\u2029]/, 'one line')
  t.notMatch(text, /\d\s*:|:\s*\d/, 'no clock with a colon')
  t.notMatch(text, /\d{4}-\d{2}/, 'no ISO date')
  t.notMatch(text, /google|microsoft|outlook|graph|vapi|clerk|postgres|undefined|null|\[object/i, 'no vendor, no debris')
}

/** Exactly one of result and error, and it can be said. */
export function soundEntries(t: Test, entries: Entry[]): void {
  for (const entry of entries) {
    t.equal(['result', 'error'].filter((key) => key in entry).length, 1, 'either result or error')
    speakable(t, words(entry))
  }
}
