import type { ReceivedMail } from '../../test/world/mail/index.ts'
import { read } from '../../test/world/mail/read.ts'

/** An e-mail that would have gone out, for whoever watches the sandbox. */
export function shownMail(mail: ReceivedMail): string {
  const { to, subject, text, calendar } = read(mail)
  const lines = [`E-mail to ${to}: ${subject}`, '', ...text.split('\n'), ...(calendar === null ? [] : ['', '(with a calendar part)'])]
  return `\n${lines.map((line) => `  | ${line}`.trimEnd()).join('\n')}\n`
}
