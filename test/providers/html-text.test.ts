import t from 'tap'
import { textOfHtml } from '../../src/providers/html-text.ts'

t.test('of HTML is left what a person reads', async (t) => {
  for (const [html, text] of [
    ['one\ntwo<br>three<p>four</p>five', 'one\ntwo\nthree\nfour\nfive'],
    ['<ul><li>keys</li><li>map</li></ul>', 'keys\nmap'],
    ['&lt;b&gt; &amp;amp;&nbsp;x', '<b> &amp; x'],
    ['<p>a</p><o:p>&nbsp;</o:p><p>b</p>', 'a\n \nb'],
    ['a<script>alert(1)</script>b<style>p { color: red }</style><!-- c -->', 'ab'],
    ['<head><title>x</title></head><body>y</body>', 'y'],
    ['<a href="https://zoom.example.com/j/1">Join</a>', 'Join'],
  ] as const)
    t.equal(textOfHtml(html), text, html)
})

t.test('text that was no HTML stays as it was', async (t) => {
  for (const text of [
    'Kim Lee <kim@example.com> called',
    'Join the meeting now<https://teams.example.com/l/meetup-join/19%3a?context=%7b%22Tid%22&x=1>\nor dial <tel:+15125550100>',
    'Write to <mailto:kim@example.com> first',
    'a < b and c > d & e',
    '5<6, I <3 you',
  ])
    t.equal(textOfHtml(text), text)
})

t.test('markup of no sense costs no time', async (t) => {
  const startedAt = performance.now()
  for (const html of ['<b>'.repeat(16_000) + '</x>'.repeat(12_000), '<div>'.repeat(20_000), '<p>'.repeat(30_000), '</p>'.repeat(25_000)])
    for (let repeat = 0; repeat < 10; repeat += 1) t.equal(textOfHtml(`seen${html}`).trim(), 'seen')
  t.ok(performance.now() - startedAt < 1500, `${performance.now() - startedAt} ms`)
})
