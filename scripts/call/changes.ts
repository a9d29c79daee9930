/** What a model would hear of a caller who has an appointment already, or wants to leave a message. */

export type Deed = 'move' | 'cancel' | 'keep' | 'message'

/** What is to be done besides looking for a time. */
export function deedIn(said: string): Deed | undefined {
  if (/\b(leave|take|pass on) (him |her |them |you )?a message\b/i.test(said)) return 'message'
  if (/\b(keep it|keep the appointment|leave it( as it is)?)\b/i.test(said)) return 'keep'
  if (/\bcancel\b/i.test(said)) return 'cancel'
  return /\b(move|reschedule|postpone)\b/i.test(said) ? 'move' : undefined
}

/** Digits, or at least four of them as words. */
export function codeIn(said: string): string | undefined {
  const words = said.match(/\b(zero|oh|one|two|three|four|five|six|seven|eight|nine|double|\w+ty|\w+teen|ten|eleven|twelve|\d+)\b/gi) ?? []
  return words.join('').length >= 6 ? words.join(' ') : undefined
}

/** The letters of an offer, and its sentence without all that stands behind it for the assistant alone. */
export function withoutLetters(answer: string): { say: string; letters: string[] } {
  const [, letters = ''] = / <slots? ([A-Z, ]+)>/.exec(answer) ?? []
  return { say: answer.replaceAll(/ <[^<>]*>/g, ''), letters: letters.split(', ').filter((letter) => letter !== '') }
}
