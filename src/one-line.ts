/** Long enough for every sentence here; a place or name from outside cannot make the model lose the question at the end. */
const LONGEST_RESULT = 600
const LONGEST_DETAIL = 80

/** What is shown, stored or said as one line: without control or direction characters, cut to `longest` characters. */
export function oneLine(text: string, longest = LONGEST_RESULT): string {
  const line = text
    .replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, '')
    .replaceAll(/ +/g, ' ')
    .trim()
  return line.length > longest
    ? [...line.slice(0, longest)]
        .filter((char) => char.isWellFormed())
        .join('')
        .trim()
    : line
}

/** Text from outside within a sentence: short, and without what Vapi would read as the end of a sentence. */
export function detail(text: string, longest = LONGEST_DETAIL): string {
  return oneLine(text, longest)
    .replaceAll(/\s*:\s*/g, ' ')
    .replace(/[.!?]+$/, '')
}
