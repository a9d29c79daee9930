import { createHmac } from 'node:crypto'
import type { Account, Booking, Trigger, Webhook } from './site.ts'

/** One message to a webhook, as far as it has got. */
export interface Delivery {
  webhookId: number
  trigger: Trigger
  uid: string
  /** As it is sent: a test whose service listens nowhere hands it on itself, as late, often or altered as it likes. */
  url: string
  headers: Record<string, string>
  body: string
  /** What our side answered; `null`: not sent, not answered, or lost. */
  status: number | null
}

/** How messages to webhooks fare. Cal.com sends each once, and looks at no answer. */
export interface Hooks {
  /** All that were due, the oldest first. */
  deliveries: Delivery[]
  /** The next ones never leave. */
  lose(times?: number): void
  /** The next ones are sent twice. */
  double(times?: number): void
  /** From now on they wait; `release` sends what waits, the oldest first, and ends the waiting. */
  hold(): void
  release(): Promise<void>
  /** Once nothing is under way; what is held back is not waited for. */
  settled(): Promise<void>
}

const ANSWER_WITHIN_MS = 5000

/** @returns `announce` as in `Site`: it waits for nobody */
export function deliveries(now: () => Date) {
  const log: Delivery[] = []
  const underWay = new Set<Promise<void>>()
  let held: (() => Promise<void>)[] | null = null
  let lost = 0
  let doubled = 0

  function start(send: () => Promise<void>): void {
    const sending = send().finally(() => underWay.delete(sending))
    underWay.add(sending)
  }

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay)
  }

  const hooks: Hooks = {
    deliveries: log,
    lose: (times = 1) => {
      lost += times
    },
    double: (times = 1) => {
      doubled += times
    },
    hold: () => {
      held ??= []
    },
    async release() {
      const waiting = held ?? []
      held = null
      for (const send of waiting) await send()
    },
    settled,
  }

  function deliver(webhook: Webhook, trigger: Trigger, uid: string, body: string): void {
    const delivery: Delivery = {
      webhookId: webhook.id,
      trigger,
      uid,
      url: webhook.subscriberUrl,
      headers: headersOf(webhook, body),
      body,
      status: null,
    }
    log.push(delivery)
    if (lost > 0) {
      lost -= 1
      return
    }
    const times = doubled > 0 ? 2 : 1
    doubled = Math.max(0, doubled - 1)
    for (let time = 0; time < times; time += 1) {
      const send = async () => {
        delivery.status = await post(delivery)
      }
      if (held) held.push(send)
      else start(send)
    }
  }

  function announce(trigger: Trigger, booking: Booking, more: Record<string, unknown> = {}): void {
    const message = { triggerEvent: trigger, createdAt: now().toISOString(), payload: { ...payload(booking), ...more } }
    const told = booking.account.webhooks.filter(({ active, triggers }) => active && triggers.includes(trigger))
    for (const webhook of told) deliver(webhook, trigger, booking.uid, JSON.stringify(message))
  }

  return { hooks, announce }
}

function headersOf({ secret }: Webhook, body: string): Record<string, string> {
  const signature = secret === null ? 'no-secret-provided' : createHmac('sha256', secret).update(body).digest('hex')
  return { 'content-type': 'application/json', 'x-cal-signature-256': signature, 'x-cal-webhook-version': '2021-10-20' }
}

async function post({ url, headers, body }: Delivery): Promise<number | null> {
  try {
    const reply = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    await reply.arrayBuffer()
    return reply.status
  } catch {
    // Nobody there. The vendor does not try again either.
    return null
  }
}

/** What a message says of a booking; its words for states and times are others than the API's. */
function payload({ uid, id, account, eventType, title, description, startsAt, endsAt, status, metadata, attendees, location }: Booking) {
  const organizer = organizerOf(account)
  return {
    uid,
    bookingId: id,
    type: eventType.slug,
    eventTypeId: eventType.id,
    title,
    additionalNotes: description,
    startTime: startsAt.toISOString(),
    endTime: endsAt.toISOString(),
    length: (endsAt.getTime() - startsAt.getTime()) / 60_000,
    status: status.toUpperCase(),
    location,
    metadata,
    organizer,
    attendees: attendees.map(({ name, email, phoneNumber, timeZone, language }) => ({
      name,
      email,
      phoneNumber,
      timeZone,
      language: { locale: language },
    })),
  }
}

function organizerOf({ id, username, person, schedule }: Account) {
  return { id, username, name: person.name, email: person.email, timeZone: schedule.timeZone }
}
