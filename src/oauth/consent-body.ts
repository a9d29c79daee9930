import * as z from 'zod'

/** Where the browser has to go next, for whoever does not follow a redirect. */
export const ConsentPage = z.object({ authorization_url: z.url() }).meta({
  examples: [
    { authorization_url: 'https://accounts.google.com/o/oauth2/v2/auth?client_id=123.apps.googleusercontent.com&response_type=code' },
  ],
})

/** By name: whoever takes anything, as the frontend does, gets the redirect. @param accept the header */
export function asksForJson(accept = ''): boolean {
  return accept.split(',').some((one) => {
    const [type = '', ...parameters] = one.toLowerCase().split(';')
    return type.trim() === 'application/json' && !parameters.some((parameter) => /^\s*q\s*=\s*0(\.0*)?\s*$/.test(parameter))
  })
}
