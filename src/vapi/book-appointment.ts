import type { z } from 'zod'
import { book } from '../bookings/book.ts'
import type { BookingRequest, Outcome } from '../bookings/request.ts'
import { findSlots } from '../calendar/availability.ts'
import { nearest } from '../calendar/choose.ts'
import type { When } from '../calendar/meaning.ts'
import { lastDay } from '../calendar/slots.ts'
import { readWhen } from '../calendar/when.ts'
import { DAY_MS, inZone, localDay, MINUTE_MS, openOn } from '../calendar/zone.ts'
import { oneLine } from '../one-line.ts'
import type { Interval } from '../providers/provider.ts'
import { type Context, operationOf, type Spoken } from './context.ts'
import { type BookingParameters, LONGEST_MINUTES, phoneOf, SHORTEST_MINUTES } from './parameters.ts'
import { askSentence, cannotSentence, missingTimeSentence, pastSentence } from './questions.ts'
import {
  alreadyBookedSentence,
  bookedSentence,
  closedSentence,
  fullDaySentence,
  offGridSentence,
  pendingSentence,
  takenSentence,
  tooFarSentence,
  tooSoonSentence,
} from './speech.ts'

type Asked = z.infer<typeof BookingParameters>
type Refused = Extract<Outcome, { kind: 'refused' }>

/** Books one appointment, and says what became of it. "Booked" is said only after the calendar has it. */
export async function bookAppointment(context: Context, asked: Asked): Promise<Spoken> {
  const { deps, diary, signal } = context
  const { timeZone } = diary.rules
  const now = deps.clock.now()
  if (asked.when === undefined) return { error: missingTimeSentence() }
  const when = readWhen(asked.when, { timeZone: asked.timeZone ?? timeZone, now, openingHours: diary.rules.openingHours })
  if (when.kind === 'ask') return { error: askSentence(when.question, timeZone) }
  if (when.kind === 'cannot') return { error: cannotSentence(when, timeZone) }
  if (when.kind === 'days') return { error: missingTimeSentence() }

  const slot = { startsAt: when.startsAt, endsAt: endOf(context, asked, when.startsAt) }
  const outcome = await book(deps, diary, requestOf(context, asked, slot), signal)
  deps.metrics.bookingOutcome(outcome.kind === 'refused' ? outcome.why : outcome.kind)
  return outcome.kind === 'refused' ? explain(context, slot, outcome.why) : say(outcome, when)
}

function requestOf({ diary, caller, toolCallId }: Context, asked: Asked, slot: Interval): BookingRequest {
  const clean = (text: string | undefined | null, longest: number) => oneLine(text ?? '', longest) || null
  const name = clean(asked.name ?? caller.name, 100)
  const about = clean(asked.title, 150) ?? (asked.address ? `Viewing, ${clean(asked.address, 150)}` : 'Appointment')
  return {
    bookedBy: 'caller',
    slot,
    timeZone: diary.rules.timeZone,
    subject: name && !about.includes(name) ? `${about}, ${name}` : about,
    address: clean(asked.address, 200),
    notes: clean(asked.notes, 1000),
    customer: { name, email: asked.email ?? null, phone: phoneOf(asked.phone) ?? phoneOf(caller.number) },
    guests: [],
    operation: operationOf({ caller, toolCallId }),
    callerNumber: phoneOf(caller.number),
    vapiCallId: caller.callId,
  }
}

/** The end that was asked for, if it makes sense, else the length that was, else one slot. */
function endOf(context: Context, asked: Asked, startsAt: Date): Date {
  const lengths = namedEnds(context, asked, startsAt).map((end) => (end.getTime() - startsAt.getTime()) / MINUTE_MS)
  const named = lengths.find((minutes) => minutes >= SHORTEST_MINUTES && minutes <= LONGEST_MINUTES)
  return new Date(startsAt.getTime() + (named ?? asked.minutes ?? context.diary.rules.slotMinutes) * MINUTE_MS)
}

/** A time without a day is on the day of the start. Of "five" both readings, because at five a business may just have closed. */
function namedEnds({ deps, diary }: Context, { until, timeZone }: Asked, startsAt: Date): Date[] {
  if (until === undefined) return []
  const { rules } = diary
  const setting = { timeZone: timeZone ?? rules.timeZone, now: deps.clock.now(), openingHours: rules.openingHours, day: startsAt }
  const end = readWhen(until, setting)
  if (end.kind === 'instant') return [end.startsAt]
  return end.kind === 'ask' && end.question.about === 'half_of_day' ? end.question.times : []
}

function say(outcome: Exclude<Outcome, Refused>, when: When & { kind: 'instant' }): Spoken {
  const { startsAt, timeZone, address, customerEmail } = outcome.booking
  switch (outcome.kind) {
    case 'booked':
      return {
        result: bookedSentence({
          startsAt,
          timeZone,
          place: address,
          invited: customerEmail !== null,
          repeatedHour: when.note === 'repeated_hour',
        }),
      }
    case 'already':
      return { result: alreadyBookedSentence(startsAt, timeZone) }
    case 'pending':
      return { error: pendingSentence(startsAt, timeZone) }
  }
}

/** Why not, and the nearest times instead. */
async function explain({ deps, diary, signal }: Context, slot: Interval, why: Refused['why']): Promise<Spoken> {
  const { rules } = diary
  const { timeZone } = rules
  const now = deps.clock.now()
  if (why === 'past') return { error: pastSentence() }
  if (why === 'too_far') return { error: tooFarSentence(lastDay(rules, now), timeZone) }

  const from = Math.max(now.getTime(), localDay(slot.startsAt, timeZone).startsAt.getTime())
  const range = { startsAt: new Date(from), endsAt: new Date(from + rules.aheadDays * DAY_MS) }
  const minutes = (slot.endsAt.getTime() - slot.startsAt.getTime()) / MINUTE_MS
  const { slots, others } = await findSlots(deps, diary, { range, minutes }, signal)
  const free = slots.length > 0 ? slots : others
  const alternatives = nearest(free, slot.startsAt)
  switch (why) {
    case 'too_soon':
      return { error: tooSoonSentence(free[0]?.startsAt, timeZone) }
    case 'closed': {
      const hours = openOn(rules.openingHours, inZone(slot.startsAt, timeZone).toPlainDate(), rules.dateOverrides)
      return { error: closedSentence(slot.startsAt, hours, alternatives, timeZone) }
    }
    case 'off_grid':
      return { error: offGridSentence(alternatives, timeZone) }
    case 'taken':
      return { error: takenSentence(alternatives, timeZone) }
    case 'cap':
      return { error: fullDaySentence(slot.startsAt, alternatives, timeZone) }
  }
}
