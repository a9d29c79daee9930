import type { ReceivedMail } from './index.ts'

const ONCE = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Auto-Submitted']

/** What a careful mail server, and whoever reads the mail, would find wrong with a message: RFC 5321, 5322 and 3834. Empty: nothing. */
export function problemsOf({ raw, from, to }: Pick<ReceivedMail, 'raw' | 'from' | 'to'>): string[] {
  const [head = ''] = raw.split('\r\n\r\n', 1)
  const fields = head.replaceAll(/\r\n[ \t]/g, ' ').split('\r\n')
  const fieldsOf = (name: string) => fields.filter((field) => field.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return [
    ...ONCE.filter((name) => fieldsOf(name).length !== 1).map((name) => `${name} stands there ${fieldsOf(name).length} times`),
    ...fields.filter((field) => !/^[A-Za-z-]+: ./.test(field)).map((field) => `no header: ${field}`),
    ...(/[^\x20-\x7e\r\n\t]/.test(raw) ? ['other bytes than those of ASCII'] : []),
    ...(/(?<!\r)\n|\r(?!\n)/.test(raw) ? ['a line that does not end with CR LF'] : []),
    ...(raw.split('\r\n').some((line) => line.length > 998) ? ['a line of more than 998 bytes'] : []),
    ...(/^Message-ID: <[^\s<>@]+@[^\s<>@]+>$/im.test(fields.join('\n')) ? [] : ['no message id']),
    ...(fieldsOf('From')[0]?.includes(from) ? [] : ['another sender than in the envelope']),
    ...(to.length === 1 && fieldsOf('To')[0]?.includes(to[0] ?? '') ? [] : ['other recipients than in the envelope']),
  ]
}
