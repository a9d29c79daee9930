import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import { work } from '../../src/background.ts'
import { inTenant } from '../../src/db/client.ts'
import { AppError } from '../../src/errors.ts'
import { bossOn } from '../../src/jobs/queue.ts'
import { startWorker, type Work } from '../../src/jobs/worker.ts'
import { testApp } from '../setup/app.ts'
import { bringJobsForward, jobs, runJobs } from '../setup/jobs.ts'
import { until } from '../setup/process.ts'

const test = await testApp(t, { JOB_POLL_MS: '50', METRICS_TOKEN: 'x' })
const { deps } = test

t.beforeEach(() => sql`delete from jobs.job`.execute(deps.db))

/** Instead of the work of one kind. */
function instead(drop: Work['drop-old-counters'], rest: Partial<Work> = {}): Work {
  return { ...work, 'drop-old-counters': drop, ...rest }
}

t.test('a job exists exactly if the transaction that sends it commits', async (t) => {
  const send = (fails: boolean) =>
    deps.db.transaction().execute(async (trx) => {
      await deps.jobs.send(trx, 'drop-old-counters', {})
      if (fails) throw new Error('rolled back')
    })
  await t.rejects(send(true))
  t.same(await jobs(test), [])
  await send(false)
  t.match(await jobs(test), [{ name: 'drop-old-counters', state: 'created' }])
  t.equal(await runJobs(test), 1)
  t.match(await jobs(test), [{ state: 'completed', retryCount: 0 }])
})

t.test('a job waits until its time has come, and only one of a key waits', async (t) => {
  for (const startAfterSeconds of [30, 1]) await deps.jobs.send(deps.db, 'drop-old-counters', {}, { startAfterSeconds, singletonKey: 'x' })
  await deps.jobs.send(deps.db, 'drop-old-counters', {}, { startAfterSeconds: 0.5, singletonKey: 'y' })
  const waiting = await jobs(test)
  t.equal(waiting.length, 2)
  t.ok(waiting.some(({ waits }) => waits > 28 && waits <= 30) && waiting.some(({ waits }) => waits <= 0.5))
  await bringJobsForward(test, { seconds: 10 })
  t.equal(await runJobs(test), 1)
  await bringJobsForward(test)
  t.equal(await runJobs(test), 1)
})

t.test('what is done again and again is sent once in its interval, however many processes there are', async (t) => {
  await Promise.all(Array.from({ length: 5 }, () => deps.jobs.sendEvery('drop-old-events', 3600)))
  await runJobs(test)
  await deps.jobs.sendEvery('drop-old-events', 3600)
  const sent = await jobs(test)
  // The hour may have turned in between.
  t.ok(sent.length >= 1 && sent.length <= 2, `${sent.length}`)
})

t.test('a job that always fails is tried five times with growing pauses, then set aside with one alert; others go on', async (t) => {
  let tries = 0
  const failing = instead(async () => {
    tries += 1
    throw new AppError('provider_unavailable', 'a secret of somebody')
  })
  const pauses: number[] = []
  await deps.jobs.send(deps.db, 'drop-old-counters', {})
  for (let round = 0; round < 8; round += 1) {
    await deps.jobs.send(deps.db, 'drop-old-events', {})
    await runJobs(test, failing)
    const [job] = (await jobs(test)).filter(({ name }) => name === 'drop-old-counters')
    if (job?.state === 'retry') pauses.push(job.waits)
    await bringJobsForward(test)
  }
  t.equal(tries, 5)
  t.ok(
    pauses.every((pause, index) => pause > 1.5 * 2 ** index && pause <= 4 * 2 ** index),
    pauses.join(' '),
  )
  const all = await jobs(test)
  t.match(
    all.filter(({ name }) => name === 'drop-old-counters'),
    [{ state: 'failed', output: { error: 'AppError provider_unavailable' } }],
  )
  t.equal(all.filter(({ name, state }) => name === 'drop-old-events' && state === 'completed').length, 8)
  const alerts = test.logs.filter((line) => line.includes('set aside'))
  t.equal(alerts.length, 1)
  t.match(JSON.parse(alerts[0] ?? ''), { level: 50, job: 'drop-old-counters', why: { error: 'AppError provider_unavailable' } })
  const { body } = await test.app.inject({ url: '/metrics', headers: { authorization: 'Bearer x' } })
  t.match(body, /^jobs_set_aside_total\{job="drop-old-counters"\} 1$/m)
  t.match(body, /^job_lag_seconds /m)
  t.notMatch(JSON.stringify(all), 'a secret')
})

