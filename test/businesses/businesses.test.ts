import fc from 'fast-check'
import { sql } from 'kysely'
import t from 'tap'
import { BusinessChange } from '../../src/businesses/business-body.ts'
import { DateOverrides, DayWindows, OpeningHours } from '../../src/businesses/hours-body.ts'
import { dayWords, weekdays } from '../../src/calendar/zone.ts'
import { inTenant } from '../../src/db/client.ts'
import { NOW, type Owner, testApp } from '../setup/app.ts'
import { words } from '../setup/voice.ts'

const test = await testApp(t, { LIMIT_REST_PER_MINUTE: '10000', LIMIT_TOOL_CALLS_PER_MINUTE: '10000' })
t.afterEach(() => test.setNow(NOW))

async function send(owner: Owner, method: 'GET' | 'PATCH' | 'POST', url: string, payload?: object) {
  const reply = await test.app.inject({ method, url, headers: owner.headers(), ...(payload ? { payload } : {}) })
  return { status: reply.statusCode, json: reply.json(), body: reply.body }
}

async function first(owner: Owner) {
  const { json } = await send(owner, 'GET', '/businesses')
  return json.businesses[0]
}

/** Changes the business that was made with her. */
async function change(owner: Owner, payload: object) {
  return send(owner, 'PATCH', `/businesses/${(await first(owner)).id}`, payload)
}

t.test('a user has a business from the start, with the usual rules', async (t) => {
  const owner = test.user('dana@example.com')
  const business = await first(owner)
  t.match(business, {
    name: 'Dana Reyes',
    email: 'dana@example.com',
    phone_number: null,
    time_zone: null,
    active: true,
    slot_minutes: 30,
    step_minutes: null,
    notice_minutes: 1440,
    ahead_days: 7,
    horizon_days: 60,
    daily_cap: null,
    change_proof: 'code',
    transcript_days: 30,
    record_days: 730,
  })
  t.same(business.opening_hours.friday, [['09:00', '17:00']])
  t.notOk('saturday' in business.opening_hours, 'closed on weekends')
  t.same((await send(owner, 'GET', `/businesses/${business.id}`)).json, business)
})

t.test('whatever is sent is changed, and nothing else', async (t) => {
  const owner = test.user()
  const before = await first(owner)
  const agent = await send(owner, 'POST', '/agents', { agent_name: 'Desk' })
  const changes = {
    name: 'Elm Street Viewings',
    email: 'desk@example.com',
    phone_number: '+13125550142',
    time_zone: 'Europe/Berlin',
    region: 'DE',
    agent_id: agent.json.agent_id,
    active: false,
    opening_hours: {
      saturday: [
        ['10:00', '12:00'],
        ['13:00', '24:00'],
      ],
      sunday: [],
    },
    date_overrides: [{ from: '2026-12-24', to: '2026-12-26', hours: [] }],
    slot_minutes: 45,
    step_minutes: 15,
    starts_from: 'hour',
    buffer_before_minutes: 5,
    buffer_after_minutes: 10,
    daily_cap: 3,
    notice_minutes: 0,
    ahead_days: 14,
    horizon_days: 90,
    day_windows: { ...before.day_windows, morning: ['06:00', '11:00'] },
    all_day_blocks: false,
    tentative_blocks: false,
    out_of_office_blocks: false,
    working_elsewhere_blocks: true,
    change_proof: 'number',
    transcript_days: 0,
    record_days: 30,
  }
  for (const [name, value] of Object.entries(changes)) {
    const known = await first(owner)
    const { status, json } = await send(owner, 'PATCH', `/businesses/${before.id}`, { [name]: value })
    t.equal(status, 200, name)
    t.same({ ...json, updated_at: null }, { ...known, [name]: value, updated_at: null }, `${name} and nothing else`)
  }
  t.same(
    Object.keys(changes).sort(),
    Object.keys(before)
      .filter((name) => !/^(id|created_at|updated_at)$/.test(name))
      .sort(),
  )
  for (const name of ['phone_number', 'email', 'time_zone', 'region', 'agent_id', 'step_minutes', 'daily_cap']) {
    t.equal((await send(owner, 'PATCH', `/businesses/${before.id}`, { [name]: null })).json[name], null, `${name} can be cleared`)
  }
  const same = await send(owner, 'PATCH', `/businesses/${before.id}`, {
    id: crypto.randomUUID(),
    clerk_user_id: 'user_other',
    colour: 'red',
  })
  t.same(same.json, await first(owner), 'unknown fields are ignored, and ids are not from outside')
})

