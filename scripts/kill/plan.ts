import { VENDORS, type Vendor } from '../../src/vendors.ts'
import type { Fault } from '../../test/world/stand-in.ts'
import { type Chance, chance } from '../rig/chance.ts'
import { type Time, workingTime } from '../rig/week.ts'
import type { OperationName } from './operations.ts'

/** One thing that is asked for, under an id of its own. */
export interface Step {
  operation: OperationName
  time: Time
  /** Of the function call, or of the owner's request. */
  id: string
  /** Before it is asked for. */
  pauseMs: number
  /** A second delivery so long after the first, answered or not. */
  twinAfterMs: number | null
  /** Deliveries once it has been answered. */
  again: number
  /** Whoever asked does not ask again when no answer comes. */
  isAbandoned: boolean
}

/** A phone call, or the owner at her desk: about one appointment, one step after the other. */
export interface Conversation {
  callId: string
  number: string
  mark: string
  steps: Step[]
}

/** A SIGKILL, counted from the end of the one before it. */
export interface Kill {
  /** Which of the processes. */
  target: number
  afterMs: number
  /** Only when the vendor has been asked to write so often; then `afterMs` later. */
  afterWrites: number
  /** Until the process is started again. */
  backAfterMs: number
}

export interface Plan {
  seed: number
  vendor: Vendor
  processes: number
  conversations: Conversation[]
  kills: Kill[]
  /** What happens to the next request to the vendor. */
  weather(request: { method: string; path: string }): Fault | undefined
}

// Behind the last time that anybody books at first.
const FIRST_FREE = 32

/** Everything about a run that can be decided beforehand. The same seed plans the same. */
export function planOf(seed: number): Plan {
  const dice = chance(seed)
  const processes = dice.is(0.4) ? 2 : 1
  const vendor = dice.pick([...VENDORS])
  return {
    seed,
    vendor,
    processes,
    // Cal.com gives whatever is moved the length that its event type has.
    conversations: conversationsOf(dice.fork('conversations'), vendor === 'calcom' ? [30] : [30, 30, 60]),
    kills: killsOf(dice.fork('kills'), processes),
    weather: weatherOf(dice.fork('weather')),
  }
}

function conversationsOf(dice: Chance, lengths: [number, ...number[]]): Conversation[] {
  let halfHour = 0
  const [first, ...rest] = Array.from({ length: dice.between(4, 7) }, (_, index): Conversation => {
    // Every third wants what the one before wants, or half of it.
    if (index === 0 || !dice.is(0.35)) halfHour += 3
    const wish = workingTime(halfHour + (dice.is(0.3) ? 1 : 0), dice.pick(lengths))
    // Where nobody begins; but whoever moves may meet another who moves.
    const other = workingTime(FIRST_FREE + dice.between(0, 4) * 2, wish.minutes)
    return {
      callId: `call-${index + 1}`,
      number: `+131255501${String(index).padStart(2, '0')}`,
      mark: `Trial ${index + 1}`,
      steps: index % 4 === 3 ? ownersSteps(dice, wish, other) : callersSteps(dice, wish, other),
    }
  })
  if (!first) return []
  const all = [first, ...rest]
  return dice.is(0.4) ? [...all, meddling(dice, dice.pick([first, ...rest]))] : all
}

function callersSteps(dice: Chance, wish: Time, other: Time): Step[] {
  const steps = [step(dice, 'book', wish, 'tool-1')]
  // The model repeats itself.
  if (dice.is(0.25)) steps.push(step(dice, 'book', wish, 'tool-2'))
  if (dice.is(0.5)) steps.push(step(dice, 'move', other, 'tool-3'))
  else if (dice.is(0.6)) steps.push(step(dice, 'cancel', wish, 'tool-3'))
  else return steps
  // The caller has thought again, or goes on.
  const next = dice.pick<OperationName | undefined>(['keep', 'keep', 'cancel', undefined, undefined, undefined])
  if (next) steps.push(step(dice, next, wish, 'tool-4'))
  return steps
}

function ownersSteps(dice: Chance, wish: Time, other: Time): Step[] {
  const steps = [step(dice, 'bookAsOwner', wish, 'key-1')]
  if (dice.is(0.5)) steps.push(step(dice, 'moveAsOwner', other, 'key-2'))
  if (dice.is(0.4)) steps.push(step(dice, 'cancelAsOwner', wish, 'key-3'))
  return steps
}

/** The owner changes an appointment about which somebody is still on the phone. */
function meddling(dice: Chance, { mark, steps: [first] }: Conversation): Conversation {
  const time = first?.time ?? workingTime(0)
  const change = dice.is(0.5) ? 'cancelAsOwner' : 'moveAsOwner'
  const later = { ...step(dice, change, workingTime(FIRST_FREE + 12, time.minutes), 'key-9'), pauseMs: dice.between(300, 2000) }
  return { callId: 'desk', number: '', mark, steps: [later] }
}

function step(dice: Chance, operation: OperationName, time: Time, id: string): Step {
  return {
    operation,
    time,
    id,
    pauseMs: dice.between(0, 600),
    twinAfterMs: dice.is(0.25) ? dice.between(0, 500) : null,
    again: dice.pick([0, 0, 1, 2]),
    isAbandoned: dice.is(0.12),
  }
}

function killsOf(dice: Chance, processes: number): Kill[] {
  return Array.from({ length: dice.between(1, 3) }, (_, index) => ({
    target: dice.between(0, processes - 1),
    // The later ones often meet the process while it starts.
    afterMs: index === 0 ? dice.between(0, 500) : dice.between(0, 2500),
    afterWrites: index === 0 && dice.is(0.7) ? dice.between(1, 4) : 0,
    backAfterMs: dice.between(0, 400),
  }))
}

function weatherOf(dice: Chance): Plan['weather'] {
  const lossy = dice.is(0.5)
  return ({ method, path }) => {
    if (!/\/(events|freeBusy|calendarView)\b/.test(path)) return undefined
    if (lossy && method !== 'GET' && path.includes('/events') && dice.is(0.15)) return { kind: 'lost' }
    return { kind: dice.pick(['slow', 'late']), ms: dice.between(0, 400) }
  }
}
