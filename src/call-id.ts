const UNPROVEN = 'unproven:'

/**
 * By which a phone call is known here. Where the assistant has shown no secret, its id may be made up or somebody else's: that is another call
 * than the one for which Vapi vouches under the same id, so nothing that was booked, offered or left there can be heard or touched by it.
 * @param id as Vapi has it
 */
export function callIdOf(id: string, isBelieved: boolean): string {
  return isBelieved ? id : UNPROVEN + id
}

/** As it came, for whoever looks the call up. */
export function shownCallId(known: string | null): string | null {
  return known?.startsWith(UNPROVEN) ? known.slice(UNPROVEN.length) : known
}
