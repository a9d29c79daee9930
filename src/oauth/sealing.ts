import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import type { Tokens } from '../providers/provider.ts'

/** The row that a sealed token is bound to: copied into another one it does not open. */
interface Row {
  clerkUserId: string
  id: string
  provider: string
}
type Column = 'accessToken' | 'refreshToken'

/** @throws AppError `consent_revoked` when it does not open, because it was changed or moved: only a new consent brings another one */
export function openToken({ cipher }: Pick<Deps, 'cipher'>, row: Row & Record<Column, string>, column: Column): string {
  try {
    return cipher.open(row[column], place(column, row))
  } catch (cause) {
    throw new AppError('consent_revoked', 'a stored token does not open', { cause })
  }
}

/** A vendor's tokens as they are stored in this row. @param kept refresh token that stays when the vendor sent none */
export function sealTokens({ cipher }: Pick<Deps, 'cipher'>, row: Row, tokens: Tokens, kept: string) {
  return {
    accessToken: cipher.seal(tokens.accessToken, place('accessToken', row)),
    refreshToken: cipher.seal(tokens.refreshToken ?? kept, place('refreshToken', row)),
    expiresInSeconds: tokens.expiresInSeconds,
  }
}

/** The same token under the key that is active now. */
export function sealAgain(deps: Pick<Deps, 'cipher'>, row: Row & Record<Column, string>, column: Column): string {
  return deps.cipher.seal(openToken(deps, row, column), place(column, row))
}

function place(column: Column, { id, clerkUserId, provider }: Row): string[] {
  return ['oauth_tokens', column, id, clerkUserId, provider]
}
