import { sql } from 'kysely'
import t from 'tap'
import { type Demo, seedDemo } from '../../scripts/start/demo.ts'
import { runProgram, until } from '../setup/process.ts'
import { startedService, surroundings } from '../setup/service.ts'
import { post, toolCalls } from '../world/vapi/index.ts'

const QUICK = { SETTLE_LEASE_MS: '2000', SETTLE_INTERVAL_MS: '500', JOB_POLL_MS: '200' }
const CREATE = { kind: 'silent', method: 'POST', path: /\/events(\?|$)/, times: Number.POSITIVE_INFINITY } as const
const ZONE = 'America/Chicago'

/** A process whose clock is wrong by so many hours. */
function wrongBy(hours: number) {
  const module = `const real = Date, now = Date.now; const wrong = () => now() + ${hours} * 3600000
    globalThis.Date = class extends real { constructor(...at) { at.length === 0 ? super(wrong()) : super(...at) } static now() { return wrong() } }`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` }
}

/** A working day some days from now. */
function workday(): string {
  let day = Temporal.Now.plainDateISO(ZONE).add({ days: 3 })
  while (day.dayOfWeek > 5) day = day.add({ days: 1 })
  return day.toString()
}

t.test('a killed booking is settled after the restart, once, also by processes whose clocks are wrong by an hour', async (t) => {
  const around = await surroundings(t)
  const { world, baseUrl, database } = around
  const env = { ...around.env, ...QUICK }
  let service = await startedService(t, { baseUrl, env })
  const demo: Demo = await seedDemo(baseUrl, world)
  const call = async (name: string, args: Record<string, unknown>, id: string) => {
    const { json } = await post(baseUrl, toolCalls([{ id, name, arguments: args }], { assistantId: demo.assistantId }), {
      secret: demo.secret,
    })
    return JSON.stringify(json)
  }
  const creates = () => world.google.ledger.filter(({ method, path }) => method === 'POST' && CREATE.path.test(path)).length
  const kill = async () => {
    service.child.kill('SIGKILL')
    await service.ended
  }
  for (const [hours, time] of [
    [1, '12:00'],
    [-1, '16:00'],
  ] as const) {
    world.google.faults.add(CREATE)
    const before = creates()
    const wish = { start_time: `${workday()}T${time}`, name: 'Ana', second: true }
    const broken = call('book_appointment', wish, `tool_${hours}`).catch(() => 'no answer')
    await until('the vendor to be asked', () => creates() > before)
    await kill()
    t.equal(await broken, 'no answer')
    world.google.faults.clear()
    const refreshes = world.google.ledger.filter(({ path }) => path === '/token').length

    const startedAt = performance.now()
    service = await startedService(t, { baseUrl, env: { ...env, ...wrongBy(hours) } })
    const isSettled = async () => {
      const { rows } = await sql<{ open: number }>`
        select count(*)::int as open from jobs.job where name = 'settle-booking' and state < 'completed'`.execute(database.db)
      return rows[0]?.open === 0
    }
    await until('its end', isSettled, 60)
    t.ok(performance.now() - startedAt < 30_000, `${Math.round(performance.now() - startedAt)} ms`)
    t.match(await call('book_appointment', wish, `tool_${hours}`), 'You are booked', 'the same call again hears the truth')
    const ours = world.google.events(demo.calendar.email).filter(({ subject }) => subject.includes('Ana') || subject.includes('iewing'))
    t.equal(ours.filter(({ status }) => status !== 'cancelled').length, hours === 1 ? 1 : 2)
    t.match(await call('get_availability', { date: workday() }, `free_${hours}`), 'I have')
    t.equal(world.google.ledger.filter(({ path }) => path === '/token').length, refreshes, 'no token is renewed before its time')
  }
})

t.test('a process that runs background work alone does it, and stops in order', async (t) => {
  const { database, env } = await surroundings(t)
  const worker = runProgram(t, 'src/worker.ts', { ...env, JOB_POLL_MS: '100' })
  const isDone = async () => {
    const { rows } = await sql<{ done: number }>`
      select count(*)::int as done from jobs.job where name = 'drop-old-counters' and state = 'completed'`.execute(database.db)
    return (rows[0]?.done ?? 0) > 0
  }
  await until('what it schedules', isDone)
  const signalledAt = performance.now()
  worker.child.kill('SIGTERM')
  t.equal(await worker.ended, 0)
  t.ok(performance.now() - signalledAt < 3000)
  t.equal(worker.stderr(), '')
})
