import { cardinal } from '../../src/words/words.ts'

const digits = new Map(Array.from({ length: 10 }, (_, number) => [cardinal(number), String(number)]))
const signs = new Map([
  ...Object.entries({ dot: '.', period: '.', point: '.', at: '@', dash: '-', hyphen: '-', minus: '-', underscore: '_', plus: '+' }),
  ...digits,
])

/** "my name is kim lee" → Kim Lee. */
export function nameIn(said: string): string | undefined {
  const name = said
    .replace(/^\W*((oh|well|sure|yes|hi|hello)\W+)*/i, '')
    .replace(/^(my name is|the name is|my name's|it is|it's|this is|i am|i'm|that would be|under|put it under|for)\s+/i, '')
    .replace(/[\s,]*\b(please|speaking|thanks|thank you)\b.*$/i, '')
    .replace(/[.,!?\s]+$/, '')
  if (!/^\p{L}[\p{L}'. -]{0,60}$/u.test(name)) return undefined
  return name === name.toLowerCase() ? name.replaceAll(/(^|[\s-])\p{L}/gu, (start) => start.toUpperCase()) : name
}

/** "no e-mail", "I don't have one". */
export function hasNoEmail(said: string): boolean {
  return /^\W*(no|nope|none|skip|without|rather not|i'd rather not)\b|\bno e-?mail\b|\b(don't|do not) have\b|\bnot? (needed|necessary)\b/i.test(
    said,
  )
}

/** "kim dot lee at example dot com" → kim.lee@example.com. `undefined`: no address was to be heard. */
export function emailIn(said: string): string | undefined {
  const words = said
    .toLowerCase()
    .replace(/^.*\b(is|it's|to)\b\s+(?=\S)/, '')
    .replace(/[\s,]*\b(please|thanks|thank you)\b.*$/, '')
    .replace(/[.!?\s]+$/, '')
    .split(/[\s,]+/)
  const address = words.map((word) => signs.get(word) ?? word).join('')
  return /^[a-z0-9][\w.+-]*@[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)+$/.test(address) ? address : undefined
}

/** The way back, for the read-back. */
export function spokenEmail(address: string): string {
  return address
    .replace('@', ' at ')
    .replaceAll('.', ' dot ')
    .replaceAll('-', ' dash ')
    .replaceAll('_', ' underscore ')
    .replaceAll('+', ' plus ')
}
