import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { sandboxFile } from '../../scripts/start/sandbox-file.ts'
import { freePort } from '../../src/db/free-port.ts'
import { embeddedFolder, root } from '../../src/root.ts'
import { runProgram, until } from '../setup/process.ts'

/** The commands of a printed text, as fetch takes them. Only what we print needs to be understood. */
function curls(text: string): { url: string; init: RequestInit }[] {
  return text
    .replaceAll(/\\\n +/g, '')
    .split('\n')
    .filter((line) => line.trim().startsWith('curl '))
    .map((line) => {
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
      const after = (flag: string) => words.filter((_, index) => words[index - 1] === flag)
      const headers = Object.fromEntries(after('-H').map((header) => header.split(': ') as [string, string]))
      const [body] = after('-d')
      return { url: words.find((word) => word.startsWith('http')) ?? '', init: { headers, ...(body ? { method: 'POST', body } : {}) } }
    })
}

async function ask({ url, init }: ReturnType<typeof curls>[number]) {
  const response = await fetch(url, init)
  return { status: response.status, body: JSON.parse(await response.text()) }
}

const runs = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test('npm start: what it prints works as it stands, a second start harms nothing, and at the end nothing is left', async (t) => {
  const port = await freePort()
  const env = { PORT: String(port) }
  const sandbox = runProgram(t, 'scripts/start.ts', env)
  await until('the welcome', () => sandbox.stdout().includes('Ctrl-C stops it') || sandbox.child.exitCode !== null)
  t.equal(sandbox.stderr(), '', 'starts without a complaint')
  t.match(await ask({ url: `http://localhost:${port}/health`, init: {} }), { status: 200, body: { status: 'healthy' } })

  const [booking, calendar, status, ...others] = curls(sandbox.stdout())
  if (!booking || !calendar || !status) return t.fail('three commands are printed')
  t.same(others, [])
  for (const line of sandbox.stdout().split('\n')) {
    if (!/^ +(curl|-d|-H) /.test(line)) t.ok(line.length <= 80, `fits a narrow terminal: ${line}`)
  }

  const said = /^You are booked for Tuesday the .* at ten in the morning, at 12 Elm Street\. An invitation comes by e-mail\./
  t.match((await ask(booking)).body, { results: [{ toolCallId: 'call_1', result: said }] })
  t.match((await ask(booking)).body, { results: [{ toolCallId: 'call_1', result: said }] }, 'delivered twice, it is the same booking')
  const { items } = (await ask(calendar)).body
  t.match(items, [
    {
      summary: 'Viewing, 12 Elm Street, Kim Lee',
      start: { timeZone: 'America/Chicago' },
      attendees: [{ email: 'kim@example.com', displayName: 'Kim Lee' }],
    },
  ])
  t.equal(items.length, 1)
  const wished = JSON.parse(String(booking.init.body)).message.toolCallList[0].function.arguments.start_time
  const instant = Temporal.PlainDateTime.from(wished).toZonedDateTime('America/Chicago').epochMilliseconds
  t.equal(Date.parse(items[0].start.dateTime), instant, 'ten o’clock where the owner lives')
  t.equal(Date.parse(items[0].end.dateTime), instant + 30 * 60_000)
  t.match(await ask(status), { status: 200, body: { authorized: true, provider: 'google' } })

  const second = runProgram(t, 'scripts/start.ts', env)
  t.equal(await second.ended, 1)
  t.match(second.stderr(), new RegExp(`^Something else listens on port ${port}\\..*PORT=${port + 1} npm start\n$`))

  const change = runProgram(t, 'scripts/call.ts', env, ['--script', 'change'])
  t.equal(await change.ended, 0, change.stderr())
  for (const heard of [/→ reschedule_appointment \{/, /Your appointment is now on Thursday/, /is cancelled\./])
    t.match(change.stdout().replaceAll(/\n +/g, ' '), heard)
  t.match(change.stdout(), "The owner's calendar is as it was before the call.")

  for (const script of ['demo', 'taken', 'closed']) {
    const call = runProgram(t, 'scripts/call.ts', env, ['--script', script])
    t.equal(await call.ended, 0, `${script}: ${call.stderr()}`)
    t.match(call.stdout(), /→ book_appointment \{"start_time":"\w+ the /, `${script} books in words`)
    t.equal(call.stdout().match(/← new$/gm)?.length, script === 'taken' ? 2 : 1, `${script} shows what is new`)
    t.match(call.stdout(), { demo: /You are booked for/, taken: /That time is taken/, closed: /We are closed on Saturday/ }[script])
    t.match(call.stdout(), /intent booking, .*its report is in/, `${script} is on record`)
    t.match(call.stdout(), /booked: \w+, .*confirmed/, 'with its appointment')
    t.match(
      call.stdout(),
      /The call began\n[\s\S]*request[\s\S]*vendor_request google[\s\S]*answer[\s\S]*The call ended/,
      'and its timeline',
    )
    for (const line of call.stdout().split('\n')) t.ok(line.length <= 100, line)
  }

  const s1 = runProgram(t, 'scripts/call.ts', env, ['--script', 's1'])
  t.equal(await s1.ended, 0, s1.stderr())
  for (const heard of [
    /→ checkAvailability \{"timePreference":"afternoon"\}/,
    /→ createBooking \{.*"dateTime":"\S+Z"\}/,
    /You are booked for .* in the afternoon/,
  ])
    t.match(s1.stdout().replaceAll(/\n +/g, ' '), heard, 'by the names of a requirement document')

  const key = /For PUT \/calendar\/calcom\/key +(cal_live_\w+)$/m.exec(sandbox.stdout())?.[1]
  const headers = { ...(status.init.headers as Record<string, string>), 'content-type': 'application/json' }
  const owner = (method: string, url: string, body: object) =>
    ask({ url: `http://localhost:${port}${url}`, init: { method, headers, body: JSON.stringify(body) } })
  const connected = await owner('PUT', '/calendar/calcom/key', { api_key: key })
  t.match(connected, {
    status: 200,
    body: {
      calendars: [
        { name: '30 Min Meeting', can_write: true },
        { name: 'Viewing', can_write: true },
      ],
    },
  })
  const { id, calendars } = connected.body
  const chosen = await owner('PATCH', `/calendar/connections/${id}`, { calendar_id: calendars[1].id })
  t.match(chosen, { status: 200, body: { calendar_name: 'Viewing' } }, 'another event type')
  for (const script of ['demo', 'demo', 's4']) {
    const call = runProgram(t, 'scripts/call.ts', env, ['--script', script])
    t.equal(await call.ended, 0, call.stderr())
    t.match(call.stdout(), /You are booked for/, `${script} books at Cal.com, however many have rung from that number`)
    t.match(call.stdout(), /^\+ .*Viewing between Dana Reyes and .* ← new$/m, 'and what is new there is shown')
  }

  const postmaster = path.join(embeddedFolder(`sandbox-${port}`), 'pgdata/postmaster.pid')
  const postgres = Number((await readFile(postmaster, 'utf8')).split('\n')[0])
  t.ok(runs(postgres))
  sandbox.child.kill('SIGTERM')
  t.equal(await sandbox.ended, 0, 'stopped as asked')
  await until('postgres to be gone', () => !runs(postgres))
  await t.rejects(fetch(`http://localhost:${port}/health`), 'the service is gone')
  await t.rejects(fetch(calendar.url), 'and the vendors')
  for (const file of [sandboxFile(port), path.join(root, '.data', `sandbox-${port}.pem`), embeddedFolder(`sandbox-${port}`)]) {
    t.notOk(existsSync(file), `${path.basename(file)} is gone`)
  }
  const late = runProgram(t, 'scripts/call.ts', env)
  t.equal(await late.ended, 1)
  t.match(late.stderr(), `Start the sandbox first: PORT=${port} npm start`)
})

t.test('npm start stopped in its middle leaves nothing either', async (t) => {
  const port = await freePort()
  const sandbox = runProgram(t, 'scripts/start.ts', { PORT: String(port) })
  const folder = embeddedFolder(`sandbox-${port}`)
  await until('the database to be made', () => existsSync(path.join(folder, 'server.log')))
  sandbox.child.kill('SIGINT')
  t.equal(await sandbox.ended, 0)
  t.notOk(existsSync(folder))
})

t.test('npm start for real names all that is missing before it starts anything', async (t) => {
  const folder = embeddedFolder('postgres')
  const before = existsSync(folder)
  const start = runProgram(t, 'scripts/start.ts', { BASE_URL: 'https://calendar.example.com', PORT: String(await freePort()) })
  t.equal(await start.ended, 1)
  for (const name of ['FRONTEND_URL', 'TOKEN_ENCRYPTION_KEYS', 'SIGNING_SECRET', 'CLERK_SECRET_KEY', 'CLERK_ISSUER', 'VAPI_WEBHOOK_SECRET'])
    t.match(start.stderr(), name)
  t.notMatch(start.stderr(), /^ +at |DATABASE_URL/m, 'no stack, and nothing that needs no setting')
  t.equal(existsSync(folder), before, 'no database was made')
})
