import { expect, test } from 'vitest'
import { csvText } from './csv'

test('quotes only what needs quotes, and keeps every digit', () =>
  expect(
    csvText([
      ['a', 'b,c', 'say "hi"', 'two\nlines'],
      [0.1 + 0.2, -5, true, null],
    ]),
  ).toBe('a,"b,c","say ""hi""","two\nlines"\r\n0.30000000000000004,-5,true,\r\n'))

test.each([
  ['=1+1', "'=1+1"],
  ['+cmd|x', "'+cmd|x"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['\n=1', '"\'\n=1"'],
  ['＝1', "'＝1"],
  ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ['+', "'+"],
])('defuses %j', (text, written) => expect(csvText([[text]])).toBe(`${written}\r\n`))

test.each(['-5', '+5', '-0.25', 'a=b', '', '0', "'x"])('leaves %j alone', (text) =>
  expect(csvText([[text]])).toBe(`${text}\r\n`),
)

test('no row gives no text', () => expect(csvText([])).toBe(''))
