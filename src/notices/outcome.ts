/** What became of one attempt to send. */
export type Outcome =
  | { kind: 'sent' }
  /** It is certain that it did not arrive; later it may. */
  | { kind: 'put_off'; error: string }
  /** It will never arrive, however often it is tried. */
  | { kind: 'dead'; error: string }
  /** It may have arrived, and nobody can tell. */
  | { kind: 'unsure'; error: string }
