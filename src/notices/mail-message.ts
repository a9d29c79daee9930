import MailComposer from 'nodemailer/lib/mail-composer'
import { oneLine } from '../one-line.ts'
import type { MailText } from './mail-texts.ts'

/** A whole e-mail, ready for the wire. */
export interface Message {
  from: string
  to: string
  raw: Buffer
}

export interface Parts extends MailText {
  /** An address, or a name and an address in angle brackets. */
  from: string
  to: string
  replyTo: string | null
  /** Without angle brackets. The same for every attempt, so that mailboxes know a mail that comes twice. */
  messageId: string
  sentAt: Date
  calendar: { method: string; content: string } | null
}

/** Plain text, the same as HTML, and where there is one, the calendar part. */
export async function composed({ subject, paragraphs, from, to, replyTo, messageId, sentAt, calendar }: Parts): Promise<Message> {
  const raw = await new MailComposer({
    from,
    to: { name: '', address: to },
    ...(replyTo === null ? {} : { replyTo: { name: '', address: replyTo } }),
    subject: oneLine(subject, 200),
    messageId: `<${messageId}>`,
    date: sentAt,
    // Holiday messages and lists leave it unanswered.
    headers: { 'Auto-Submitted': 'auto-generated' },
    text: `${paragraphs.join('\n\n')}\n`,
    html: html(paragraphs),
    ...(calendar === null ? {} : { icalEvent: calendar }),
    newline: 'windows',
  })
    .compile()
    .build()
  return { from: addressIn(from), to, raw }
}

/** Of `Name <address>`, or a bare address. */
export function addressIn(sender: string): string {
  return /<([^<>]+)>$/.exec(sender)?.[1] ?? sender
}

const MARKS: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function html(paragraphs: string[]): string {
  const body = paragraphs.map((text) => `<p>${text.replaceAll(/[&<>"']/g, (mark) => MARKS[mark] ?? mark)}</p>`)
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"></head><body style="font-family: sans-serif">\n${body.join('\n')}\n</body></html>\n`
}
