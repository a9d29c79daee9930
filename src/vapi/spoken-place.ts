import { detail } from '../one-line.ts'

// A longer one would push the question at the end out of the caller's mind.
const LONGEST_PLACE = 60

/** ", at 12 Elm Street", or nothing. */
export function placed(place: string | null | undefined): string {
  const where = detail(place ?? '', LONGEST_PLACE)
  return where ? `, at ${where}` : ''
}
