import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { wantedOf } from '../../src/assistants/definition.ts'
import { compare, merged } from '../../src/assistants/fields.ts'
import { functionDefinitions } from '../../src/functions/tools.ts'

const baseUrl = 'https://ringbook.example'
const functions = functionDefinitions({ baseUrl })
const own = { type: 'function', function: { name: 'lookup_price', description: 'Prices' }, server: { url: 'https://prices.example' } }
const model = { provider: 'openai', model: 'gpt-4o', temperature: 0.3, messages: [{ role: 'system', content: 'Be kind.' }] }

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
/** As Vapi does with a PATCH: each field that is sent takes the place of the whole field. */
const patched = (live: Fields, fields: Fields): Fields => ({ ...live, ...fields })

t.test('a repair puts right what is wanted and leaves every other field as it was', (t) => {
  const live = {
    name: 'Desk',
    firstMessage: 'Hello!',
    model: { ...model, toolIds: ['t1'], maxTokens: 400, tools: [own, { ...functions[0], async: true }] },
    server: { url: 'https://old.example/hook', headers: { 'x-own': '1' } },
    serverMessages: ['conversation-update'],
    metadata: { team: 'front' },
    endCallPhrases: ['bye'],
  }
  const wanted = wantedOf({ id: 'made-1', name: 'Desk', config: { firstMessage: 'Hi!' }, baseUrl, functions }, true).all
  const fields = merged(wanted, live)
  t.same(Object.keys(fields).sort(), ['firstMessage', 'metadata', 'model', 'server', 'serverMessages'], 'what is right is not sent')
  const after = patched(live, fields)
  t.same(compare(wanted, after), [])
  t.has(after, { endCallPhrases: ['bye'], metadata: { team: 'front', ringbookId: 'made-1' }, server: { headers: { 'x-own': '1' } } })
  t.has(after.model, { ...model, toolIds: ['t1'], maxTokens: 400 }, 'the prompt and the rest of the model stay')
  const { tools } = { tools: [], ...(after.model instanceof Object ? after.model : {}) }
  t.same(tools[0], own, "a tool of the owner's stays as it is")
  t.equal(tools.length, 1 + functions.length)
  t.same(merged(wanted, after), {}, 'and a second repair has nothing to do')
  t.end()
})

t.test('what was wanted before and is not any more is taken away, and nothing else', (t) => {
  const before = { model: { ...model, tools: functions.slice(0, 2) } }
  const live = { model: { ...before.model, maxTokens: 400, tools: [own, ...functions.slice(0, 2)] } }
  const { temperature: _, ...rest } = model
  const wanted = { model: { ...rest, tools: functions.slice(0, 1) } }
  t.same(
    compare(wanted, live, before).map(({ field }) => field),
    [`model.tools.${functions[1]?.function.name}`, 'model.temperature'],
  )
  t.same(merged(wanted, live, before), { model: { ...rest, maxTokens: 400, tools: [own, functions[0]] } })
  t.end()
})

t.test('a tool without a name is known again, whatever Vapi adds to it and however it orders its keys', (t) => {
  const [desk, boss] = ['+13125550111', '+13125550112'].map((number) => ({
    type: 'transferCall',
    destinations: [{ type: 'number', number }],
  }))
  const asTold = [own, { destinations: [{ number: '+13125550111', message: '', type: 'number' }], async: false, type: 'transferCall' }]
  const before = { model: { ...model, tools: [desk] } }
  t.same(compare(before, { model: { ...model, tools: asTold } }), [])
  const live = { model: { ...model, tools: [...asTold, { type: 'transferCall', destinations: [] }] } }
  t.same(merged({ model: { ...model, tools: [boss] } }, live, before), {
    model: { ...model, tools: [own, { type: 'transferCall', destinations: [] }, boss] },
  })
  const wanted = { model: { ...model, tools: [{ type: 'dtmf' }, { type: 'dtmf', async: true }] } }
  const both = { model: { ...model, tools: [{ type: 'dtmf', async: true }, { type: 'dtmf' }] } }
  t.same(compare(wanted, both), [], 'the one that says more is not taken for the one that says less')
  t.end()
})

