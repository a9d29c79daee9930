import { AppError } from '../errors.ts'

// Over a thousand characters Vapi refuses nothing, and the model misbehaves.
const LONGEST_DESCRIPTION = 1000
const LONGEST_CONTENT = 1000
const NAME = /^[a-zA-Z0-9_-]{1,64}$/

/** What of a function tool these limits are about. */
interface Limited {
  function: { name: string; description: string }
  messages?: { content: string }[]
}

/**
 * Before anything is sent to Vapi, which takes some of it and then works badly.
 * @throws AppError `function_unfit`
 */
export function checkLimits({ function: { name, description }, messages = [] }: Limited): void {
  const wrong = [
    NAME.test(name) ? undefined : 'the name has other characters than letters, digits, _ and -, or is not 1 to 64 of them',
    description.trim() === '' ? 'there is no description' : undefined,
    description.length >= LONGEST_DESCRIPTION
      ? `the description has ${description.length} characters, ${LONGEST_DESCRIPTION - 1} at most`
      : undefined,
    messages.some(({ content }) => content.length > LONGEST_CONTENT) ? `a message has more than ${LONGEST_CONTENT} characters` : undefined,
  ].filter((one) => one !== undefined)
  if (wrong.length > 0) throw new AppError('function_unfit', wrong.join('; '))
}