t.test('what does not fit is told as it has to be written, and nothing is changed', async (t) => {
  const owner = test.user()
  const before = await first(owner)
  const wrong: [payload: object, told: RegExp][] = [
    [{ opening_hours: { monday: [['09:00', '08:00']] } }, /opening_hours\.monday\.0: 09:00 to 08:00 ends before it begins/],
    [
      {
        opening_hours: {
          monday: [
            ['09:00', '12:00'],
            ['11:00', '13:00'],
          ],
        },
      },
      /monday: 09:00 to 12:00 and 11:00 to 13:00 overlap/,
    ],
    [{ opening_hours: { monday: [['9:00', '12:00']] } }, /monday\.0\.0: write times as HH:MM, from 00:00 to 23:59, such as 09:00/],
    [{ opening_hours: { monday: ['09:00', '12:00'] } }, /write each stretch as two times, such as \["09:00", "17:00"\]/],
    [{ opening_hours: { munday: [] } }, /opening_hours: munday is none of monday to sunday/],
    [
      { date_overrides: [{ from: '2026-12-26', to: '2026-12-24', hours: [] }] },
      /date_overrides\.0: the last day \(to\) is before the first one/,
    ],
    [{ date_overrides: [{ from: '2026-02-30', to: '2026-03-01', hours: [] }] }, /date_overrides\.0\.from: write days as YYYY-MM-DD/],
    [{ day_windows: { morning: ['00:00', '12:00'] } }, /day_windows\.afternoon: write each stretch as two times/],
    [{ time_zone: 'Chicago' }, /time_zone: is no IANA time zone; write one such as America\/Chicago/],
    [{ time_zone: '+05:30' }, /time_zone: is no IANA time zone/],
    [{ region: 'us' }, /region: write the two capital letters of a country/],
    [{ email: 'desk' }, /email: write an e-mail address/],
    [{ slot_minutes: 4 }, /slot_minutes: .*>=5/],
    [{ slot_minutes: 30.5 }, /slot_minutes: .*int/],
    [{ notice_minutes: -1 }, /notice_minutes: .*>=0/],
    [{ starts_from: 'noon' }, /starts_from: /],
    [{ transcript_days: 366 }, /transcript_days: .*<=365/],
    [{ record_days: 29 }, /record_days: .*>=30/],
    [{ phone_number: '12' }, /such as \+13125550142/],
    [{ phone_number: 'call me' }, /such as \+13125550142/],
    [{ agent_id: 2_000_000_000 }, /agent_id names none of your agents/],
    [{ name: ' \u202e ' }, /name: /],
  ]
  for (const [payload, told] of wrong) {
    const { status, json } = await change(owner, payload)
    t.equal(status, 400, JSON.stringify(payload))
    t.match(json.message, told)
  }
  t.same(await first(owner), before)
})

t.test('a number leads to one business, and nobody is told to whose', async (t) => {
  const [one, two] = [test.user(), test.user()]
  t.equal((await change(one, { phone_number: '(312) 555-0188' })).json.phone_number, '+13125550188', 'kept as E.164, by the region')
  const mine = await change(one, { phone_number: '+1 312 555 0188' })
  t.equal(mine.status, 200, 'her own once more')
  const refused = await change(two, { phone_number: '+13125550188' })
  t.equal(refused.status, 409)
  t.equal(refused.json.code, 'number_taken')
  t.notMatch(refused.body, one.clerkUserId)
  const further = await send(one, 'POST', '/businesses', { name: 'Second', phone_number: '+13125550188' })
  t.same(further.json.message, refused.json.message, 'the same words where it is another one of hers')
  t.equal((await send(one, 'GET', '/businesses')).json.businesses.length, 1, 'and none was made')
  await change(one, { phone_number: '+13125550189' })
  t.equal((await change(two, { phone_number: '+13125550188' })).status, 200, 'free again')
  t.equal((await change(one, { phone_number: '+13125550188' })).status, 409)
  t.equal((await first(one)).phone_number, '+13125550189', 'a refused change changes nothing')
  const both = await Promise.all([test.user(), test.user()].map((user) => change(user, { phone_number: '+13125550190' })))
  t.same(both.map(({ status }) => status).sort(), [200, 409], 'of two at once one gets it')
})

t.test("another user's business is not there", async (t) => {
  const [one, two] = [test.user(), test.user()]
  const { id } = await first(one)
  const foreign = await send(two, 'PATCH', `/businesses/${id}`, { name: 'Mine now' })
  t.equal(foreign.status, 404)
  t.equal((await send(two, 'GET', `/businesses/${id}`)).status, 404)
  t.equal((await first(one)).name, 'Dana Reyes')
  const agent = await send(one, 'POST', '/agents', { agent_name: 'Desk' })
  t.equal((await change(two, { agent_id: agent.json.agent_id })).json.code, 'agent_unknown')
})

t.test('who changes a business stands in the event log, without what it was changed to', async (t) => {
  const owner = test.user()
  await change(owner, { name: 'Sentinel Name', notice_minutes: 60 })
  const logged = sql<{ action: string; details: object }>`select action, details from event_log where action like 'business.%'`
  const { rows } = await inTenant(test.deps.db, owner.clerkUserId, (trx) => logged.execute(trx))
  t.same(rows, [{ action: 'business.changed', details: { fields: ['name', 'noticeMinutes'] } }])
})

