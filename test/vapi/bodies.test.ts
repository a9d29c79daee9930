import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { testApp } from '../setup/app.ts'
import { toolCalls } from '../world/vapi/messages.ts'

const MIB = 1024 * 1024
const test = await testApp(t)
const owner = await test.owner()
const address = new URL(await test.app.listen({ port: 0, host: '127.0.0.1' }))

/** A function call with so much history around it that the body has exactly so many bytes. */
function bodyOf(bytes: number, assistantId: string | null): Buffer {
  const extra = { artifact: { messages: [{ role: 'user', message: '' }] } }
  const [before = '', after = ''] = JSON.stringify(toolCalls([{ name: 'get_availability' }], { assistantId, extra })).split('"message":""')
  const rest = Buffer.byteLength(`${before}"message":""${after}`)
  return Buffer.from(`${before}"message":"${'x'.repeat(bytes - rest)}"${after}`)
}

/** Over real HTTP, in pieces of unknown length when `chunked`. A server may answer before it has read everything. */
async function post(body: Buffer, headers: Record<string, string>, chunked = false): Promise<{ status: number; text: string }> {
  const sent = request(new URL('/vapi/webhook', address), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers, ...(chunked ? {} : { 'content-length': body.length }) },
  })
  sent.on('error', () => {})
  for (let at = 0; at < body.length; at += 65_536) sent.write(body.subarray(at, at + 65_536))
  sent.end()
  const [answer] = await once(sent, 'response')
  const text = await answer.setEncoding('utf8').toArray()
  return { status: answer.statusCode, text: text.join('') }
}

t.test('whoever shows a secret first may send five mebibytes and not a byte more', async (t) => {
  const headers = { 'x-vapi-secret': owner.secret }
  for (const chunked of [false, true]) {
    const whole = await post(bodyOf(5 * MIB, owner.assistantId), headers, chunked)
    t.equal(whole.status, 200)
    t.match(whole.text, 'I have Tuesday')
    const over = await post(bodyOf(5 * MIB + 1, owner.assistantId), headers, chunked)
    t.equal(over.status, 413)
    t.match(JSON.parse(over.text), { status: 'error', code: 'too_large' })
  }
})

t.test('whoever shows none may send one', async (t) => {
  for (const headers of [{}, { 'x-signature': 'ab', 'x-timestamp': String(Date.now()) }]) {
    for (const chunked of [false, true]) {
      const over = await post(bodyOf(MIB + 1, 'unknown'), headers, chunked)
      t.equal(over.status, 413)
      t.match(JSON.parse(over.text), { status: 'error', code: 'too_large' })
    }
  }
  for (const chunked of [false, true]) {
    const whole = await post(bodyOf(MIB, 'unknown'), {}, chunked)
    t.equal(whole.status, 200)
    t.match(whole.text, 'not set up')
  }
})

t.test('a wrong secret is refused before any of the body was sent', async (t) => {
  const socket = connect(Number(address.port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(
    'POST /vapi/webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Vapi-Secret: wrong\r\nContent-Length: 1000000\r\n\r\n',
  )
  const [data] = await Promise.race([once(socket, 'data'), delay(3000, ['nothing'])])
  t.match(String(data), /^HTTP\/1.1 401 /)
  t.match(String(data), /\r\n\r\n\{\}$/)
})
