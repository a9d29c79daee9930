import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { documentIn } from './dialects.ts'
import { prompt, say } from './screen.ts'

/** Who speaks into the phone. `undefined`: has hung up. */
export interface Caller {
  /** The requirement document whose functions the assistant has. `undefined`: ours. */
  document?: string | undefined
  next(): Promise<string | undefined>
  hangUp(): void
}

/** The scripts that lie here by name, any other by its path. */
export async function scriptedCaller(script: string): Promise<Caller> {
  const file = /^[a-z0-9]+$/.test(script) ? path.join(import.meta.dirname, `${script}.txt`) : script
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(
      `There is no script "${script}". Those that come along are demo, taken, closed, change, s0, s1 and s4; a path to a text file will do as well.`,
    )
  })
  const { document, lines } = scriptOf(text)
  return {
    document,
    next: async () => {
      const line = lines.shift()
      if (line !== undefined && !isStageDirection(line)) say('Caller', line)
      return line
    },
    hangUp: () => lines.splice(0),
  }
}

/** One line per turn; lines that begin with # are for the reader, and one says which functions the assistant has. */
export function scriptOf(text: string): { document: string | undefined; lines: string[] } {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const isTurn = (line: string) => documentIn(line) === undefined
  return { document: lines.map(documentIn).find((name) => name !== undefined), lines: lines.filter(isTurn) }
}

/** In a script: what happens elsewhere meanwhile, e.g. "(Meanwhile another caller books the same time.)" */
export function isStageDirection(line: string): boolean {
  return /^\(.*another caller.*\)$/i.test(line)
}

/** A person at the keyboard, or a pipe. */
export function typingCaller(): Caller {
  const terminal = createInterface({ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY })
  const typed = terminal[Symbol.asyncIterator]()
  terminal.setPrompt(prompt)
  terminal.on('SIGINT', () => terminal.close())
  return {
    next: async () => {
      for (;;) {
        if (process.stdin.isTTY) terminal.prompt()
        const { value, done } = await typed.next()
        if (process.stdin.isTTY) process.stdout.write('\n')
        if (done) return undefined
        const line = value.trim()
        if (line === '') continue
        if (!process.stdin.isTTY) say('Caller', line)
        return line
      }
    },
    hangUp: () => terminal.close(),
  }
}
