import t from 'tap'
import { type ConnectedOwner, connect, NOW, testApp } from '../setup/app.ts'
import { watch } from '../setup/bookings.ts'
import { at, caller } from '../setup/changes.ts'
import { eachMatches } from '../setup/each-matches.ts'

const test = await testApp(t, {
  LIMIT_REST_PER_MINUTE: '10000',
  LIMIT_TOOL_CALLS_PER_MINUTE: '10000',
  PROVIDER_TIMEOUT_MS: '700',
  PROVIDER_CREATE_TIMEOUT_MS: '700',
  TOOL_CALL_TIMEOUT_MS: '3500',
})
const FOR_GOOD = { times: Number.POSITIVE_INFINITY } as const

interface Asked {
  method?: 'GET' | 'PATCH' | 'DELETE'
  body?: object
  key?: string
}

/** What the owner's page asks. */
async function ask(owner: ConnectedOwner, path: string, { method = 'GET', body, key }: Asked = {}) {
  const reply = await test.app.inject({
    method,
    url: `/bookings${path}`,
    headers: { ...owner.headers(), ...(key === undefined ? {} : { 'idempotency-key': key }) },
    ...(body ? { payload: body } : {}),
  })
  return { status: reply.statusCode, body: reply.json() }
}

async function post(owner: ConnectedOwner, subject: string, startsAt: Date, minutes = 30) {
  const times = { start_time: startsAt.toISOString(), end_time: new Date(startsAt.getTime() + minutes * 60_000).toISOString() }
  const reply = await test.app.inject({ method: 'POST', url: '/calendar/events', headers: owner.headers(), payload: { subject, ...times } })
  if (reply.statusCode !== 201) throw new Error(reply.body)
}

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: the owner reads what a caller booked, with its code, and moves and cancels it`, async (t) => {
    const ana = await caller(test, vendor)
    const { owner } = ana
    await ana.book(at(10))
    const { body: list } = await ask(owner, '')
    t.match(list, { bookings: [{ status: 'confirmed', start_time: '2026-12-01T10:00:00-06:00', booked_by: 'caller' }], next_cursor: null })
    const path = `/${list.bookings[0].id}`
    t.match(await ask(owner, path), { status: 200, body: { confirmation_code: await ana.code(), changes: [] } })

    const evening = { start_time: '2026-12-01T20:15:00-06:00' }
    t.match(await ask(owner, path, { method: 'PATCH', body: evening }), {
      status: 200,
      body: { ...evening, end_time: '2026-12-01T20:45:00-06:00' },
    })
    t.has(ana.live(), [{ startsAt: at(20, 15), endsAt: at(20, 45) }], 'at any time, as no caller may')
    const longer = { end_time: '2026-12-01T21:15:00-06:00' }
    t.match(await ask(owner, path, { method: 'PATCH', body: longer }), { status: 200, body: { ...evening, ...longer } })

    t.match(await ask(owner, path, { method: 'DELETE' }), { status: 200, body: { status: 'cancelled', cancelled_at: String } })
    t.match(await ask(owner, path, { method: 'DELETE' }), { status: 200, body: { status: 'cancelled' } }, 'again is no harm')
    t.same(ana.live(), [])
    t.match(await ask(owner, path), {
      body: { changes: [{ kind: 'cancel', state: 'done', made_by: 'owner' }, { kind: 'move' }, { kind: 'move' }] },
    })
    t.match(await ask(owner, path, { method: 'PATCH', body: evening }), { status: 409, body: { code: 'not_changeable' } })
  })

  t.test(`${vendor}: she is bound by the future and by overlaps alone`, async (t) => {
    const owner = await test.owner({ vendor })
    const { rows, standIn } = watch(test, owner)
    await post(owner, 'Notary', at(10))
    await post(owner, 'Lawyer', at(11))
    const { bookings } = (await ask(owner, '')).body
    const path = `/${bookings[0].id}`
    const refused = async (body: object, status: number, code: string) =>
      t.match(await ask(owner, path, { method: 'PATCH', body }), { status, body: { code } }, JSON.stringify(body))
    await refused({ start_time: at(11).toISOString() }, 409, 'slot_taken')
    standIn.addEvent(owner.calendarEmail, { subject: 'Dentist', startsAt: at(14), endsAt: at(15) })
    await refused({ start_time: at(14, 30).toISOString() }, 409, 'slot_taken')
    await refused({ start_time: '2026-11-28T10:00:00Z' }, 400, 'time_past')
    await refused({ end_time: at(9).toISOString() }, 400, 'bad_time')
    await refused({ end_time: '2026-12-03T10:00:00Z' }, 400, 'bad_time')
    for (const body of [
      {},
      { start_time: '2026-12-01T10:00' },
      { status: 'confirmed' },
      { status: 'cancelled', start_time: at(9).toISOString() },
    ])
      await refused(body, 400, 'invalid_request')
    t.has(await rows(), [
      { startsAt: at(10), status: 'confirmed' },
      { startsAt: at(11), status: 'confirmed' },
    ])
  })

  t.test(`${vendor}: under one key one change is made once; another one under it is an error`, async (t) => {
    const owner = await test.owner({ vendor })
    const { standIn, changes } = watch(test, owner)
    await post(owner, 'Notary', at(10))
    const path = `/${(await ask(owner, '')).body.bookings[0].id}`
    const move = (hour: number) => ask(owner, path, { method: 'PATCH', body: { start_time: at(hour).toISOString() }, key: 'k' })
    const before = standIn.ledger.length
    t.ok((await Promise.all([move(12), move(12), move(12)])).every(({ status }) => status === 200))
    t.equal(standIn.ledger.slice(before).filter(({ method }) => method === 'PATCH').length, 1)
    t.match(await move(13), { status: 409, body: { code: 'repeat_differs' } })
    t.match(await ask(owner, path, { method: 'DELETE', key: 'k' }), { status: 409, body: { code: 'repeat_differs' } })
    t.equal((await changes()).length, 1)
  })

  t.test(`${vendor}: what the calendar has not answered is held, and settled later`, async (t) => {
    const owner = await test.owner({ vendor })
    const { standIn, live, rows, settleChanges } = watch(test, owner)
    await post(owner, 'Notary', at(10))
    const path = `/${(await ask(owner, '')).body.bookings[0].id}`
    standIn.faults.add({ kind: 'silent', method: 'PATCH', path: /events/, ...FOR_GOOD })
    const body = { start_time: at(12).toISOString() }
    t.match(await ask(owner, path, { method: 'PATCH', body, key: 'a' }), { status: 502, body: { code: 'change_held' } })
    t.match(await ask(owner, path), { body: { status: 'confirmed', changes: [{ state: 'open' }] } })
    t.match(await ask(owner, path, { method: 'DELETE' }), { status: 409, body: { code: 'change_under_way' } }, 'one after the other')
    standIn.faults.clear()
    await settleChanges()
    t.has(live(), [{ startsAt: at(12) }])
    t.match(await ask(owner, path, { method: 'PATCH', body, key: 'a' }), { status: 200, body: { status: 'confirmed' } })
    t.match(await ask(owner, path, { method: 'PATCH', body: { status: 'cancelled' } }), { status: 200, body: { status: 'cancelled' } })
    eachMatches(t, await rows(), [{ status: 'cancelled' }])
  })
}

t.test(
  'an appointment whose calendar is disconnected can be cancelled all the same, and its event goes once it is connected again',
  async (t) => {
    const owner = await test.owner()
    const { rows, live, settleChanges } = watch(test, owner)
    await post(owner, 'Notary', at(10))
    const path = `/${(await ask(owner, '')).body.bookings[0].id}`
    await test.app.inject({ method: 'DELETE', url: '/calendar/google/auth/disconnect', headers: owner.headers() })
    const moved = await ask(owner, path, { method: 'PATCH', body: { start_time: at(12).toISOString() } })
    t.match(moved, { status: 409, body: { code: 'calendar_not_connected' } })
    t.match(await ask(owner, path, { method: 'DELETE' }), { status: 200, body: { status: 'cancelled' } })
    eachMatches(t, await rows(), [{ status: 'cancelled', toTell: 'cancel' }])
    await settleChanges()
    eachMatches(t, await rows(), [{ toTell: 'cancel' }], 'nobody can reach it')
    t.equal(live().length, 1)
    await connect(test, owner, 'google', owner.calendarEmail)
    await settleChanges()
    eachMatches(t, await rows(), [{ toTell: null }])
    t.same(live(), [])
  },
)

t.test('completed and no-show are said of what has begun, and corrected, but not of what is off', async (t) => {
  const owner = await test.owner()
  await post(owner, 'Notary', at(10))
  await post(owner, 'Lawyer', at(11))
  const [notary, lawyer] = (await ask(owner, '')).body.bookings
  const note = (id: string, status: string) => ask(owner, `/${id}`, { method: 'PATCH', body: { status } })
  t.match(await note(notary.id, 'completed'), { status: 409, body: { code: 'not_changeable' } }, 'it is still to come')
  await note(lawyer.id, 'cancelled')
  test.setNow(at(12))
  t.teardown(() => test.setNow(NOW))
  t.match(await note(notary.id, 'completed'), { status: 200, body: { status: 'completed' } })
  t.match(await note(notary.id, 'no_show'), { status: 200, body: { status: 'no_show' } })
  t.match(await note(lawyer.id, 'completed'), { status: 409, body: { code: 'not_changeable' } })
  t.match(await note(notary.id, 'cancelled'), { status: 409, body: { code: 'not_changeable' } })
  t.match(await note('00000000-0000-4000-8000-000000000000', 'completed'), { status: 404 })
})

t.test('the list goes by time and status, page by page, and has each appointment once', async (t) => {
  const ana = await caller(test, 'google')
  const { owner } = ana
  await ana.book(at(10))
  await ana.cancel()
  await ana.undo()
  for (const hour of [11, 12, 13, 14]) await post(owner, `Hour ${hour}`, at(hour))
  const times = (body: { bookings: { start_time: string }[] }) => body.bookings.map(({ start_time }) => Number(start_time.slice(11, 13)))
  t.same(times((await ask(owner, '')).body), [10, 11, 12, 13, 14], 'the restored one is one')
  const first = await ask(owner, '?limit=2')
  const second = await ask(owner, `?limit=2&cursor=${first.body.next_cursor}`)
  const third = await ask(owner, `?limit=2&cursor=${second.body.next_cursor}`)
  t.same(
    [first, second, third].map(({ body }) => times(body)),
    [[10, 11], [12, 13], [14]],
  )
  t.equal(third.body.next_cursor, null)
  const range = `?from=${at(11, 30).toISOString()}&to=${at(13).toISOString()}`
  t.same(times((await ask(owner, range)).body), [12], 'half-open')
  await ask(owner, `/${first.body.bookings[1].id}`, { method: 'DELETE' })
  t.same(times((await ask(owner, '?status=cancelled')).body), [11])
  t.same(times((await ask(owner, '?status=pending')).body), [])
  for (const query of ['?cursor=x', '?status=gone', '?limit=0', '?limit=101', '?from=tomorrow'])
    t.equal((await ask(owner, query)).status, 400, query)
  t.same((await ask(await test.owner(), '')).body.bookings, [], "nobody else's")
})
