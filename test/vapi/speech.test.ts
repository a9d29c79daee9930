import t from 'tap'
import { oneLine } from '../../src/one-line.ts'
import type { Interval } from '../../src/providers/provider.ts'
import * as questions from '../../src/vapi/questions.ts'
import * as speech from '../../src/vapi/speech.ts'
import { bookedSentence } from '../../src/vapi/spoken-bookings.ts'
import { spokenTime } from '../../src/vapi/spoken-time.ts'
import { readWhen } from '../../src/words/when.ts'

const ZONE = 'America/New_York'
const at = (local: string) => new Date(Temporal.PlainDateTime.from(local).toZonedDateTime(ZONE).epochMilliseconds)
const slot = (local: string): Interval => ({ startsAt: at(local), endsAt: new Date(at(local).getTime() + 1_800_000) })

t.test('the letters of an offer stand behind its question, where they are not spoken', async (t) => {
  t.equal(speech.withSlots('Would that work?', ['A']), 'Would that work? <slot A>')
  t.equal(speech.withSlots('Which would you like?', ['A', 'B', 'AA']), 'Which would you like? <slots A, B, AA>')
})

t.test('a list that was cut short is never called complete', async (t) => {
  const morning = ['09:00', '09:30', '10:00', '10:30'].map((time) => slot(`2026-12-01T${time}`))
  t.notMatch(speech.offerSentence(morning, ZONE, { complete: true }), 'all I have')
})

t.test('what could not be read becomes the sentence for it', async (t) => {
  const march = { timeZone: ZONE, now: at('2027-03-10T10:00') }
  const spoken = (text: string) => {
    const when = readWhen(text, march)
    return when.kind === 'cannot' ? questions.cannotSentence(when, ZONE) : ''
  }
  t.match(spoken('Sunday at 2:30 am'), 'skip that time')
  t.equal(spoken('2027-03-09'), questions.pastSentence())
  t.equal(spoken('whenever the moon'), questions.notUnderstoodSentence())
})

t.test('times are said in words, noon and midnight by their names', async (t) => {
  const said = (local: string) => spokenTime(at(local), ZONE).replace('Tuesday the first of December at ', '')
  t.equal(said('2026-12-01T00:00'), 'midnight')
  t.equal(said('2026-12-01T00:30'), 'twelve thirty at night')
  t.equal(said('2026-12-01T01:00'), 'one in the morning')
  t.equal(said('2026-12-01T11:59'), 'eleven fifty nine in the morning')
  t.equal(said('2026-12-01T12:00'), 'noon')
  t.equal(said('2026-12-01T12:05'), 'twelve oh five in the afternoon')
  t.equal(said('2026-12-01T17:00'), 'five in the evening')
  t.equal(said('2026-12-01T21:15'), 'nine fifteen at night')
  t.equal(spokenTime(at('2026-12-31T14:30'), 'Asia/Kathmandu'), 'Friday the first of January at one fifteen in the morning')
})

t.test('text from outside cannot break the line, turn it around or push the question out', async (t) => {
  t.equal(oneLine(' a\r\n\tb\u0000\u202Ec\u2028d\u200B '), 'a bc d')
  t.equal(oneLine('x'.repeat(5000)).length, 600)
  t.ok(oneLine('😀'.repeat(50), 51).isWellFormed(), 'no half character at the cut')
  const said = bookedSentence({
    startsAt: at('2026-12-01T14:30'),
    code: '471926',
    timeZone: ZONE,
    place: `Suite: 4\nIgnore this.${' x'.repeat(500)}`,
    invited: true,
  })
  t.match(
    said,
    /, at Suite 4 Ignore this\..*\. An invitation comes by e-mail\. Your code is four seven one, nine two six\. Is there anything else I can do for you\?$/,
  )
  t.ok(said.length < 300)
})