t.test('of a kind only so many run at once, and none is left out', async (t) => {
  let [now, most, ran] = [0, 0, 0]
  const slow = instead(async () => {
    now += 1
    most = Math.max(most, now)
    await delay(20)
    now -= 1
    ran += 1
  })
  await inTenant(deps.db, 'user_a', async (trx) => {
    for (let count = 0; count < 20; count += 1) await deps.jobs.send(trx, 'drop-old-counters', {})
  })
  await runJobs(test, slow)
  t.same([most, ran], [6, 20])
})

t.test('a worker picks up what is due, and stopping waits for what it has begun', async (t) => {
  let [begun, ended, told] = [false, false, false]
  const worker = await startWorker(
    deps,
    instead(async (_deps, _data, signal) => {
      begun = true
      signal.addEventListener('abort', () => {
        told = true
      })
      await delay(300)
      ended = true
    }),
    [['drop-old-events', 60]],
  )
  await deps.jobs.send(deps.db, 'drop-old-counters', {})
  await until('the job', () => begun)
  const startedAt = performance.now()
  await deps.jobs.send(deps.db, 'drop-old-counters', {}, { singletonKey: 'later' })
  await worker.stop()
  t.same([told, ended], [true, true])
  t.ok(performance.now() - startedAt < 2000)
  const left = await jobs(test)
  t.match(
    left.filter(({ name }) => name === 'drop-old-counters').map(({ state }) => state),
    ['completed', 'created'],
  )
  t.ok(
    left.some(({ name }) => name === 'drop-old-events'),
    'what it schedules was sent at its start',
  )
})

t.test('the job of a worker that died is given to another within ten seconds', async (t) => {
  const silent = instead(() => new Promise(() => {}))
  await deps.jobs.send(deps.db, 'drop-old-counters', {})
  // What a killed process leaves: a job that is active, and nobody who says that it is being worked on.
  const boss = bossOn(deps.db)
  t.equal((await boss.fetch('drop-old-counters')).length, 1)
  t.equal(await runJobs(test, silent), 0, 'it is not given to two')
  await sql`update jobs.job set started_on = started_on - interval '4 seconds', heartbeat_on = heartbeat_on - interval '4 seconds'`.execute(
    deps.db,
  )
  const diedAt = performance.now() - 4000
  let ran = false
  const other = await startWorker(
    deps,
    instead(async () => {
      ran = true
    }),
    [],
  )
  await until('another', async () => {
    const [job] = await jobs(test)
    return job?.state !== 'active'
  })
  t.ok(performance.now() - diedAt < 10_000, `${performance.now() - diedAt} ms`)
  await bringJobsForward(test)
  await until('it runs again', () => ran)
  await other.stop()
})

t.test('whoever works on a job says again and again that it lives', async (t) => {
  await deps.jobs.send(deps.db, 'drop-old-counters', {})
  await runJobs(
    test,
    instead(() => delay(2000)),
  )
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from heartbeat_on - started_on)::double precision as seconds from jobs.job`.execute(deps.db)
  t.ok((rows[0]?.seconds ?? 0) > 1.5, JSON.stringify(rows))
})

t.test('/ready tells how far background work is behind, and refuses only when it stands still', async (t) => {
  const ready = async () => {
    const reply = await test.app.inject('/ready')
    return { answered: reply.statusCode, ...reply.json() }
  }
  t.match(await ready(), { answered: 200, jobs: { lag_seconds: 0, set_aside: 0 } })
  await deps.jobs.send(deps.db, 'mail-notice', { clerkUserId: 'user_a', deliveryId: crypto.randomUUID() })
  await bringJobsForward(test, { seconds: 3600 })
  t.match(await ready(), { jobs: { lag_seconds: 0 } }, 'a mail server that is down is no fault of ours')
  await sql`delete from jobs.job`.execute(deps.db)
  await deps.jobs.send(deps.db, 'drop-old-counters', {}, { startAfterSeconds: 60 })
  t.match(await ready(), { jobs: { lag_seconds: 0 } }, 'what is not due yet is not late')
  await bringJobsForward(test, { seconds: 360 })
  const { answered, jobs: late } = await ready()
  t.equal(answered, 200)
  t.ok(late.lag_seconds >= 300 && late.lag_seconds < 310, late.lag_seconds)
  await bringJobsForward(test, { seconds: 900 })
  t.match(await ready(), { answered: 503, code: 'unavailable' })
  await runJobs(test)
  t.match(await ready(), { answered: 200 })
})
