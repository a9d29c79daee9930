import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Encrypts what a stolen database must not reveal. */
export interface Cipher {
  /** `context` binds the text to its place, e.g. table, column, row and tenant: copied elsewhere it does not open. */
  seal(plain: string, context: string[]): string
  /** @throws Error when the key is unknown, or the text was changed or moved */
  open(sealed: string, context: string[]): string
  /** The id of the key that seals now; what carries another id should be sealed again. */
  readonly activeKeyId: string
  readonly keyIds: string[]
}

const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * `id:base64,…`, each 32 bytes, the first one seals and all open; a bare base64 key has the id `k1`.
 * @throws Error that says what is wrong with the keys, without showing them
 */
export function parseKeys(spec: string): Map<string, Buffer> {
  const keys = new Map<string, Buffer>()
  for (const part of spec.split(',')) {
    const [, id = 'k1', base64 = ''] = /^(?:([a-z0-9]+):)?(.*)$/s.exec(part.trim()) ?? []
    const key = Buffer.from(base64, 'base64')
    if (key.length !== 32) throw new Error(`key ${id} must be 32 bytes in base64 (openssl rand -base64 32), it has ${key.length}`)
    if (keys.has(id)) throw new Error(`key id ${id} stands there twice`)
    keys.set(id, key)
  }
  return keys
}

/** AES-256-GCM. Sealed form: `v1.<key id>.<base64url of IV, ciphertext, tag>`. */
export function createCipher(spec: string): Cipher {
  const keys = parseKeys(spec)
  const keyIds = [...keys.keys()]
  const [activeKeyId = ''] = keyIds
  const key = (id: string) => {
    const found = keys.get(id)
    if (!found) throw new Error(`no key with the id ${id} in TOKEN_ENCRYPTION_KEYS`)
    return found
  }
  const associated = (id: string, context: string[]) => Buffer.from(JSON.stringify([VERSION, id, ...context]))
  return {
    activeKeyId,
    keyIds,
    seal(plain, context) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key(activeKeyId), iv).setAAD(associated(activeKeyId, context))
      const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${VERSION}.${activeKeyId}.${sealed.toString('base64url')}`
    },
    open(sealed, context) {
      const [version, id = '', body = ''] = sealed.split('.')
      const raw = Buffer.from(body, 'base64url')
      if (version !== VERSION || raw.length < IV_BYTES + TAG_BYTES) throw new Error('not a sealed text')
      // Without authTagLength Node would accept a tag that was cut short.
      const decipher = createDecipheriv('aes-256-gcm', key(id), raw.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(associated(id, context)).setAuthTag(raw.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(raw.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
    },
  }
}
