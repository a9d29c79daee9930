import t from 'tap'
import { regionOf } from '../../src/phone-region.ts'
import { readCode, sayCode } from '../../src/vapi/spoken-code.ts'
import { readEmail, sayEmail, spellEmail } from '../../src/vapi/spoken-email.ts'
import { lastFour, readPhone } from '../../src/vapi/spoken-phone.ts'

t.test('an e-mail address is understood as people say it', async (t) => {
  for (const [said, address] of [
    ['john dot smith at gmail dot com', 'john.smith@gmail.com'],
    ['My e-mail is John Smith at gmail dot com.', 'johnsmith@gmail.com'],
    ['j o h n underscore s at sign outlook dot com', 'john_s@outlook.com'],
    ['double u e s at example dot co dot uk', 'wes@example.co.uk'],
    ['ana dash ruiz plus viewings at g mail dot com', 'ana-ruiz+viewings@gmail.com'],
    ['kim dot lee four two at hot mail dot com', 'kim.lee42@hotmail.com'],
    ['b as in boy o b at icloud dot com', 'bob@icloud.com'],
    ['b for Bob, o, b at icloud dot com', 'bob@icloud.com'],
    ['double l o y d at yahoo com', 'lloyd@yahoo.com'],
    ['matt at home at gmail dot com', 'mattathome@gmail.com'],
    ['info period desk at elm hyphen rentals dot com, all lowercase', 'info.desk@elm-rentals.com'],
    ['seven o four club at aol dot com', '704club@aol.com'],
    ['ana twenty five at aol dot com', 'ana25@aol.com'],
    ['ana@example.com', 'ana@example.com'],
    ['ana @ example . com', 'ana@example.com'],
    ['j.o.h.n at example dot com', 'j.o.h.n@example.com'],
  ] as const)
    t.same(readEmail(said), { kind: 'email', address }, said)
})

t.test('of an address only the domain is repaired, and only where it can be no other', async (t) => {
  for (const [said, address] of [
    ['gmial@gmial.com', 'gmial@gmail.com'],
    ['hotnail at hotnail dot com', 'hotnail@hotmail.com'],
    ['ana@gmal.com', 'ana@gmail.com'],
    ['ana@gmaill.com', 'ana@gmail.com'],
    ['ana@gmail.con', 'ana@gmail.com'],
    ['ana@yaho.com', 'ana@yahoo.com'],
    ['ana@gmail.co', 'ana@gmail.com'],
    ['ana@example.co', 'ana@example.co'],
    ['ana@mail.com', 'ana@mail.com'],
    ['ana@ymail.com', 'ana@ymail.com'],
    ['ana@elmrentals.com', 'ana@elmrentals.com'],
  ] as const)
    t.same(readEmail(said), { kind: 'email', address }, said)
  t.same(readEmail('ana@hmail.com'), { kind: 'unclear', addresses: ['ana@hmail.com', 'ana@gmail.com'] }, 'another letter may be a company')
})

t.test('an address with two readings is asked about, and none is made up', async (t) => {
  t.same(readEmail('dance four life at example dot com'), {
    kind: 'unclear',
    addresses: ['dance4life@example.com', 'dancefourlife@example.com'],
  })
  for (const said of [
    'ana',
    'ana at',
    'at gmail dot com',
    'ana at gmail',
    'ana@',
    'a@b@c.de',
    '=cmd',
    'x'.repeat(400),
    'I will tell you later',
  ])
    t.same(readEmail(said), { kind: 'unusable' }, said)
  for (const said of [undefined, '', ' ', 'none', 'No', 'N/A', 'unknown', 'no email'])
    t.same(readEmail(said), { kind: 'none' }, String(said))
})

t.test('an address is read back at one go, and then letter by letter', async (t) => {
  t.equal(sayEmail('john.smith@gmail.com'), 'john dot smith at gmail dot com')
  t.equal(sayEmail('Ana_ruiz-42@elm.co.uk'), 'ana underscore ruiz dash four two at elm dot co dot uk')
  t.equal(spellEmail('jo.n4@gmail.com'), 'j, o, dot, n as in Nora, four, at gmail dot com')
  t.equal(spellEmail('a@bx.io'), 'a, at b as in Bob, x, dot, i, o')
  for (const address of ['john.smith@gmail.com', 'ana_ruiz-42@elm.co.uk', 'w.o7@ab.com']) {
    t.same(readEmail(sayEmail(address)), { kind: 'email', address }, 'and understood as it was read')
    t.same(readEmail(spellEmail(address)), { kind: 'email', address })
  }
})

t.test('a phone number is understood as people say it, in the country of the business', async (t) => {
  for (const [said, region, number] of [
    ['two one two, five five five, oh one two three', 'US', '+12125550123'],
    ['area code two one two, triple five, zero one, double two', 'US', '+12125550122'],
    ['(212) 555-0123', 'US', '+12125550123'],
    ['2125550123', 'US', '+12125550123'],
    ['my number is 212 555 twelve thirty four', 'US', '+12125551234'],
    ['eight hundred, five five five, two thousand', 'US', '+18005552000'],
    ['twenty one twenty five fifty five oh one two three', 'US', '+12125550123'],
    ['212 555 0123 extension 7', 'US', '+12125550123'],
    ['020 7946 0958', 'GB', '+442079460958'],
    ['oh two oh seven nine four six oh nine five eight', 'GB', '+442079460958'],
    ['plus four four two oh seven nine four six oh nine five eight', 'US', '+442079460958'],
    ['+44 20 7946 0958', 'US', '+442079460958'],
  ] as const)
    t.same(readPhone(said, region), { kind: 'phone', number }, said)
  for (const said of ['555 0123', 'five five five oh one two three', '1234567890123456'])
    t.same(readPhone(said, 'US'), { kind: 'incomplete' }, said)
  for (const said of [undefined, '', 'the one I am calling from', 'unknown', '{{customer.number}}', 'twelve'])
    t.same(readPhone(said, 'US'), { kind: 'none' }, String(said))
  t.equal(lastFour('+12125550142'), 'zero one four two')
})

t.test('the country of a business is that of its setting, its number or its zone', async (t) => {
  const nothing = { phoneRegion: null, phoneNumber: null, timeZone: 'Etc/UTC' }
  t.equal(regionOf(nothing), 'US')
  t.equal(regionOf({ ...nothing, timeZone: 'Europe/London' }), 'GB')
  t.equal(regionOf({ ...nothing, timeZone: 'America/Chicago' }), 'US')
  t.equal(regionOf({ ...nothing, timeZone: 'Europe/London', phoneNumber: '+4930123456' }), 'DE')
  t.equal(regionOf({ ...nothing, phoneNumber: '+4930123456', phoneRegion: 'FR' }), 'FR')
  t.equal(regionOf({ ...nothing, phoneRegion: 'ZZ' }), 'US')
})

t.test('a confirmation code is said with a pause, and understood in every way of saying it', async (t) => {
  t.equal(sayCode('471926'), 'four seven one, nine two six')
  for (const said of [
    'four seven one nine two six',
    'four seven one, nine two six',
    '47 19 26',
    '471-926',
    '471926',
    'four seventy one, nine twenty six',
    'forty seven nineteen twenty six',
    'my code is four seven one nine two six, I think',
  ])
    t.equal(readCode(said), '471926', said)
  t.equal(readCode('double four seven oh oh one'), '447001')
  for (const said of [undefined, 'I lost it', "I don't have one", 'no, at two', '9'.repeat(500)]) t.equal(readCode(said), null)
})
