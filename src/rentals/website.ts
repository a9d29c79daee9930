import { oneLine } from '../one-line.ts'

const LONGEST = 100

/** "https://www.Example-Rentals.com/all" → example-rentals.com; what is no address stays the name that it is. */
export function websiteName(given: string): string {
  const name = oneLine(given, LONGEST)
  const [, host] = /^(?:https?:\/\/(?:[^\s/?#]*@)?)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[:/?#].*)?$/i.exec(name) ?? []
  return host?.toLowerCase() ?? name
}
