import { Readable } from 'node:stream'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Message } from './mail-message.ts'
import type { Outcome } from './outcome.ts'

const CONNECT_MS = 5000
// A server that has all of it may take its time to look at it.
const SILENT_MS = 20_000
// What is on its way when the process is to end is waited for, well within the time that it has for that.
const LAST_WORD_MS = 5000

/**
 * Gives one message to the mail server.
 * @param server SMTP_URL; without `smtps:` the line is encrypted before anything is said, unless the URL says `?ignoreTLS=true`
 * @param name of ours, as the server is told
 * @param beforeEnd is waited for when all but the end of the message is with the server: until it answers true the server cannot have it.
 * Otherwise nothing is sent.
 */
export async function sendMail(
  server: string,
  name: string,
  message: Message,
  beforeEnd: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<Outcome> {
  let isHanded = false
  const { options, credentials } = lineTo(server, name)
  const connection = new SMTPConnection(options)
  const broken = new Promise<never>((_resolve, reject) => {
    connection.on('error', reject)
    connection.once('end', () => reject(new Error('the line was closed')))
    const stop = () => {
      const patience = setTimeout(() => reject(new Error('stopped')), isHanded ? LAST_WORD_MS : 0)
      connection.once('end', () => clearTimeout(patience))
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  broken.catch(() => {})
  const content = Readable.from(
    (async function* () {
      yield message.raw
      if (!(await beforeEnd())) throw new Error('another one has it by now')
      isHanded = true
    })(),
  )
  const step = (work: (done: (error?: Error | null) => void) => void) =>
    Promise.race([new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve()))), broken])
  try {
    await step((done) => connection.connect(done))
    if (credentials) await step((done) => connection.login({ credentials }, done))
    await step((done) => connection.send({ from: message.from, to: [message.to] }, content, done))
    connection.quit()
    setTimeout(() => connection.close(), 1000).unref()
    return { kind: 'sent' }
  } catch (error) {
    connection.close()
    content.destroy()
    return outcomeOf(error, isHanded)
  }
}

function lineTo(server: string, name: string) {
  const url = new URL(server)
  const isSecure = url.protocol === 'smtps:'
  const credentials = url.username === '' ? undefined : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) }
  const options = {
    name,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || (isSecure ? 465 : 587),
    secure: isSecure,
    ...(url.searchParams.get('ignoreTLS') === 'true' ? { ignoreTLS: true } : { requireTLS: !isSecure }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
  }
  return { options, credentials }
}

/** Only a no to this recipient or to this message is final; every other one is a matter between us and the server, which can be mended. */
function outcomeOf(error: unknown, isHanded: boolean): Outcome {
  const { code, command, status } = facts(error)
  if (status === undefined) return { kind: isHanded ? 'unsure' : 'put_off', error: code }
  const isAboutThis = command === 'RCPT TO' || command === 'DATA'
  return { kind: status >= 500 && isAboutThis ? 'dead' : 'put_off', error: `${command} ${status}`.trim() }
}

/** Never what the server said, which may repeat an address. */
function facts(error: unknown): { code: string; command: string; status: number | undefined } {
  const read = (key: string): unknown => (error instanceof Error ? Object.entries(error).find(([name]) => name === key)?.[1] : undefined)
  const [code, command, status] = [read('code'), read('command'), read('responseCode')]
  return {
    code: typeof code === 'string' ? code : 'no_answer',
    command: typeof command === 'string' ? command : '',
    status: typeof status === 'number' ? status : undefined,
  }
}
