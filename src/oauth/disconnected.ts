import * as z from 'zod'

/** JSON and not 204: the frontend shows `message`. */
export const Disconnected = z
  .object({ success: z.literal(true), message: z.string() })
  .meta({ examples: [{ success: true, message: 'Google Calendar disconnected.' }] })
