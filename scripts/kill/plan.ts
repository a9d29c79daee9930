import type { Fault } from '../../test/world/stand-in.ts'
import { type Chance, chance } from '../rig/chance.ts'
import type { Vendor } from '../rig/owner.ts'
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
  by: 'caller' | 'owner'
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

/** Everything about a run that can be decided beforehand. The same seed plans the same. */
export function planOf(seed: number): Plan {
  const dice = chance(seed)
  const processes = dice.is(0.4) ? 2 : 1
  return {
    seed,
    vendor: dice.pick(['google', 'microsoft']),
    processes,
    conversations: conversationsOf(dice.fork('conversations')),
    kills: killsOf(dice.fork('kills'), processes),
    weather: weatherOf(dice.fork('weather')),
  }
}

function conversationsOf(dice: Chance): Conversation[] {
  const count = dice.between(4, 7)
  let halfHour = 0
  return Array.from({ length: count }, (_, index) => {
    // Every third wants what the one before wants, or half of it.
    if (index === 0 || !dice.is(0.35)) halfHour += 3
    const by = index % 4 === 3 ? 'owner' : 'caller'
    const wish = workingTime(halfHour + (dice.is(0.3) ? 1 : 0), dice.pick([30, 30, 60]))
    return {
      by,
      callId: `call-${index + 1}`,
      number: `+131255501${String(index).padStart(2, '0')}`,
      mark: `Trial ${index + 1}`,
      steps: by === 'owner' ? [step(dice, 'bookAsOwner', wish, `key-${index + 1}`)] : callersSteps(dice, wish),
    }
  })
}

function callersSteps(dice: Chance, wish: Time): Step[] {
  const steps = [step(dice, 'book', wish, 'tool-1')]
  // The model repeats itself.
  if (dice.is(0.3)) steps.push(step(dice, 'book', wish, 'tool-2'))
  return steps
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
