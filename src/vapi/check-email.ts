import type { z } from 'zod'
import type { EmailParameters } from '../functions/parameters.ts'
import type { Context, Spoken } from './context.ts'
import { emailAgainSentence, readBackSentence, spellBackSentence, whichEmailSentence } from './questions.ts'
import { readEmail } from './spoken-email.ts'

/** What was understood of an address, to be read back: at one go, and once the caller has said no, letter by letter. */
export async function checkEmail(_: Context, { email: said, spell, isConfirmed }: z.infer<typeof EmailParameters>): Promise<Spoken> {
  const email = readEmail(said, isConfirmed)
  switch (email.kind) {
    case 'email':
      return { result: spell ? spellBackSentence(email.address) : readBackSentence(email.address) }
    case 'unclear':
      return { result: whichEmailSentence(email.addresses) }
    default:
      return { error: emailAgainSentence() }
  }
}
