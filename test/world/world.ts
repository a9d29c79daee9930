import { randomBytes } from 'node:crypto'
import { vendors } from '../../src/vendors.ts'
import { type CalcomStandIn, startCalcom } from './calcom/index.ts'
import type { CalendarStandIn } from './calendar-stand-in.ts'
import { type Clerk, startClerk } from './clerk/index.ts'
import { startGoogle } from './google/index.ts'
import { type Mail, startMail } from './mail/index.ts'
import { type MicrosoftStandIn, startMicrosoft } from './microsoft/index.ts'
import { certificate } from './tls.ts'
import { startVapi, type Vapi } from './vapi/index.ts'

/** Everything outside Ringbook, on this machine. */
export interface World {
  google: CalendarStandIn
  microsoft: MicrosoftStandIn
  calcom: CalcomStandIn
  clerk: Clerk
  vapi: Vapi
  mail: Mail
  /** Of the authority that signed the stand-ins' certificate, PEM. */
  ca: string
  /** All that a real installation would have in its environment, but the database. Keys are made up anew each time. */
  settings: Record<string, string>
  stop(): Promise<void>
}

/**
 * @param baseUrl of the service, as it is registered at the vendors
 * @param now where a vendor decides about times to come: the clock of the service, if that is not this machine's
 */
export async function startWorld(baseUrl: string, now?: () => Date): Promise<World> {
  const [google, microsoft, calcom, clerk, vapi, mail, { ca }] = await Promise.all([
    startGoogle({ redirectUri: baseUrl + vendors.google.callback }),
    startMicrosoft({ redirectUri: baseUrl + vendors.microsoft.callback }),
    startCalcom({ redirectUri: baseUrl + vendors.calcom.callback, ...(now ? { now } : {}) }),
    startClerk({ audience: baseUrl }),
    startVapi(),
    certificate().then(startMail),
    certificate(),
  ])
  return {
    google,
    microsoft,
    calcom,
    clerk,
    vapi,
    mail,
    ca,
    settings: {
      BASE_URL: baseUrl,
      FRONTEND_URL: 'http://localhost:3000',
      TOKEN_ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      SIGNING_SECRET: randomBytes(32).toString('base64url'),
      VAPI_WEBHOOK_SECRET: randomBytes(24).toString('base64url'),
      VAPI_UNSIGNED: 'restricted',
      METRICS_TOKEN: randomBytes(24).toString('base64url'),
      ...google.settings,
      ...microsoft.settings,
      ...calcom.settings,
      ...clerk.settings,
      ...vapi.settings,
      ...mail.settings,
      WEBHOOK_ALLOW_LOCAL: 'true',
    },
    stop: async () => {
      await Promise.all([google, microsoft, calcom, clerk, vapi, mail].map((standIn) => standIn.stop()))
    },
  }
}
