import type { ReceivedMail } from './index.ts'

export interface ReadMail {
  to: string
  subject: string
  messageId: string
  /** The plain text, paragraphs as they are. */
  text: string
  html: string
  /** The calendar part as it lies in the mail, unfolded; `null`: none. */
  calendar: string | null
}

/** What a mail program shows of an e-mail of ours. */
export function read({ raw, to }: ReceivedMail): ReadMail {
  const header = (name: string) => new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(raw)?.[1]?.replaceAll(/\r\n\s+/g, ' ') ?? ''
  const part = (type: string) => {
    const found = raw.split(/\r\n--[^\r\n]+\r\n/).find((one) => one.startsWith(`Content-Type: ${type}`))
    if (found === undefined) return null
    const [head = '', ...body] = found.split('\r\n\r\n')
    const encoded = body.join('\r\n\r\n').replace(/\r\n--[^\r\n]+--\s*$/, '')
    const encoding = /Content-Transfer-Encoding: (\S+)/i.exec(head)?.[1]?.toLowerCase()
    return decoded(encoded, encoding)
  }
  return {
    to: to.join(', '),
    subject: header('Subject'),
    messageId: header('Message-ID'),
    text: (part('text/plain') ?? '').replaceAll('\r\n', '\n').trim(),
    html: part('text/html') ?? '',
    calendar: part('text/calendar')?.replaceAll('\r\n ', '') ?? null,
  }
}

function decoded(text: string, encoding = '7bit'): string {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return text
  const bytes = text
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
