import { styleText } from 'node:util'
import type { FunctionCall } from './assistant.ts'

/** Wide enough for a sentence, narrow enough for a terminal beside an editor. */
const WIDTH = 100
const MARGIN = 13

const coloured = process.stdout.isTTY && !process.env.NO_COLOR

export function say(who: 'Caller' | 'Assistant', words: string): void {
  const name = style(who === 'Caller' ? 'cyan' : 'green', who.padEnd(MARGIN - 2))
  print(`  ${name}${lines(words, MARGIN).join('\n')}\n`)
}

/** What a person types stands in the same column. */
export const prompt = `  ${style('cyan', 'You'.padEnd(MARGIN - 2))}`

export function showCall({ name, arguments: values }: FunctionCall): void {
  print(style('dim', `${' '.repeat(MARGIN)}→ ${lines(`${name} ${JSON.stringify(values)}`, MARGIN + 2).join('\n')}`))
}

/** One line of the terminal, of which the rest is left out. */
export function row(text: string): string {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text
}

/** One line: the sentence follows in full when the assistant says it. */
export function showAnswer(body: string, ms: number): void {
  print(style('dim', row(`${' '.repeat(MARGIN)}← ${Math.round(ms)} ms  ${body}`)))
  print()
}

export function note(words: string): void {
  print(style('yellow', `${' '.repeat(MARGIN)}${lines(words, MARGIN).join('\n')}\n`))
}

export function heading(words: string): void {
  print(`${style('bold', words)}\n`)
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

export function style(format: Parameters<typeof styleText>[0], text: string): string {
  return coloured ? styleText(format, text, { validateStream: false }) : text
}

/** Broken at blanks, and in JSON after commas; every line but the first is indented. */
export function lines(text: string, indent: number): string[] {
  const room = WIDTH - indent
  const found: string[] = []
  let line = ''
  for (const piece of text.split(/(?<= )|(?<=,)(?=")/)) {
    if (line !== '' && (line + piece).trimEnd().length > room) {
      found.push(line.trimEnd())
      line = ''
    }
    line += piece
  }
  found.push(line.trimEnd())
  return found.map((one, index) => (index === 0 ? one : ' '.repeat(indent) + one))
}
