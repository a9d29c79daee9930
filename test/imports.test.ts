import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { root } from '../src/root.ts'

/** Every file below src/, with what it imports: packages by name, our own files by their path from the checkout. */
async function sources(): Promise<{ file: string; imports: string[]; text: string }[]> {
  const names = await readdir(path.join(root, 'src'), { recursive: true })
  return Promise.all(
    names
      .filter((name) => name.endsWith('.ts'))
      .map(async (name) => {
        const file = path.posix.join('src', name.replaceAll(path.sep, '/'))
        const text = await readFile(path.join(root, file), 'utf8')
        const targets = [...text.matchAll(/^\s*(?:import|export)\b[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gms)]
        const imports = targets.map(([, one, two, three]) => one ?? two ?? three ?? '')
        return {
          file,
          text,
          imports: imports.map((target) => (target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target)),
        }
      }),
  )
}

const processes = ['src/server.ts', 'src/worker.ts', 'src/migrate.ts']
const isRoute = (file: string) => file.endsWith('/routes.ts')
/** How several routes show the same thing. */
const isBody = (file: string) => file.endsWith('-body.ts')

/** A package, and where it may be imported. */
const homes: [packages: RegExp, allowed: (file: string) => boolean, rule: string][] = [
  [/^(@?fastify|fastify-)/, (file) => file === 'src/app.ts' || file.startsWith('src/http/') || isRoute(file), 'fastify only at the door'],
  [/^(kysely|pg)(\/|$)/, (file) => file.startsWith('src/db/'), 'SQL only in db/'],
  [/^(googleapis|google-auth-library)/, (file) => file.startsWith('src/providers/google/'), "Google's SDK only in its folder"],
  [/^(@azure\/|@microsoft\/|windows-iana)/, (file) => file.startsWith('src/providers/microsoft/'), "Microsoft's SDKs only in their folder"],
  [/^htmlparser2$/, (file) => file.startsWith('src/providers/'), "vendors' markup ends in their folder"],
  [/^nodemailer(\/|$)/, (file) => file.startsWith('src/notices/'), 'one sender of mail'],
  [/^pg-boss$/, (file) => file.startsWith('src/jobs/'), 'one queue'],
  [/^@clerk\//, (file) => file === 'src/http/auth.ts' || file.startsWith('src/users/'), 'Clerk only where identity is'],
  [/^cockatiel$/, (file) => file === 'src/providers/lines.ts', 'one breaker a mailbox'],
  [/^undici$/, (file) => file === 'src/providers/outbound.ts', 'one way out'],
]

// From the door inwards. A folder imports from those after it, and from what lies beside them in src/.
const order = [
  'service',
  'vapi',
  'agents',
  'businesses',
  'users',
  'rentals',
  'privacy',
  'calls',
  'messages',
  'changes',
  'bookings',
  'calendar',
  'words',
  'oauth',
  'functions',
  'assistants',
  'notices',
  'audit',
  'jobs',
  'providers',
  'db',
]

t.test('imports point one way, from the door to the database and the vendors', async (t) => {
  const files = await sources()
  t.ok(files.length > 50, 'the sources were found')
  for (const { file, imports } of files) {
    const folder = file.split('/')[1] ?? ''
    for (const target of imports) {
      for (const [packages, allowed, rule] of homes) {
        if (packages.test(target)) t.ok(allowed(file), `${file} imports ${target}: ${rule}`)
      }
      t.notMatch(target, /^(test|scripts)\//, `${file} stays inside src/`)
      t.not(target, 'googleapis', `${file} imports the calendar module alone`)
      if (isRoute(target))
        t.ok(
          file === 'src/app.ts' || (isRoute(file) && target.startsWith(`${path.posix.dirname(file)}/`)),
          `${file} imports ${target}: routes are registered by the table of contents, or by those they lie below`,
        )
      if (target === 'src/providers/index.ts') t.equal(file, 'src/create-deps.ts', `${file}: vendors are chosen in one place`)
      if (target === 'src/create-deps.ts') t.equal(file, 'src/open.ts', `${file}: only what every process begins with puts things together`)
      if (target.startsWith('src/http/'))
        t.ok(
          isRoute(file) || isBody(file) || ['src/app.ts', 'src/open.ts'].includes(file) || folder === 'http',
          `${file} imports ${target}: use cases never see a request`,
        )
      // Routes are the door themselves, whatever folder their subject has.
      const from = isRoute(file) ? 0 : order.indexOf(folder)
      const to = order.indexOf(target.split('/')[1] ?? '')
      const isPureType = target === 'src/providers/provider.ts' || target === 'src/calendar/zone.ts'
      if (from !== -1 && to !== -1 && target.startsWith('src/') && !isPureType)
        t.ok(from <= to, `${file} imports ${target}: not back toward the door`)
    }
  }
})

t.test('a folder inside a subject is a further door to it: its routes and nothing else', async (t) => {
  for (const { file } of await sources()) {
    const [, subject, ...rest] = file.split('/')
    if (rest.length > 1 && subject !== 'providers') t.ok(isRoute(file), file)
  }
})

t.test('no file imports itself by a detour', async (t) => {
  const files = new Map((await sources()).map(({ file, imports }) => [file, imports.filter((target) => target.startsWith('src/'))]))
  const finished = new Set<string>()
  const visit = (file: string, trail: string[]): void => {
    if (trail.includes(file)) {
      t.fail(`a circle: ${[...trail.slice(trail.indexOf(file)), file].join(' → ')}`)
      return
    }
    if (finished.has(file)) return
    for (const target of files.get(file) ?? []) visit(target, [...trail, file])
    finished.add(file)
  }
  for (const file of files.keys()) visit(file, [])
  t.equal(finished.size, files.size)
})

t.test('only the processes read the environment', async (t) => {
  for (const { file, text } of await sources()) {
    if (!processes.includes(file)) t.notMatch(text, /process\.env/, file)
  }
})
