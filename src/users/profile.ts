import * as z from 'zod'
import { oneLine } from '../one-line.ts'

/** A user's id at Clerk. */
export const ClerkUserId = z
  .string()
  .max(100)
  .regex(/^user_[A-Za-z0-9]+$/, 'must be a Clerk user id')

// The longest address that mail can have; no name is longer.
const LONGEST = 320

/** A name or an address as Clerk has it. Missing, `null`, empty and blank all mean that she has none. */
export const profileText = z
  .string()
  .nullish()
  .transform((text) => oneLine(text ?? '', LONGEST) || null)
