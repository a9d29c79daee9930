export interface SignIn {
  /** Whose account: an e-mail address that the stand-in knows. */
  login: string
  /** Says no on the consent page. */
  deny?: boolean
  /** Leaves only these boxes ticked. */
  scopes?: string[]
}

/**
 * Does what a person does in the browser between "Connect" and our callback.
 * @returns the first address outside the vendor's origin: our callback, with `code` and `state`, or with `error` and `state`
 * @throws Error with the vendor's page when it shows an error instead of sending the person back
 */
export async function signIn(authorizationUrl: URL | string, { login, deny, scopes }: SignIn): Promise<URL> {
  const cookies = new Map<string, string>()
  const { origin } = new URL(authorizationUrl)
  let url = new URL(authorizationUrl)
  let form: URLSearchParams | null = null
  for (let step = 0; step < 10; step += 1) {
    const reply = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form ? { body: form } : {}),
    })
    for (const line of reply.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    const body = await reply.text()
    const location = reply.headers.get('location')
    if (location === null) {
      if (reply.status !== 200) throw new Error(`the sign-in page answers ${reply.status}: ${body}`)
      form = new URLSearchParams({ login, ...(deny ? { deny: 'yes' } : {}), ...(scopes ? { scopes: scopes.join(' ') } : {}) })
      continue
    }
    form = null
    url = new URL(location, url)
    if (url.origin !== origin) return url
  }
  throw new Error(`the sign-in does not end: ${url.pathname}`)
}
