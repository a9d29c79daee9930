import t from 'tap'
import { createProviders } from '../../src/providers/index.ts'

const google = {
  clientId: 'id',
  clientSecret: 'secret',
  redirectUri: 'http://localhost:8000/callback',
  authUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
  apiUrl: 'https://www.googleapis.com',
}
const microsoft = {
  clientId: 'id',
  clientSecret: 'secret',
  tenantId: 'common',
  redirectUri: 'http://localhost:8000/callback',
  authorityUrl: 'https://login.microsoftonline.com',
  graphUrl: 'https://graph.microsoft.com',
}

t.test('a vendor without settings is switched off', async (t) => {
  t.same([...createProviders({}).keys()], [])
  t.same([...createProviders({ microsoft }).keys()], ['microsoft'])
  t.same([...createProviders({ google, microsoft }).keys()], ['google', 'microsoft'])
})

t.test('with the default settings a sign-in begins at the vendor itself, and its issuer is known', async (t) => {
  const providers = createProviders({ google, microsoft })
  t.equal(providers.get('google')?.authorizationUrl('s', 'c').origin, 'https://accounts.google.com')
  t.ok(providers.get('google')?.issues('https://accounts.google.com'))
  const start = providers.get('microsoft')?.authorizationUrl('s', 'c')
  t.match(start?.href, 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize?')
  t.ok(providers.get('microsoft')?.issues('https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0'))
  for (const iss of [
    'https://login.microsoftonline.com//v2.0',
    'https://login.microsoftonline.com.evil.example/x/v2.0',
    'https://accounts.google.com',
  ]) {
    t.notOk(providers.get('microsoft')?.issues(iss), iss)
  }
})

t.test('a single tenant accepts no other one as issuer', async (t) => {
  const provider = createProviders({ microsoft: { ...microsoft, tenantId: 'ours' } }).get('microsoft')
  t.ok(provider?.issues('https://login.microsoftonline.com/ours/v2.0'))
  t.notOk(provider?.issues('https://login.microsoftonline.com/theirs/v2.0'))
})
