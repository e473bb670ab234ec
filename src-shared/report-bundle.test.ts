import { describe, expect, it } from 'vitest'
import type { ReproductionBundle } from './domain/reproduction'
import { parseReportBundle } from './report-bundle'

const bundle: ReproductionBundle = {
  type: 'causeway-bundle',
  version: 1,
  // What an attacker, or an unlucky analyst, could call a run's data.
  title: '</script><script>alert(1)</script> ``` & "quotes"',
  runs: [
    {
      run: 'csc-1',
      method: 'csc',
      params: { alpha: 50, variant: 'g+l' },
      knowledge: null,
      seed: 1,
      backend: 'wasm',
      threads: 1,
      data: { dataset: 'a <b>', hash: 'h', recipe: { threshold: 4 }, splitHash: 's' },
      environment: { causeway: '0.1.0', platform: 'linux-x64', node: 'v24' },
      results: { epochs: 3, bestEpoch: 2, metrics: { auc: 0.5 }, weightsHash: 'w', evaluationHash: null },
    },
  ],
}
const json = JSON.stringify(bundle)
const inHtml = (attributes = 'type="application/json" id="causeway-bundle"', text = json): string =>
  `<!doctype html><html><head><script>let id = "causeway-bundle"</script></head><body>
<script type="application/json" id="other">{"type":"something else"}</script>
<script ${attributes}>${text.replaceAll('<', '\\u003c')}</script></body></html>`
const inMarkdown = (text: string): string =>
  [
    '# Report',
    '```sh',
    'causeway reproduce x',
    '```',
    '```json',
    '{"type":"other"}',
    '```',
    '````json',
    text,
    '````',
  ].join('\n') + '\n'

describe('the bundle of a report', () => {
  it.each([
    ['an HTML report', inHtml()],
    ['an HTML report with attributes in another order', inHtml("id='causeway-bundle' data-x type=application/json")],
    ['a Markdown report', inMarkdown(JSON.stringify(bundle, null, 2))],
    ['a Markdown report with Windows line ends', inMarkdown(JSON.stringify(bundle, null, 2)).replaceAll('\n', '\r\n')],
    ['a file of its own', json],
    ['a file of its own with a byte order mark', `\uFEFF${JSON.stringify(bundle, null, 2)}\n`],
  ])('is read from %s', (_, text) => {
    expect(parseReportBundle(text, 'report')).toEqual(bundle)
  })

  it.each(['<script id=causeway-bundle ', '<script id="causeway-bundle">', '```json\n'])(
    'is looked for in a file of nothing but beginnings at once: %j',
    (beginning) => {
      expect(() => parseReportBundle(` ${beginning.repeat(200_000)}`, 'x')).toThrow(/carries nothing/)
    },
    5000,
  )

  it.each([
    ['', /carries nothing to reproduce/],
    ['<html>another page</html>', /page\.html carries nothing/],
    ['# Notes\n```json\n{"a": 1}\n```\n', /carries nothing/],
    [inHtml(undefined, json.slice(0, -20)), /damaged/],
    [json.replace('"seed":1', '"seed":"one"'), /runs\.0\.seed/],
    [json.replace('"version":1', '"version":7'), /newer Causeway \(bundle version 7\)/],
    [json.replace('"epochs":3', '"epochs":3,"__proto__":{"x":1}').replace('"results"', '"result"'), /runs\.0\.results/],
  ])('is refused where there is none that can be used: %j', (text, reason) => {
    expect(() => parseReportBundle(text, 'page.html')).toThrow(
      expect.objectContaining({ code: 'badRequest', message: expect.stringMatching(reason) }),
    )
  })
})
