/**
 * Where most people's mail is, and how its names come out of a telephone. The part before the at sign is never repaired: nothing tells
 * what it should be.
 */

const known = [
  ...['gmail.com', 'googlemail.com', 'yahoo.com', 'hotmail.com', 'outlook.com', 'icloud.com', 'protonmail.com', 'verizon.net'],
  ...['comcast.net', 'sbcglobal.net', 'bellsouth.net', 'aol.com', 'live.com', 'msn.com', 'me.com', 'att.net', 'proton.me'],
]
// Real ones that look like another's misspelling.
const real = new Set([
  ...known,
  'mail.com',
  'ymail.com',
  'email.com',
  'gmx.com',
  'gmail.de',
  'yahoo.ca',
  'yahoo.co.uk',
  'hotmail.fr',
  'live.ca',
])
// What sounds or is written so much alike that nobody means anything else.
const alike = new Map([
  ['gnail.com', 'gmail.com'],
  ['hotnail.com', 'hotmail.com'],
  ['hotmale.com', 'hotmail.com'],
  ['jmail.com', 'gmail.com'],
  ['gmale.com', 'gmail.com'],
  ['outluck.com', 'outlook.com'],
  ['yahu.com', 'yahoo.com'],
  ['iclout.com', 'icloud.com'],
])
const endings = new Map(['con', 'cmo', 'ocm', 'cim', 'vom', 'cm', 'om', 'co'].map((ending) => [ending, 'com']))

/** As it was meant: itself, the one it can only be, or two between which the caller has to choose. */
export type Domain = { kind: 'sure'; domain: string } | { kind: 'unclear'; domains: [said: string, likely: string] }

/** @param said in lower case, with at least one dot */
export function repairDomain(said: string): Domain {
  if (real.has(said)) return { kind: 'sure', domain: said }
  const repaired = alike.get(said) ?? alike.get(withEnding(said)) ?? known.find((one) => one === withEnding(said))
  if (repaired !== undefined) return { kind: 'sure', domain: repaired }
  const near = known.filter((one) => one.length > 8)
  const slipped = near.filter((one) => isSlip(withEnding(said), one))
  if (slipped.length === 1 && slipped[0] !== undefined) return { kind: 'sure', domain: slipped[0] }
  // Another letter may be another company.
  const similar = near.find((one) => differsInOneLetter(said, one))
  return similar === undefined ? { kind: 'sure', domain: said } : { kind: 'unclear', domains: [said, similar] }
}

/** Speech has no dot for some: "gmail com". */
export function isKnownName(name: string): boolean {
  return known.some((one) => one.split('.')[0] === name)
}

/** Whoever hears the name knows how it is spelled. */
export function isKnownDomain(domain: string): boolean {
  return known.includes(domain)
}

function withEnding(domain: string): string {
  const dot = domain.lastIndexOf('.')
  const ending = domain.slice(dot + 1)
  // Colombia and Cameroon have companies too.
  const isCountry = ['co', 'cm', 'om'].includes(ending) && !isKnownName(domain.slice(0, dot))
  return isCountry ? domain : `${domain.slice(0, dot)}.${endings.get(ending) ?? ending}`
}

/** One letter left out, doubled, or two neighbours exchanged: no name of its own comes about that way. */
function isSlip(said: string, meant: string): boolean {
  const without = (text: string, index: number) => text.slice(0, index) + text.slice(index + 1)
  const positions = (text: string) => Array.from({ length: text.length }, (_, index) => index)
  if (said.length === meant.length - 1) return positions(meant).some((index) => without(meant, index) === said)
  if (said.length === meant.length + 1)
    return positions(said).some((index) => said[index] === said[index + 1] && without(said, index) === meant)
  if (said.length !== meant.length) return false
  const first = positions(said).find((index) => said[index] !== meant[index])
  if (first === undefined) return false
  const exchanged = said.slice(0, first) + said.slice(first + 1, first + 2) + said.slice(first, first + 1) + said.slice(first + 2)
  return exchanged === meant
}

function differsInOneLetter(said: string, meant: string): boolean {
  return said.length === meant.length && [...said].filter((letter, index) => letter !== meant[index]).length === 1
}
