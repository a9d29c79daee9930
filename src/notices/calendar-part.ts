// RFC 5545: lines of at most 75 octets, continued by a line that begins with a space, ended by CR LF.
const LONGEST_LINE = 75

export interface Invitation {
  method: 'REQUEST' | 'CANCEL'
  /** The same for the life of an appointment, whatever becomes of it. */
  uid: string
  /** Rises with everything that is sent about it, so that a late mail does not undo a newer one. */
  sequence: number
  stampedAt: Date
  startsAt: Date
  endsAt: Date
  summary: string
  location: string | null
  /** E-mail addresses. */
  organizer: string
  attendee: string
}

/** What a calendar program reads of an appointment. Times are written in UTC, which every program shows in its reader's zone. */
export function calendarPart(invitation: Invitation): string {
  const { method, uid, sequence, stampedAt, startsAt, endsAt, summary, location, organizer, attendee } = invitation
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Ringbook//Notices//EN',
    'CALSCALE:GREGORIAN',
    `METHOD:${method}`,
    'BEGIN:VEVENT',
    `UID:${escaped(uid)}`,
    `SEQUENCE:${sequence}`,
    `DTSTAMP:${utc(stampedAt)}`,
    `DTSTART:${utc(startsAt)}`,
    `DTEND:${utc(endsAt)}`,
    `SUMMARY:${escaped(summary)}`,
    ...(location === null ? [] : [`LOCATION:${escaped(location)}`]),
    `STATUS:${method === 'CANCEL' ? 'CANCELLED' : 'CONFIRMED'}`,
    `ORGANIZER:mailto:${address(organizer)}`,
    `ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:${address(attendee)}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

/** `20261201T150000Z` */
function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

function escaped(text: string): string {
  return text
    .replaceAll(/[\\;,]/g, (mark) => `\\${mark}`)
    .replaceAll(/\r\n?|\n/g, '\\n')
    .replaceAll(/[\p{Cc}]/gu, '')
}

function address(mail: string): string {
  return mail.replaceAll(/[\s\p{Cc}]/gu, '')
}

/** Never within a character, which may have four octets. */
function folded(line: string): string {
  const parts: string[] = []
  let part = ''
  for (const character of line) {
    // The space that begins a continued line counts.
    const room = LONGEST_LINE - (parts.length === 0 ? 0 : 1)
    if (Buffer.byteLength(part + character) > room) {
      parts.push(part)
      part = ''
    }
    part += character
  }
  return [...parts, part].join('\r\n ')
}
