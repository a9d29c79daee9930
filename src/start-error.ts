/** Why the service cannot start, for whoever set it up: printed without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
