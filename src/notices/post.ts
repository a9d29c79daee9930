import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

const LONGEST_MS = 5000

/** What the other side answered, or why it was not asked or did not answer. */
export type Answer = { status: number } | { problem: string }

export interface Post {
  url: string
  headers: Record<string, string>
  body: string
  /** Also to addresses of this machine and its network, and without TLS: for the sandbox and tests. */
  mayBeLocal: boolean
  signal: AbortSignal
  /** All addresses of a name. */
  resolve?: (name: string) => Promise<LookupAddress[]>
}

/**
 * May this be asked at all, as far as its text tells? https, no user name, no address of our own network. What a name leads to shows when it
 * is resolved.
 */
export function isFitForWebhook(address: string, mayBeLocal: boolean): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, username, password, hostname } = new URL(address)
  if (username !== '' || password !== '') return false
  if (mayBeLocal) return protocol === 'https:' || protocol === 'http:'
  const host = hostOf(hostname)
  return protocol === 'https:' && (isIP(host) === 0 ? host.includes('.') : isPublicAddress(host))
}

/**
 * Posts to an address that a user gave: its name is resolved once, and the line goes to just what was found and is public. No redirect is
 * followed, and nothing but the status is read of the answer.
 */
export async function postOutside({ url, headers, body, mayBeLocal, signal, resolve = allAddresses }: Post): Promise<Answer> {
  if (!isFitForWebhook(url, mayBeLocal)) return { problem: 'address_refused' }
  const target = new URL(url)
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)])
  try {
    const found = await within(inTime, resolve(hostOf(target.hostname)))
    if (!mayBeLocal && !found.every(({ address }) => isPublicAddress(address))) return { problem: 'address_refused' }
    const resolved: LookupFunction = (_name, options, done) =>
      options.all ? done(null, found) : done(null, found[0]?.address ?? '', found[0]?.family)
    return await ask(target, { headers, body, lookup: resolved, signal: inTime })
  } catch (error) {
    return { problem: inTime.aborted ? 'timeout' : codeOf(error) }
  }
}

function allAddresses(name: string): Promise<LookupAddress[]> {
  return lookup(name, { all: true })
}

function ask(
  target: URL,
  { headers, body, lookup, signal }: Pick<Post, 'headers' | 'body' | 'signal'> & { lookup: LookupFunction },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request } = target.protocol === 'http:' ? http : https
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    const asked = request(target, { method: 'POST', headers: { ...headers, ...length }, agent: false, lookup, signal })
    asked.on('error', reject)
    // Also where there is neither an error nor an answer, as after a 101 for which nobody asked.
    asked.once('close', () => reject(new Error('closed without an answer')))
    asked.once('response', (answer) => {
      resolve({ status: answer.statusCode ?? 0 })
      answer.destroy()
    })
    asked.end(body)
  })
}

function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('too late')), { once: true })
    work.then(resolve, reject)
  })
}

/** An IPv6 address stands in brackets in a URL. */
function hostOf(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

/** `ECONNREFUSED` and the like; the message of an error may repeat the address. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'network'
}
