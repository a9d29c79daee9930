import { detail } from '../one-line.ts'

// A longer one would push the question at the end out of the caller's mind.
const LONGEST_PLACE = 60

/** How an answer ends after which the caller may want nothing more. */
export const ANYTHING_ELSE = 'Is there anything else I can do for you?'

// What an assistant would read as formatting, or Vapi as not to be spoken.
export const MARKS = /[*_#`<>[\]{}|~^\\"]+/g

/** ", at 12 Elm Street", or nothing. */
export function placed(place: string | null | undefined): string {
  const where = detail((place ?? '').replaceAll(MARKS, ' '), LONGEST_PLACE)
  return where ? `, at ${where}` : ''
}
