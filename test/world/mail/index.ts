import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'
import type { Certificate } from '../tls.ts'
import { problemsOf } from './strict.ts'

/** An e-mail that the server has taken. */
export interface ReceivedMail {
  at: Date
  from: string
  to: string[]
  raw: string
}

/** What goes wrong with the next message. `times` defaults to 1; `Infinity` until `clear()`. */
export type MailFault = { times?: number } & (
  | { kind: 'rcpt' | 'data'; status: number }
  /** Answers that much later. */
  | { kind: 'slow'; ms: number }
  /** Takes the message and cuts the line instead of saying so. */
  | { kind: 'lost' }
  /** Cuts the line before anything of the message was there. */
  | { kind: 'cut' }
)

export interface Mail {
  readonly settings: Record<'SMTP_URL' | 'MAIL_FROM', string>
  /** All that was taken, in order. */
  received: ReceivedMail[]
  /** Sessions that came as far as a recipient, taken or not. */
  attempts(): number
  faults: { add(fault: MailFault): void; clear(): void }
  /** Called with each message that was taken. */
  onMail(listener: (mail: ReceivedMail) => void): void
  /** From now on connections are refused. */
  down(): Promise<void>
  up(): Promise<void>
  stop(): Promise<void>
}

const USER = 'ringbook'

/** A mail server that takes mail of one user, over TLS alone, and only where it is as the standards want it. Delivers to nobody. */
export async function startMail({ key, cert }: Certificate): Promise<Mail> {
  const password = crypto.randomUUID()
  const received: ReceivedMail[] = []
  const listeners: ((mail: ReceivedMail) => void)[] = []
  let planned: (MailFault & { times: number })[] = []
  let attempts = 0
  const take = (...kinds: MailFault['kind'][]) => {
    const fault = planned.find(({ kind }) => kinds.includes(kind))
    if (fault) fault.times -= 1
    planned = planned.filter(({ times }) => times > 0)
    return fault
  }

  const options: SMTPServerOptions = {
    secure: true,
    key,
    cert,
    authMethods: ['PLAIN'],
    closeTimeout: 100,
    disableReverseLookup: true,
    onAuth(auth, _session, done) {
      const isRight = auth.username === USER && auth.password === password
      done(isRight ? null : new Error('Invalid username or password'), isRight ? { user: USER } : undefined)
    },
    onRcptTo({ address }, session, done) {
      attempts += 1
      const fault = take('rcpt', 'slow', 'cut')
      if (fault?.kind === 'cut') return cut(session)
      if (fault?.kind === 'slow') void delay(fault.ms).then(() => done())
      else done(fault?.kind === 'rcpt' ? refusal(fault.status, `no mailbox ${address}`) : null)
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const mail = { at: new Date(), ...envelopeOf(session), raw: Buffer.concat(chunks).toString('utf8') }
        const fault = take('data', 'lost')
        const wrong = problemsOf(mail)
        if (fault?.kind === 'data') return done(refusal(fault.status, 'not taken'))
        if (wrong.length > 0) return done(refusal(554, wrong.join('; ')))
        received.push(mail)
        for (const listener of listeners) listener(mail)
        if (fault?.kind === 'lost') return cut(session)
        done()
      })
    },
  }

  function cut({ id }: SMTPServerSession): void {
    for (const connection of server.connections) if (connection.session.id === id) connection._socket.destroy()
  }

  async function listen(at: number): Promise<SMTPServer> {
    const opened = new SMTPServer(options)
    // Lines that break, as the faults want it.
    opened.on('error', () => {})
    opened.listen(at, '127.0.0.1')
    await once(opened.server, 'listening')
    return opened
  }
  let server = await listen(0)
  const bound = server.server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))

  return {
    settings: { SMTP_URL: `smtps://${USER}:${password}@localhost:${port}`, MAIL_FROM: 'Ringbook <notices@ringbook.example>' },
    received,
    attempts: () => attempts,
    faults: {
      add: (fault) => planned.push({ times: 1, ...fault }),
      clear: () => {
        planned = []
      },
    },
    onMail: (listener) => listeners.push(listener),
    down: close,
    up: async () => {
      server = await listen(port)
    },
    stop: close,
  }
}

function envelopeOf({ envelope }: SMTPServerSession): Pick<ReceivedMail, 'from' | 'to'> {
  return { from: envelope.mailFrom ? envelope.mailFrom.address : '', to: envelope.rcptTo.map(({ address }) => address) }
}

function refusal(responseCode: number, why: string): Error {
  return Object.assign(new Error(why), { responseCode })
}
