import * as z from 'zod'

const JsonObject = z.record(z.string(), z.unknown())

/** The object that an answer carries. */
export async function objectIn(response: Response): Promise<Record<string, unknown>> {
  return JsonObject.parse(await response.json())
}
