import fc from 'fast-check'
import t from 'tap'
import { calendarPart, type Invitation } from '../../src/notices/calendar-part.ts'
import { isToldByUs } from '../../src/notices/customer.ts'

const VIEWING: Invitation = {
  method: 'REQUEST',
  uid: '5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21@ringbook.example',
  sequence: 2,
  stampedAt: new Date('2026-11-29T23:00:00.987Z'),
  startsAt: new Date('2026-12-01T15:00:00Z'),
  endsAt: new Date('2026-12-01T15:30:00Z'),
  summary: 'Viewing',
  location: null,
  organizer: 'notices@ringbook.example',
  attendee: 'ana@example.com',
}

t.test('a calendar part is what RFC 5545 and 5546 want of an invitation', (t) => {
  t.equal(
    calendarPart(VIEWING),
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Ringbook//Notices//EN',
      'CALSCALE:GREGORIAN',
      'METHOD:REQUEST',
      'BEGIN:VEVENT',
      'UID:5a1c7a52-9d2b-4f3a-8f0e-6b1d6c1f4e21@ringbook.example',
      'SEQUENCE:2',
      'DTSTAMP:20261129T230000Z',
      'DTSTART:20261201T150000Z',
      'DTEND:20261201T153000Z',
      'SUMMARY:Viewing',
      'STATUS:CONFIRMED',
      'ORGANIZER:mailto:notices@ringbook.example',
      'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:ana@examp',
      ' le.com',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  )
  t.match(calendarPart({ ...VIEWING, method: 'CANCEL' }), 'METHOD:CANCEL\r\n')
  t.match(calendarPart({ ...VIEWING, method: 'CANCEL' }), 'STATUS:CANCELLED\r\n')
  t.end()
})

t.test('whatever stands in a subject or an address stays a value, in lines of 75 octets at most, and is read back', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      const summary = text.replaceAll(/[\p{Cc}]/gu, '')
      const part = calendarPart({ ...VIEWING, summary: `${summary}\nEND:VEVENT`, location: summary })
      const lines = part.split('\r\n')
      if (lines.some((line) => Buffer.byteLength(line) > 75)) return false
      const unfolded = part.replaceAll('\r\n ', '').split('\r\n')
      const value = unfolded.find((line) => line.startsWith('SUMMARY:'))?.slice('SUMMARY:'.length) ?? ''
      const back = value.replaceAll(/\\(.)/gsu, (_, mark: string) => (mark === 'n' ? '\n' : mark))
      return back === `${summary}\nEND:VEVENT` && unfolded.filter((line) => line === 'END:VEVENT').length === 1
    }),
  )
  t.end()
})

t.test('a customer is told by us exactly where no vendor tells her', (t) => {
  const kinds = ['booking_created', 'booking_moved', 'booking_cancelled', 'booking_failed', 'booking_conflict', 'change_failed'] as const
  t.same(
    kinds.filter((kind) => isToldByUs(kind, true)),
    ['booking_failed', 'change_failed'],
  )
  t.same(
    kinds.filter((kind) => isToldByUs(kind, false)),
    ['booking_created', 'booking_moved', 'booking_cancelled', 'booking_failed', 'change_failed'],
  )
  for (const invites of [true, false])
    for (const kind of ['message_left', 'calendar_disconnected'] as const) t.notOk(isToldByUs(kind, invites))
  t.end()
})
