import { setTimeout as delay } from 'node:timers/promises'
import { surroundings } from '../../test/setup/service.ts'
import { chance } from '../rig/chance.ts'
import { cleanups } from '../rig/cleanups.ts'
import { type Fleet, startFleet } from '../rig/fleet.ts'
import { makeOwner, type Owner } from '../rig/owner.ts'
import { contradictions, readRows } from '../rig/truth.ts'
import { TIME_ZONE } from '../rig/week.ts'
import { type Asked, converse, insist, type Setting } from './converse.ts'
import { isAbout, misplaced, toldTwoTruths } from './judge.ts'
import type { Heard, OperationName } from './operations.ts'
import { type Kill, type Plan, planOf } from './plan.ts'
import { newStory, type Story } from './story.ts'

/** How a run ended. */
export interface Outcome {
  plan: Plan
  /** None: all is well. */
  problems: string[]
  story: string[]
  answers: number
  /** What was last heard of each step. */
  heard: [operation: OperationName, heard: Heard | 'nothing'][]
  /** Deliveries that a kill left without an answer. */
  unanswered: number
  /** From the moment when every process was back. */
  settledMs: number
  /** What the service logged. */
  logs: string
}

const SETTLED_MS = 60_000
// What a crash leaves is taken up after seconds instead of half a minute; nobody is held to how often he may ask.
const SETTINGS = {
  LOG_LEVEL: 'warn',
  TOOL_CALL_TIMEOUT_MS: '4000',
  PROVIDER_TIMEOUT_MS: '1500',
  PROVIDER_CREATE_TIMEOUT_MS: '2000',
  LIMIT_TOOL_CALLS_PER_CALL: '10000',
  SETTLE_LEASE_MS: '4500',
  LIMIT_REST_PER_MINUTE: '10000',
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  LIMIT_BOOKINGS_PER_CALL: '1000',
  LIMIT_BOOKINGS_PER_NUMBER: '1000',
}

/** One run from an empty database to the verdict. @param adminUrl as in `testDatabase` */
export async function killRun(seed: number, adminUrl?: string): Promise<Outcome> {
  const plan = planOf(seed)
  const outcome: Outcome = { plan, problems: [], story: [], answers: 0, heard: [], unanswered: 0, settledMs: 0, logs: '' }
  const t = cleanups()
  try {
    await perform(t, plan, outcome, adminUrl)
  } catch (error) {
    outcome.problems.push(error instanceof Error ? error.message : String(error))
  } finally {
    await t.run()
  }
  return outcome
}

async function perform(t: ReturnType<typeof cleanups>, plan: Plan, outcome: Outcome, adminUrl: string | undefined): Promise<void> {
  const { vendor, conversations, kills } = plan
  const { world, database, baseUrl, port, env } = await surroundings(t, adminUrl)
  const fleet = await startFleet(t, { port, env: { ...env, ...SETTINGS } }, plan.processes)
  const owner = await makeOwner(baseUrl, world, vendor, OWNER)

  if (vendor === 'calcom') {
    // By telephone, without an address; and how much may be asked in a minute is no matter here.
    const { calcom } = world
    for (const { id } of calcom.eventTypes(owner.calendarEmail)) calcom.changeEventType(owner.calendarEmail, id, { emailRequired: false })
    calcom.setRate(100_000)
  }

  const story = newStory()
  const { problems } = outcome
  outcome.story = story.lines
  const setting: Setting = {
    owner,
    urls: fleet.urls,
    dice: chance(plan.seed).fork('deliveries'),
    story,
    problems,
    appointment: async (mark) => (await readRows(database.db, owner)).find(({ subject }) => isAbout(mark, subject))?.appointmentId,
  }
  const { ledger, faults } = world[vendor]
  faults.each(plan.weather)
  const before = ledger.length
  const writes = () => ledger.slice(before).filter(({ method, path }) => method !== 'GET' && /\/events|\/v2\/bookings/.test(path)).length
  let isOver = false
  const talking = Promise.all(conversations.map((one) => converse(setting, one))).finally(() => {
    isOver = true
  })
  const [all] = await Promise.all([talking, killAll(fleet, kills, story, (kill) => isOver || writes() >= kill.afterWrites)])
  faults.clear()
  await fleet.ready()

  const backAt = performance.now()
  story.tell('all', 'answered, and every process is back')
  const wrong = async () => [...(await contradictions(database.db, world, owner)), ...(await placedWrong(database, owner, all))]
  let open = await wrong()
  while (open.length > 0 && performance.now() - backAt < SETTLED_MS) {
    await delay(100)
    open = await wrong()
  }
  outcome.settledMs = performance.now() - backAt
  story.tell('all', open.length > 0 ? `not settled after ${SETTLED_MS / 1000} s` : 'settled')
  problems.push(...open.map((problem) => `after ${SETTLED_MS / 1000} s ${problem}`))

  for (const steps of all) {
    const last = steps.at(-1)
    if (last && last.hearings.length > 0) await insist(setting, last)
  }
  if (open.length === 0) problems.push(...(await wrong()))
  const shared = (mark: string) => conversations.filter((one) => one.mark === mark).length > 1
  // Where the owner changes what a caller has booked, the truth changes too.
  problems.push(...all.flat().flatMap((asked) => (shared(asked.conversation.mark) ? [] : toldTwoTruths(asked))))
  outcome.answers = all.flat().reduce((sum, { hearings }) => sum + hearings.length, 0)
  outcome.heard = all.flat().map(({ step, hearings }) => [step.operation, hearings.at(-1)?.heard ?? 'nothing'])
  outcome.unanswered = all.flat().reduce((sum, { unanswered }) => sum + unanswered, 0)
  await fleet.stop()
  outcome.logs = fleet.logs()
  if (outcome.logs.includes('"msg":"a bug"')) problems.push('the service met a bug of its own; its log says which')
}

const OWNER = { name: 'Dana Reyes', email: 'dana@example.com', calendarEmail: 'dana@diary.example', timeZone: TIME_ZONE }

async function placedWrong({ db }: Awaited<ReturnType<typeof surroundings>>['database'], owner: Owner, all: Asked[][]): Promise<string[]> {
  const rows = await readRows(db, owner)
  const asked = all.flat()
  const marks = new Set(asked.map(({ conversation }) => conversation.mark))
  return [...marks].flatMap((mark) =>
    misplaced(
      asked.filter(({ conversation }) => conversation.mark === mark),
      rows,
    ),
  )
}

async function killAll(fleet: Fleet, kills: Kill[], story: Story, isDue: (kill: Kill) => boolean): Promise<void> {
  const restarts: Promise<void>[] = []
  for (const kill of kills) {
    while (!isDue(kill)) await delay(5)
    await delay(kill.afterMs)
    const name = `process ${kill.target + 1}`
    await fleet.kill(kill.target)
    story.tell(name, '☠ killed')
    restarts.push(
      delay(kill.backAfterMs).then(() => {
        fleet.start(kill.target)
        story.tell(name, 'started again')
      }),
    )
  }
  await Promise.all(restarts)
}
