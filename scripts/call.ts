import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { answered, firstMind, GREETING, goodbye, heard, type Mind, type Turn } from './call/assistant.ts'
import { type Caller, isStageDirection, scriptedCaller, typingCaller } from './call/caller.ts'
import { DOCUMENTS_CALLER, inWordsOf } from './call/dialects.ts'
import { dayOf, type Entry, readDiary, showDiary } from './call/diary.ts'
import { type Line, openLine } from './call/line.ts'
import { showRecord } from './call/record.ts'
import { heading, note, print, say, showAnswer, showCall } from './call/screen.ts'
import { Demo } from './start/demo.ts'
import { sandboxFile } from './start/sandbox-file.ts'

// `npm run call`: a phone call against the sandbox that runs, over real HTTP. What Vapi and a model would do stands in call/.
const port = Number(process.env.PORT ?? '8000')

try {
  const { values } = parseArgs({ options: { script: { type: 'string' } } })
  const demo = await runningSandbox()
  const caller = values.script === undefined ? typingCaller() : await scriptedCaller(values.script)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => caller.hangUp())
  await phone(demo, caller, values.script === undefined)
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
}

async function runningSandbox(): Promise<Demo> {
  const start = port === 8000 ? 'npm start' : `PORT=${port} npm start`
  const notRunning = new Error(`No sandbox runs on port ${port}. Start the sandbox first: ${start}`)
  const text = await readFile(sandboxFile(port), 'utf8').catch(() => {
    throw notRunning
  })
  const demo = Demo.parse(JSON.parse(text))
  // The file may be left from a sandbox that was killed.
  const health = await fetch(`${demo.baseUrl}/health`).catch(() => undefined)
  if (!health?.ok) throw notRunning
  return demo
}

async function phone(demo: Demo, caller: Caller, typing: boolean): Promise<void> {
  const before = await readDiary(demo)
  print()
  print('A simulated phone call. → is what the assistant asks of Ringbook, ← what Ringbook answers.')
  if (typing) print('You are the caller: type what you would say, for example "Do you have anything on Tuesday?"; "bye" hangs up.')
  print()
  heading("The owner's calendar before the call")
  showDiary(before, demo.timeZone)
  heading('The call')
  const line = openLine(demo, caller.document === undefined ? '+13125550142' : DOCUMENTS_CALLER)
  try {
    await line.ring()
    await converse(demo, caller, line)
    await line.hangUp()
    await showRecord(demo, line.callId)
  } finally {
    await showWhatIsNew(demo, before)
  }
}

async function converse(demo: Demo, caller: Caller, line: Line): Promise<void> {
  const answer = (words: string) => {
    say('Assistant', words)
    return line.said('assistant', words)
  }
  let mind = firstMind
  await answer(GREETING)
  while (mind.awaits !== 'nothing') {
    const said = await caller.next()
    if (said !== undefined && isStageDirection(said)) {
      note(said)
      await bookForAnother(demo, mind)
      continue
    }
    if (said !== undefined) await line.said('user', said)
    let turn: Turn = said === undefined ? goodbye(mind) : heard(mind, said)
    if ('call' in turn) {
      const asked = inWordsOf(caller.document, turn.call, { timeZone: demo.timeZone, now: new Date() })
      showCall(asked)
      const told = await line.ask(asked)
      showAnswer(told.body, told.ms)
      turn = answered(turn.mind, turn.call, told.answer)
    }
    await answer(turn.say)
    mind = turn.mind
  }
}

/** Another call, another number, the same time. */
async function bookForAnother(demo: Demo, { time = '' }: Mind): Promise<void> {
  const line = openLine(demo, '+13125550177')
  await line.ask({ name: 'book_appointment', arguments: { start_time: time, attendee_name: 'Another caller' } })
}

async function showWhatIsNew(demo: Demo, before: Entry[]): Promise<void> {
  const known = new Set(before.map(({ id }) => id))
  const after = await readDiary(demo)
  const isNew = (entry: Entry) => !known.has(entry.id)
  const days = new Set(after.filter(isNew).map((entry) => dayOf(entry, demo.timeZone)))
  if (days.size === 0) return heading("The owner's calendar is as it was before the call.")
  heading("The owner's calendar after the call, on the days that changed")
  showDiary(
    after.filter((entry) => days.has(dayOf(entry, demo.timeZone))),
    demo.timeZone,
    isNew,
  )
}
