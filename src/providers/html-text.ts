import { Parser } from 'htmlparser2'

// Whatever begins on a line of its own where the markup is shown.
const BLOCKS = new Set([
  'address',
  'blockquote',
  'br',
  'dd',
  'div',
  'dl',
  'dt',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'hr',
  'li',
  'ol',
  'p',
  'pre',
  'table',
  'tr',
  'ul',
])
// More is no note that somebody reads, and would only keep the process busy.
const LONGEST = 100_000
// Nobody writes so deep; and the parser looks through all that is open for every end that fits nothing.
const DEEPEST = 300
// No element but an address, as mail programs write it into plain text: "Kim <kim@example.com>", "Join<https://meet.example.com/1>".
const ADDRESS = /@|^(?:https?|mailto|tel):/
const UNSEEN = new Set(['head', 'script', 'style', 'template', 'title'])

/** What a person reads of HTML, as plain text: line breaks stay, and text that was no HTML stays as it was. */
export function textOfHtml(html: string): string {
  let text = ''
  let unseen = 0
  let depth = 0
  const source = html.slice(0, LONGEST)
  const newLine = () => {
    if (text !== '' && !text.endsWith('\n')) text += '\n'
  }
  const parser = new Parser({
    ontext: (part) => {
      if (unseen === 0) text += part
    },
    onopentagname: (name) => {
      depth += 1
      if (depth > DEEPEST) parser.pause()
      if (UNSEEN.has(name)) unseen += 1
      if (name === 'br') text += '\n'
      else if (BLOCKS.has(name)) newLine()
    },
    onopentag: (name) => {
      if (unseen === 0 && ADDRESS.test(name)) text += source.slice(parser.startIndex, parser.endIndex + 1)
    },
    onclosetag: (name) => {
      depth -= 1
      if (UNSEEN.has(name)) unseen -= 1
      if (name !== 'br' && BLOCKS.has(name)) newLine()
    },
  })
  parser.end(source)
  return text.replaceAll('\u00a0', ' ').trim()
}
