import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../src/root.ts'

/** Does the file hold a test of this title? Where a test runs for each vendor, the papers leave out that its title begins with it. */
export function holdsTest(file: string, title: string): boolean {
  const text = readFileSync(path.join(root, file), 'utf8')
  const titles = [...text.matchAll(/\btest\(\s*(?:'(.+?)(?<!\\)'|"(.+?)"|`(.+?)`),/g)].map(([, ...quoted]) => quoted.join(''))
  return titles.some((one) => one === title || one.includes(`: ${title}`) || one.includes(`} ${title}`))
}
