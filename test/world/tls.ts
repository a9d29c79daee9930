import tls from 'node:tls'
import { generate } from 'selfsigned'

export interface Certificate {
  key: string
  cert: string
  /** Of the authority that signed it: what a client has to trust. */
  ca: string
}

let issued: Promise<Certificate> | undefined

/** A certificate for localhost and 127.0.0.1; the same one for the whole process. */
export function certificate(): Promise<Certificate> {
  issued ??= issue()
  return issued
}

/** One that nobody trusts yet. */
export async function issue(): Promise<Certificate> {
  const ca = await generate([{ name: 'commonName', value: 'stand-in CA' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  })
  const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { key: leaf.private, cert: leaf.cert, ca: ca.cert }
}

/**
 * From now on this process trusts `ca`, in built-in fetch and in Node's own client, and nobody else: a test has no business with the real
 * world, and reading all its authorities takes longer than most tests. Another process takes it by `NODE_EXTRA_CA_CERTS`.
 */
export function trust(ca: string): void {
  if (trusted === ca) return
  trusted = ca
  tls.setDefaultCACertificates([ca])
}

let trusted: string | undefined
