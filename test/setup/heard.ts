/** What a caller hears of an answer: without the note of the date, which is for the assistant alone. */
export function heard<Entry extends { result?: string; error?: string } | undefined>(entry: Entry): Entry {
  if (entry?.result !== undefined) return { ...entry, result: withoutDate(entry.result) }
  return entry?.error === undefined ? entry : { ...entry, error: withoutDate(entry.error) }
}

export function withoutDate(text: string): string {
  return text.replace(/ <today is [^>]+>$/, '')
}