for (const vendor of ['google', 'microsoft'] as const) {
  t.test(`${vendor}: what is changed holds for the next offer and the next booking, and the explanation agrees`, async (t) => {
    const owner = await test.owner({ vendor })
    const offer = async (date: string) => words(await owner.call('get_availability', { date }))
    const explained = async (at: string) => (await send(owner, 'GET', `/calendar/explain?at=${encodeURIComponent(at)}`)).json
    t.match(await offer('2026-12-01'), /at nine/)
    await change(owner, { opening_hours: { tuesday: [['18:00', '19:00']] } })
    t.match(await offer('2026-12-01'), /at six or six thirty in the evening/)
    t.equal((await explained('2026-12-01T09:00:00-06:00')).is_offered, false)
    t.equal((await explained('2026-12-01T18:00:00-06:00')).is_offered, true)
    await change(owner, { notice_minutes: 10_000 })
    t.match((await explained('2026-12-01T18:00:00-06:00')).reasons, [{ code: 'too_soon' }])
    t.match(words(await owner.call('book_appointment', { start_time: '2026-12-01T18:00' })), /too soon/)
    await change(owner, { notice_minutes: 0, time_zone: 'America/New_York' })
    t.match((await explained('2026-12-01T18:00:00-05:00')).is_offered, true)
    t.match(words(await owner.call('book_appointment', { start_time: '2026-12-01T18:00' }, { callId: 'c2' })), /booked/i)
    await change(owner, { active: false })
    t.match(words(await owner.call('book_appointment', { start_time: '2026-12-01T18:30' }, { callId: 'c3' })), /not set up/)
  })
}

const time = fc.constantFrom('00:00', '09:00', '12:00', '17:30', '23:59', '24:00', '24:01', '9:00', '0900', '', '12:60')
const stretch = fc.oneof({ weight: 8, arbitrary: fc.tuple(time, time) }, { weight: 1, arbitrary: fc.array(time, { maxLength: 3 }) })
const oneStretch = fc.oneof(
  { weight: 9, arbitrary: fc.array(stretch, { maxLength: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, {}, 'x', [3]) },
)
const date = fc.constantFrom('2026-12-24', '2026-12-26', '2028-02-29', '2026-02-29', '0000-01-01', '2026-1-1', '')
const samples = {
  opening_hours_are_sound: fc.dictionary(fc.constantFrom(...weekdays, 'Monday', 'holiday'), oneStretch, { maxKeys: 3 }),
  date_overrides_are_sound: fc.array(fc.record({ from: date, to: date, hours: oneStretch }, { requiredKeys: [] }), { maxLength: 2 }),
  day_windows_are_sound: fc.record(
    Object.fromEntries(
      dayWords.map((word) => [
        word,
        fc.oneof({ weight: 9, arbitrary: fc.constant(['09:00', '12:00']) }, { weight: 1, arbitrary: stretch }),
      ]),
    ),
    { requiredKeys: [...dayWords.slice(1)] },
  ),
}
const schemas = { opening_hours_are_sound: OpeningHours, date_overrides_are_sound: DateOverrides, day_windows_are_sound: DayWindows }

t.test('what is accepted here the database keeps, and what it refuses is refused here', async (t) => {
  for (const name of ['opening_hours_are_sound', 'date_overrides_are_sound', 'day_windows_are_sound'] as const) {
    const given = fc.sample<unknown>(samples[name], { numRuns: 400 })
    const { rows } = await sql<{ sound: boolean }>`
      select ${sql.ref(name)}(value) as sound from jsonb_array_elements(${JSON.stringify(given)}::jsonb) with ordinality order by ordinality`.execute(
      test.deps.db,
    )
    const differing = given.filter((value, index) => schemas[name].safeParse(value).success !== rows[index]?.sound)
    t.same(differing, [], name)
    t.ok(rows.some(({ sound }) => sound) && rows.some(({ sound }) => !sound), 'some of both')
  }
})

t.test('and so it is with every number', async (t) => {
  const owner = test.user()
  await first(owner)
  const bounds: [name: string, least: number, most: number][] = [
    ['slot_minutes', 5, 480],
    ['step_minutes', 5, 480],
    ['buffer_before_minutes', 0, 480],
    ['buffer_after_minutes', 0, 480],
    ['daily_cap', 1, 500],
    ['notice_minutes', 0, 525_600],
    ['ahead_days', 1, 365],
    ['horizon_days', 1, 365],
  ]
  for (const [name, least, most] of bounds) {
    for (const value of [least - 1, least, most, most + 1]) {
      const kept = inTenant(test.deps.db, owner.clerkUserId, (trx) => sql`update businesses set ${sql.ref(name)} = ${value}`.execute(trx))
      const isKept = await kept.then(
        () => true,
        () => false,
      )
      t.equal(isKept, value >= least && value <= most, `${name} ${value}`)
      t.equal(BusinessChange.safeParse({ [name]: value }).success, isKept, `${name} ${value}, here as there`)
    }
  }
})

t.test('there are as many businesses as there may be', async (t) => {
  const owner = test.user()
  await first(owner)
  for (let count = 1; count < 20; count += 1) {
    t.equal((await send(owner, 'POST', '/businesses', { name: `Number ${count}` })).status, 201)
  }
  t.equal((await send(owner, 'POST', '/businesses', { name: 'One more' })).json.code, 'limit_reached')
})
