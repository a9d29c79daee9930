import { type Phrase, readPhrase } from '../../src/words/phrase.ts'
import { choiceIn, isYes } from './understand.ts'

const DAY = /(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day the [a-z ]+? of [A-Z][a-z]+/g
const PART = / (in the (?:morning|afternoon|evening)|at night)$/

/**
 * The times that a sentence of the service offers, each in its own words: "I have Tuesday the first of December at nine or ten thirty in
 * the morning" holds two.
 */
export function timesIn(sentence: string): string[] {
  const offer = /\bI have (?:is )?((?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day the [^.?]+)\./.exec(sentence)?.[1]
  if (offer === undefined) return []
  const days = [...offer.matchAll(DAY)]
  return days.flatMap(({ 0: day, index }, number) => {
    const hours = offer.slice(index + day.length, days[number + 1]?.index).replace(/,( or)? $/, '')
    return hoursIn(hours).map((hour) => `${day} at ${hour}`)
  })
}

const STRETCH = /^,? any time from (.+?) to (.+)$/

/**
 * " at nine or ten thirty in the morning or at noon" → nine in the morning · ten thirty in the morning · noon. Of ", any time from nine to
 * eleven thirty in the morning" the first.
 */
function hoursIn(text: string): string[] {
  const [, from, to] = STRETCH.exec(text) ?? []
  if (from !== undefined && to !== undefined)
    return [PART.test(from) || from === 'noon' ? from : `${from} ${PART.exec(to)?.[1] ?? ''}`.trim()]
  return text
    .split(/(?:,| or)* at (?!night)/)
    .filter((group) => group !== '')
    .flatMap((group) => {
      const part = PART.exec(group)?.[1]
      const clocks = group.replace(PART, '').split(/, or |, | or /)
      return clocks.map((clock) => (part ? `${clock} ${part}` : clock))
    })
}

/** What the service asks back about: "Do you mean eight in the morning or eight in the evening?" */
export function meaningsIn(sentence: string): string[] {
  return /\bDo you mean ([^?]+)\?/.exec(sentence)?.[1]?.split(' or ') ?? []
}

// "The first" is a place in the list, "the first of December" is a day.
const END = String.raw`( of (them|those|these|the two|the three))?[\s,.!]*(please|thanks|thank you)?[\s.!]*$`
const PLACES = ['first|former|1st', 'second|2nd', 'third|3rd', 'last|latter|latest'].map(
  (words) => new RegExp(String.raw`\b(${words}) one\b|\b(${words})${END}`, 'i'),
)

/** Those options that fit what the caller said: one is a choice, several leave a question, none is another wish or no answer. */
export function chosen(options: string[], said: string): string[] {
  const place = PLACES.findIndex((words) => words.test(said))
  if (place >= 0) return [options.at(place === PLACES.length - 1 ? -1 : place)].filter((option) => option !== undefined)
  const wanted = choiceIn(said)
  if (wanted) return options.filter((option) => fits(readPhrase(option), wanted))
  return isYes(said) ? options : []
}

/** Whatever the caller named must be so; what was left out may be anything. */
function fits(option: Phrase | undefined, { weekday, day, part, time, span, hours, or }: Phrase): boolean {
  if (!option || span || hours || or) return false
  if (weekday && weekday.name !== option.weekday?.name) return false
  if (day && !(day.kind === 'date' && option.day?.kind === 'date' && day.day === option.day.day)) return false
  if (day?.kind === 'date' && day.month !== undefined && option.day?.kind === 'date' && day.month !== option.day.month) return false
  if (part && part !== option.part) return false
  return !time || (faceOf(time) !== undefined && faceOf(time) === faceOf(option.time))
}

/** Where the hands of a clock stand, whichever half of the day it is. */
function faceOf(time: Phrase['time']): number | undefined {
  return time && time.kind !== 'same' ? time.minutes % 720 : undefined
}
