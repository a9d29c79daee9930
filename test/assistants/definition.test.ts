import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import * as z from 'zod'
import { CHOOSABLE, definitionOf } from '../../src/assistants/definition.ts'
import { readPublished } from '../world/vapi/published.ts'

const place = new URL('../../../shared/specs/vapi.openapi.json', import.meta.url)
const skip = existsSync(place) ? false : "Vapi's published description is not here"

const wanted = { id: crypto.randomUUID(), name: 'Viewing desk', secret: 'the-secret', baseUrl: 'https://ringbook.example' }
const server = { url: 'https://elsewhere.example/hook', headers: { 'x-vapi-secret': 's' }, credentialId: 'c' }

t.test('of a configuration goes out what Vapi knows, and nothing that is the installation’s to say', (t) => {
  const config = {
    firstMessage: 'Hello!',
    maxDurationSeconds: 300,
    name: 'Another name',
    server,
    serverUrl: 'https://elsewhere.example',
    serverUrlSecret: 's',
    serverMessages: ['conversation-update'],
    credentials: [{ provider: 'webhook' }],
    credentialIds: ['c'],
    metadata: { ringbookId: 'forged' },
    functions: [],
    variables: [],
    lastSyncedAt: 'x',
    id: 'x',
    orgId: 'x',
  }
  const definition = definitionOf({ ...wanted, config })
  const names = ['credentials', 'firstMessage', 'maxDurationSeconds', 'metadata', 'name', 'server', 'serverMessages']
  t.same(Object.keys(definition).sort(), names)
  t.match(definition, {
    name: 'Viewing desk',
    server: { url: 'https://ringbook.example/vapi/webhook' },
    metadata: { ringbookId: wanted.id },
  })
  t.notMatch(JSON.stringify(definition), /elsewhere|forged|conversation-update/)
  t.end()
})

t.test('whatever a tool or a hook names, Vapi calls us, and shows nobody what is stored in the account', (t) => {
  const tool = {
    type: 'function',
    function: { name: 'x', parameters: { type: 'object', properties: { server: { type: 'string' }, credentialId: { type: 'string' } } } },
    server,
  }
  const config = {
    model: { provider: 'openai', model: 'gpt-4', tools: [tool, { ...tool, credentialId: 'c' }], credentialIds: ['c'] },
    voice: { provider: 'custom-voice', server },
    hooks: [{ on: 'call.ending', do: [{ type: 'tool', tool: { ...tool, inner: [[{ server: 'https://elsewhere.example' }]] } }] }],
  }
  const definition = definitionOf({ ...wanted, config })
  const text = JSON.stringify(definition)
  t.notMatch(text, 'elsewhere')
  t.notMatch(text, '"credentialIds"')
  t.equal(text.match(/"credentialId"/g)?.length, 3, 'as the name of an argument alone')
  t.match(definition, {
    model: {
      tools: [
        { function: tool.function, server: { url: 'https://ringbook.example/vapi/webhook', headers: undefined } },
        { server: { url: 'https://ringbook.example/vapi/webhook' } },
      ],
    },
  })
  t.end()
})

t.test(
  'one user of the account works with nothing that the account is connected to, and none of its keys goes to an address of hers',
  (t) => {
    const own = { type: 'endCall' }
    const tools = [
      'google.calendar.event.create',
      'google.sheets.row.append',
      'gohighlevel.contact.get',
      'slack.message.send',
      'ghl',
      'make',
    ]
    const config = {
      model: { provider: 'custom-llm', url: 'https://llm.example', model: 'mine', tools: [...tools.map((type) => ({ type })), own] },
      transcriber: { provider: 'assembly-ai', realtimeUrl: 'wss://elsewhere.example', language: 'en' },
      hooks: [
        {
          on: 'call.ending',
          do: [
            { type: 'tool', tool: { type: 'slack.message.send' } },
            { type: 'tool', tool: own },
          ],
        },
      ],
    }
    const definition = definitionOf({ ...wanted, config })
    t.match(definition, {
      model: { url: 'https://llm.example', tools: [own] },
      transcriber: { provider: 'assembly-ai', language: 'en' },
      hooks: [{ do: [{ type: 'tool' }, { type: 'tool', tool: own }] }],
      credentials: [{ provider: 'webhook' }, { provider: 'custom-llm', apiKey: 'none' }],
    })
    t.notMatch(JSON.stringify(definition), /"(google|gohighlevel|slack|ghl|make)|realtimeUrl/)
    const ordinary = { model: { provider: 'google', model: 'gemini-2.0-flash' }, voice: { provider: 'vapi', voiceId: 'Elliot' } }
    t.match(definitionOf({ ...wanted, config: ordinary }), { ...ordinary, credentials: [{ provider: 'webhook' }] })
    t.equal(JSON.stringify(definitionOf({ ...wanted, config: ordinary }).credentials).includes('custom-llm'), false)
    t.end()
  },
)

t.test('a name is cut to what Vapi takes, never in the middle of a character', (t) => {
  const name = (text: string) => definitionOf({ ...wanted, name: text, config: null }).name
  t.equal(name('x'.repeat(200)), 'x'.repeat(40))
  t.equal(name(`${'x'.repeat(39)}😀`), 'x'.repeat(39))
  t.equal(name('Desk'), 'Desk')
  t.end()
})

t.test('what we send is what Vapi describes', { skip }, async (t) => {
  const published = readPublished('vapi.openapi.json', { strictNames: true })
  const wrong = (body: unknown) => published.wrong('/components/schemas/CreateAssistantDTO', body)
  const config = {
    model: { provider: 'openai', model: 'gpt-4', messages: [{ role: 'system', content: 'You arrange viewings.' }] },
    voice: { provider: 'playht', voiceId: 'jennifer' },
    firstMessage: 'Hello!',
  }
  t.same(wrong(definitionOf({ ...wanted, config: null })), [])
  t.same(wrong(definitionOf({ ...wanted, config })), [])
  const ownModel = { provider: 'custom-llm', url: 'https://llm.example', model: 'mine' }
  t.same(wrong(definitionOf({ ...wanted, config: { model: ownModel } })), [])
  t.not(wrong({ ...definitionOf({ ...wanted, config }), server: { url: 'x', backoffPlan: { type: 'never', maxRetries: 1 } } }).length, 0)

  const Dto = z.looseObject({ properties: z.record(z.string(), z.unknown()) })
  const Description = z.looseObject({ components: z.looseObject({ schemas: z.looseObject({ CreateAssistantDTO: Dto }) }) })
  const { components } = Description.parse(JSON.parse(await readFile(place, 'utf8')))
  const ours = ['credentials', 'credentialIds', 'metadata', 'name', 'server', 'serverMessages']
  t.same(
    Object.keys(components.schemas.CreateAssistantDTO.properties).sort(),
    [...CHOOSABLE, ...ours].sort(),
    'no name of Vapi’s is forgotten',
  )
})
