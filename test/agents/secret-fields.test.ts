import t from 'tap'
import { differenceBody } from '../../src/agents/deployment-body.ts'
import { withoutSecrets, withSecretsOf } from '../../src/agents/secret-fields.ts'
import { withSecret } from '../../src/assistants/live.ts'

const tool = (headers: object, name = 'price') => ({ type: 'function', function: { name }, server: { url: 'https://a.example', headers } })

t.test('no version holds what opens something, under whichever name', (t) => {
  const secrets = {
    'x-api-key': 'hush',
    openaiApiKey: 'hush',
    access_token: 'hush',
    privateKey: 'hush',
    Authorization: 'hush',
    password: 'hush',
  }
  const config = { ...secrets, model: { maxTokens: 250, tools: [tool(secrets)] } }
  t.same(withoutSecrets(config), { model: { maxTokens: 250, tools: [tool({})] } })
  t.end()
})

t.test('a version that comes back leaves what is secret in a list where it was given, and nowhere else', (t) => {
  const present = { model: { tools: [tool({ authorization: 'hush' }), { ...tool({ authorization: 'psst' }, 'stock') }] } }
  t.same(withSecretsOf(withoutSecrets({ model: { tools: present.model.tools.toReversed() } }), present), {
    model: { tools: present.model.tools.toReversed() },
  })
  const elsewhere = { ...tool({}), server: { url: 'https://b.example', headers: {} } }
  t.same(withSecretsOf({ model: { tools: [elsewhere] } }, present), { model: { tools: [elsewhere] } })
  t.end()
})

t.test('a difference that lies within a secret tells only that there is one', (t) => {
  for (const field of ['server.headers.x-own', 'model.headers.authorization', 'voice.apiKey']) {
    t.same(differenceBody({ field, wanted: 'hush', live: undefined }), { field, wanted: '"…"', live: null })
  }
  t.match(differenceBody({ field: 'model.maxTokens', wanted: 250, live: 300 }), { wanted: '250', live: '300' })
  t.end()
})

t.test('a secret that is brought to an assistant of its owner’s drops no key of hers', (t) => {
  const live = { model: { provider: 'custom-llm' }, credentials: [{ provider: 'custom-llm' }], server: { url: 'https://a.example' } }
  const sent = withSecret({}, {}, live, 'new')
  t.same(sent, { server: { url: 'https://a.example', headers: { 'x-vapi-secret': 'new' } } })
  const ofOurs = withSecret({}, {}, { ...live, metadata: { ringbookId: 'made' } }, 'new')
  t.same(ofOurs.credentials, [{ provider: 'webhook', authenticationPlan: { type: 'bearer', token: 'new' } }])
  t.end()
})
