import t from 'tap'
import { repeats } from '../../scripts/crowd/repeats.ts'
import { crowdRun } from '../../scripts/crowd/run.ts'
import { openSite } from '../../scripts/crowd/site.ts'

const site = await openSite(t, { TOOL_CALL_TIMEOUT_MS: '4500', SETTLE_LEASE_MS: '5000' })

t.test('a crowd that wants a few overlapping times gets each of them once, whichever process it asks', async (t) => {
  // One of many; `npm run crowd` sends a thousand.
  const { problems, counts, appointments } = await crowdRun(site, { attempts: 60, times: 10, seed: 7 })
  t.same(problems, [])
  t.match(counts, { booked: appointments, taken: 60 - appointments })
  t.ok(appointments >= 8)
})

for (const [what, repeat] of Object.entries(repeats)) {
  t.test(`${what}, over two processes: one event and one truth`, async (t) => {
    const wrong = await Promise.all(site.owners.map((owner) => repeat(site, owner)))
    t.same(wrong.flat(), [])
  })
}