t.test('what is taken out of a part of a list goes, too', (t) => {
  const hook = { on: 'call.ending', do: [{ type: 'say', exact: 'Bye.' }] }
  const before = { hooks: [{ ...hook, filters: [{ type: 'oneOf', key: 'call.endedReason', oneOf: ['x'] }] }] }
  t.same(merged({ hooks: [hook] }, before, before), { hooks: [hook] })
  t.same(merged({ hooks: [hook] }, before), {}, 'what somebody else put there stays')
  t.end()
})

t.test('nothing is as good as null, which Vapi refuses', (t) => {
  const config = { voicemailMessage: null, model: { ...model, knowledgeBase: null } }
  t.same(wantedOf({ id: null, name: 'Desk', config, baseUrl }).all.model, model)
  t.notOk('voicemailMessage' in wantedOf({ id: null, name: 'Desk', config, baseUrl }).all)
  t.end()
})

t.test("another vendor's model or voice takes nothing over that only the former one had", (t) => {
  const live = {
    model: { ...model, metadataSendMode: 'off', toolIds: ['t1'] },
    voice: { provider: 'playht', voiceId: 'jennifer', speed: 2 },
  }
  const wanted = { model: { provider: 'anthropic', model: 'claude' }, voice: { provider: 'vapi', voiceId: 'Elliot' } }
  const { messages, temperature } = model
  t.same(merged(wanted, live), { model: { ...wanted.model, messages, temperature, toolIds: ['t1'] }, voice: wanted.voice })
  t.end()
})

t.test('any assistant, any change: all else is as it was', (t) => {
  const leaf = fc.oneof(fc.string({ maxLength: 4 }), fc.integer(), fc.boolean())
  const name = fc.constantFrom('a', 'b', 'provider', 'model', 'tools', 'server', 'messages')
  const { fields } = fc.letrec<{ value: unknown; fields: Fields; tool: unknown }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(leaf, { maxLength: 3 }), tie('fields'), fc.array(tie('tool'), { maxLength: 3 })),
    tool: fc.oneof(
      fc.record({ type: fc.constant('function'), function: fc.record({ name: fc.constantFrom('f', 'g', 'h'), description: leaf }) }),
      fc.record({ type: fc.constantFrom('endCall', 'dtmf'), x: leaf }),
    ),
    fields: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  }))
  fc.assert(
    fc.property(fields, fields, (live, wanted) => {
      const after = patched(live, merged(wanted, live))
      assert.deepEqual(compare(wanted, after), [], 'all that is wanted holds')
      for (const [path, value] of leaves(live)) {
        if (!touches(wanted, live, path)) assert.deepEqual(at(after, path), value, `${path.join('.')} stays`)
      }
    }),
    { numRuns: 300 },
  )
  t.pass('300 times')
  t.end()
})

/** Every value that is no object, with where it stands. */
function leaves(fields: Fields, path: string[] = []): [string[], unknown][] {
  return Object.entries(fields).flatMap(([key, value]): [string[], unknown][] =>
    isFields(value) ? leaves(value, [...path, key]) : [[[...path, key], value]],
  )
}

function at(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isFields(inner) ? inner[key] : undefined), value)
}

/** Does the change say something about that place, or about all in which it stands? */
function touches(wanted: unknown, live: unknown, [key, ...path]: string[]): boolean {
  if (key === undefined) return wanted !== undefined
  if (wanted === undefined) return false
  if (!isFields(wanted) || !isFields(live)) return true
  const isOther = typeof wanted.provider === 'string' && live.provider !== undefined && live.provider !== wanted.provider
  return isOther || touches(wanted[key], live[key], path)
}
