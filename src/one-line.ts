/** Long enough for every sentence to a caller; a place or name from outside cannot make the model lose the question at the end. */
const LONGEST_RESULT = 600
const LONGEST_DETAIL = 80

/** Text from outside as one line without control or direction characters, cut to `longest` characters. */
export function oneLine(text: string, longest = LONGEST_RESULT): string {
  const line = text
    .replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '')
    .replaceAll(/ +/g, ' ')
    .trim()
  return cut(line, longest)
}

/** Text from outside that may have lines: those stay, control and direction characters do not; cut to `longest` characters. */
export function plainLines(text: string, longest: number): string {
  const lines = text
    .replaceAll(/\r\n?|[\p{Zl}\p{Zp}]/gu, '\n')
    .replaceAll(/[[\p{Cc}\p{Cf}\p{Cs}\p{Co}]--[\n\t]]/gv, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
  return cut(lines, longest)
}

/** Text from outside within a sentence: short, and without what Vapi would read as the end of a sentence. */
export function detail(text: string, longest = LONGEST_DETAIL): string {
  return oneLine(text, longest)
    .replaceAll(/\s*:\s*/g, ' ')
    .replace(/[.!?]+$/, '')
}

/** Never within a character of two halves. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  const begun = text.slice(0, longest)
  return (begun.isWellFormed() ? begun : begun.slice(0, -1)).trim()
}
