import type { Test } from 'tap'
import type { Owner, TestApp } from './app.ts'

type Call = { method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'; body?: object; token?: string }

export interface Frontend {
  /** Where the service listens. */
  url: string
  /**
   * A server action or route handler: token of the template `pete-next`, JSON content type even where there is no body (then fetch sends
   * `Content-Length: 0` with POST and no length with DELETE), redirects not followed, no origin.
   */
  action(user: Owner, path: string, call?: Call): Promise<Response>
  /** A call without any credential, by the server. */
  open(path: string, init?: RequestInit): Promise<Response>
  /** A page in a browser at the production frontend; `token` as a page sends it, with the preflight that it needs. */
  page(path: string, call?: { token?: string; origin?: string }): Promise<{ preflight: Response | undefined; response: Response }>
}

/** The existing frontend, over real HTTP: it sends byte for byte what the frontend's own code does. */
export async function frontend(t: Pick<Test, 'teardown'>, { app, world }: Pick<TestApp, 'app' | 'world'>): Promise<Frontend> {
  const url = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('[::1]', '127.0.0.1')
  t.teardown(() => app.close())
  return {
    url,
    action: (user, path, { method = 'GET', body, token = world.clerk.templateToken(user.clerkUserId) } = {}) =>
      fetch(url + path, {
        method,
        redirect: 'manual',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    open: (path, init) => fetch(url + path, init),
    page: async (path, { token, origin = 'http://localhost:3000' } = {}) => {
      const asked = {
        Origin: origin,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'authorization,content-type',
      }
      const preflight = token === undefined ? undefined : await fetch(url + path, { method: 'OPTIONS', headers: asked })
      const headers = {
        Origin: origin,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }),
      }
      return { preflight, response: await fetch(url + path, { headers }) }
    },
  }
}
