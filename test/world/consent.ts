import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Person } from './people.ts'

/** The page between "Connect" and our callback: which account, and which boxes stay ticked. */
export function consentPage(people: Person[], options: { identityScopes: string[] }, requested: string[]): string {
  const accounts = people.map(({ email, name }) => `<option value="${escaped(email)}">${escaped(name)} (${escaped(email)})</option>`)
  const boxes = requested
    .filter((scope) => !options.identityScopes.includes(scope))
    .map((scope) => `<p><label><input type="checkbox" name="scopes" value="${escaped(scope)}" checked> ${escaped(scope)}</label>`)
  return `<!doctype html><html lang="en"><title>Stand-in: sign in</title><body><h1>Which account?</h1><form method="post">
<select name="login">${accounts.join('')}</select>${boxes.length > 0 ? '<h2>It may</h2>' : ''}<input type="hidden" name="scopes" value="">${boxes.join('')}
<p><button>Allow</button> <button name="deny" value="yes">Deny</button></form></body></html>`
}

/** @returns `scopes` null when the form does not say: then all are allowed */
export async function readConsent(request: IncomingMessage): Promise<{ login: string; deny: boolean; scopes: string[] | null }> {
  const form = new URLSearchParams(await text(request))
  const scopes = form.has('scopes') ? form.getAll('scopes').join(' ').split(' ') : null
  return { login: form.get('login') ?? '', deny: form.has('deny'), scopes }
}

function escaped(value: string): string {
  return value.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`)
}
