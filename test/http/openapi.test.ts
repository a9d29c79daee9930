import { compileErrors, validate } from '@readme/openapi-parser'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import t from 'tap'
import { testApp } from '../setup/app.ts'
import { isFor, type JsonSchema, readDescription } from '../setup/description.ts'
import { withId } from '../setup/resources.ts'

const { app } = await testApp(t)
const { operations, securitySchemes, schemas, bodySchema } = await readDescription(app)

t.test('the description is valid OpenAPI 3.1', async (t) => {
  // The validator replaces references in what it is given.
  const result = await validate((await app.inject('/openapi.json')).json())
  t.ok(result.valid, result.valid ? '' : compileErrors(result))
})

t.test('every route is described, and nothing else', async (t) => {
  const served = new Set<string>()
  // Every word of the router's own list that is a method, for every path.
  for (const { method, url } of routesOf(app.printRoutes({ commonPrefix: false, includeHooks: false }))) {
    if (!['GET', 'POST', 'PATCH', 'PUT', 'DELETE'].includes(method)) continue
    if (url.startsWith('/docs') || url === '/openapi.json') continue
    served.add(`${method} ${url.replace(/:(\w+)/g, '{$1}').replace(/(.)\/$/, '$1')}`)
  }
  const described = operations.map(({ method, path }) => `${method} ${path.replace(/(.)\/$/, '$1')}`)
  t.ok(served.size >= 15, `${served.size} routes`)
  t.same([...served].sort(), described.sort())
})

t.test('every operation says what it is for, who may call it and what it answers', async (t) => {
  t.equal(new Set(operations.map((one) => one.operationId)).size, operations.length, 'names of their own')
  for (const operation of operations) {
    const { name, method, path, responses, security } = operation
    const statuses = Object.keys(responses)
    t.ok(
      statuses.some((status) => /^[23]\d\d$/.test(status)),
      `${name} can succeed`,
    )
    for (const scheme of security.flatMap((one) => Object.keys(one))) t.ok(scheme in securitySchemes, `${name}: ${scheme}`)
    const mayBeOpen = security.some((one) => Object.keys(one).length === 0)
    if (mayBeOpen || !(isFor(operation, 'user') || isFor(operation, 'serviceSecret'))) continue
    t.ok(statuses.includes('401') && statuses.includes('429'), `${name} may refuse`)
    const { statusCode } = await app.inject({ method, url: withId(path, '1') })
    t.equal(statusCode, 401, `${name} is closed as it says`)
  }
})

t.test('the page that shows the description loads over plain http', async (t) => {
  const page = await app.inject('/docs/')
  t.equal(page.statusCode, 200)
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /script-src [^;]*'self'/)
  t.notMatch(policy, 'upgrade-insecure-requests')
  t.match(page.headers['x-content-type-options'], 'nosniff')
  const files = [...page.body.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)].map(([, file = '']) => file)
  t.ok(files.length >= 3)
  for (const file of files) t.equal((await app.inject(new URL(file, 'http://x/docs/').pathname)).statusCode, 200, file)
})

t.test('every body and every answer has an example, and each example is one', async (t) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'here', components: { schemas } })
  for (const { name, requestBody, responses } of operations) {
    const bodies: [string, JsonSchema | undefined][] = [
      ...(requestBody ? [['its body', bodySchema(requestBody)] satisfies [string, JsonSchema | undefined]] : []),
      ...Object.entries(responses)
        .filter(([, response]) => response.content?.['application/json'])
        .map(([status, response]) => [`its ${status}`, bodySchema(response)] satisfies [string, JsonSchema | undefined]),
    ]
    for (const [what, schema] of bodies) {
      const { examples = [], ...rules } = schema ?? {}
      t.ok(examples.length > 0, `${name}: ${what} has an example`)
      const fits = ajv.compile(JSON.parse(JSON.stringify(rules).replaceAll('"#/components', '"here#/components')))
      for (const example of examples) t.ok(fits(example), `${name}: ${what}`, { example, errors: fits.errors })
    }
  }
})

/** "└── /agents (GET, HEAD)" and its indented children, as lines of method and whole path. */
function routesOf(tree: string): { method: string; url: string }[] {
  const found: { method: string; url: string }[] = []
  const above: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent = '', part = '', methods] = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    const level = indent.length / 4
    above.length = level
    above[level] = part
    for (const method of methods?.split(', ') ?? []) found.push({ method, url: above.join('') })
  }
  return found
}
