import { ANYTHING_ELSE } from './sentence-parts.ts'
import { lastFour } from './spoken-phone.ts'

/** @param number E.164, under which the caller can be reached; `null`: by e-mail */
export function messageTakenSentence(number: string | null): string {
  const reached = number === null ? '' : `, with your number ending in ${lastFour(number)}`
  return `I have taken your message down${reached}. ${ANYTHING_ELSE}`
}

/** The message is kept, and nobody could answer it. */
export function messageWithoutNumberSentence(): string {
  return 'I have taken your message down, but I have no number for you. Under which number can you be reached?'
}

/** The message is kept; too few or too many digits were said. */
export function messageNumberAgainSentence(): string {
  return 'I have taken your message down, but I did not get the whole phone number. Could you say it once more, with the area code?'
}

/** The answer had to go out before the message was kept. */
export function unsureMessageSentence(): string {
  return 'I do not know yet whether I have that down. Shall I try again?'
}
