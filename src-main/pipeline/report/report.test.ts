import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { DatasetCard } from '../../../src-shared/domain/dataset'
import { noAnnotations } from '../../../src-shared/domain/graph'
import type { Quantity, SavedEffect } from '../../../src-shared/domain/intervention'
import type { MethodInfo } from '../../../src-shared/domain/method'
import type { SavedMask } from '../../../src-shared/domain/mask'
import type { RunDetail, RunManifest } from '../../../src-shared/domain/run'
import { bundleElementId, reproductionBundleSchema } from '../../../src-shared/domain/reproduction'
import { reportOptionsSchema } from '../../../src-shared/domain/report'
import { buildReport } from './build-report'
import { mostBytes, renderHtml } from './render-html'
import { renderMarkdown } from './render-markdown'
import { count, decimals } from './words'
import type { ReportInput } from './report-input'
import { trainCommand } from './sections/reproduction'
import { meanOverSeeds } from './sections/training'
import { ticks } from './svg'

const attack = '<script>alert("x")</script>'

const method: MethodInfo = {
  id: 'csc',
  label: 'CSC',
  family: 'causal',
  purpose: 'Learns confounders.',
  assumptions: ['No hidden confounder outside the k.'],
  identification: null,
  needs: [],
  paper: { title: 'Confounders', authors: 'A', year: 2024 },
  capabilities: ['score', 'graph'],
  params: [
    { key: 'k', type: 'integer', label: 'Confounders', help: 'How many.', default: 4, min: 1, max: 64, basic: true },
    {
      key: 'mode',
      type: 'choice',
      label: 'Mode',
      help: 'Which.',
      default: 'g',
      choices: [
        { value: 'g', label: 'G' },
        { value: 'g+l', label: 'GL' },
      ],
      basic: true,
    },
  ],
  series: [
    { id: 'loss', label: 'Loss', help: '', group: 'objective' },
    { id: 'ndcg@10', label: 'NDCG@10', help: '', group: 'validation' },
  ],
}

const detail: RunDetail = {
  manifest: {
    type: 'causeway-run',
    version: 1,
    id: 'csc-1',
    method: 'csc',
    dataset: `set ${attack}`,
    recipe: { threshold: 3, kCore: 0, splitBy: 'random' },
    params: { k: 3, mode: 'g+l' },
    knowledge: null,
    seed: 11,
    backend: 'wasm',
    threads: 1,
    state: 'completed',
    createdAt: '2026-11-20T20:00:00.000Z',
    startedAt: null,
    endedAt: null,
    durationSeconds: 12.5,
    epochs: 3,
    bestEpoch: 2,
    metrics: {
      'recall@10': 0.123456,
      'recallFull@10': 0.1,
      'ndcg@10': 0.2,
      'recall@30': 0.3,
      'recallFull@30': 0.3,
      'ndcg@30': 0.4,
    },
    error: null,
    evaluation: null,
    weightsHash: null,
    experiment: null,
    reproduces: null,
    producedBy: {
      causeway: '0.1.0',
      datasetHash: 'datahash',
      splitHash: 'splithash',
      platform: 'linux-x64',
      node: 'v20.20.2',
    },
  },
  points: [
    { epoch: 1, seconds: 1, values: { loss: 10, 'ndcg@10': 0.1 } },
    { epoch: 2, seconds: 1, values: { loss: 8, 'ndcg@10': Number.NaN } },
    { epoch: 3, seconds: 1, values: { loss: 7, 'ndcg@10': 0.2 } },
  ],
  log: [],
  hasGraph: true,
}

const card = {
  manifest: { name: `set ${attack}`, source: { files: [`${attack}.csv`], kind: 'csv' } },
  raw: { users: 10, items: 20, interactions: 30, duplicates: 1, density: 0.15 },
  prepared: {
    users: 9,
    items: 19,
    positives: 25,
    density: 0.1,
    train: 15,
    validation: 4,
    test: 6,
    coldUsers: 2,
    splitHash: 'splithash',
  },
  shareOfTop20Percent: 0.6,
  longTail: [
    [1, 9],
    [2, 4],
    [3, 1],
  ],
  positivesPerUser: { edges: [0, 5, 10, 15], counts: [40, 6, 2] },
  timeRange: null,
  alerts: [{ level: 'warning', text: `alert ${attack}` }],
} as unknown as DatasetCard

const options = (given: object = {}) => reportOptionsSchema.parse({ subject: { kind: 'run', run: 'csc-1' }, ...given })

const run: ReportInput['runs'][number] = {
  manifest: detail.manifest,
  method,
  points: detail.points,
  evaluation: null,
  selection: null,
  graph: {
    type: 'causal-graph',
    version: 1,
    nodes: ['c1', attack],
    probabilities: [
      [0, 0.9],
      [0.2, 0],
    ],
    meanStrengths: null,
  },
  annotations: noAnnotations,
  confidence: null,
  correlation: null,
  exposureCheck: null,
  masks: [],
  effects: [],
  damaged: [],
}

const data: ReportInput['data'][number] = {
  dataset: `set ${attack}`,
  datasetHash: 'datahash',
  splitHash: 'splithash',
  recipe: detail.manifest.recipe,
  card,
}

const input: ReportInput = {
  options: options(),
  name: 'report-csc-1',
  causeway: '0.1.0',
  madeAt: '2026-11-21T00:00:00.000Z',
  runs: [run],
  data: [data],
  experiment: null,
  comparison: null,
}

/** The text of the one data block in a page; anything else that a browser would run fails the test. */
function bundleIn(html: string) {
  const scripts = [...html.matchAll(/<script\b([^>]*)>(.*?)<\/script>/gs)]
  expect(scripts.map(([, attributes]) => attributes)).toEqual([` type="application/json" id="${bundleElementId}"`])
  return reproductionBundleSchema.parse(JSON.parse(scripts[0]![2]!))
}

describe('a report', () => {
  const html = renderHtml(buildReport(input))
  const markdown = renderMarkdown(buildReport(input))

  it('is one file that works offline and runs nothing, whatever the data is called', () => {
    expect(bundleIn(html).runs[0]!.data.dataset).toBe(`set ${attack}`)
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toMatch(/\ssrc=|\shref="(?!#)|@import|https?:|\sstyle=|\son\w+=/)
    expect(html).toContain("default-src 'none'; style-src 'sha256-")
    // Inside a fence Markdown takes everything literally.
    expect(markdown.replace(/^(```+)\w+\n.*?\n\1$/gms, '')).not.toMatch(/<script/i)
  })

  it('says what was learned of a correlation, with its interval, how that was made and what it means', () => {
    const bootstrap = { resamples: 50, done: [1, 2, 3] as never[], interval: { low: 0.12, high: 0.47, level: 0.95 } }
    const correlated = { ...run, correlation: { correlation: 0.314, bootstrap } }
    const said = renderMarkdown(buildReport({ ...input, runs: [correlated] }))
    expect(said).toContain('0.31 (0.12 to 0.47)')
    expect(said).toContain('observed ratings are too good')
    expect(said).toContain('the middle 95 % of 3 of 50 trainings on users drawn with replacement')
    expect(markdown).not.toContain('orrelation ρ')
  })

  it('says whether the exposure model fits, and what that means for the effects', () => {
    const exposureCheck = {
      users: 30,
      heldOutItems: 4.5,
      logLikelihood: -0.2,
      popularityLogLikelihood: -0.3,
      pValue: 0.02,
      usersAreNew: true,
    }
    const said = renderMarkdown(buildReport({ ...input, runs: [{ ...run, exposureCheck }] }))
    expect(said).toContain('The exposure model fails its check, p 0.02')
    expect(said).toContain('Read the effects as associations')
    const ofKnownUsers = { ...run, exposureCheck: { ...exposureCheck, usersAreNew: false } }
    expect(renderMarkdown(buildReport({ ...input, runs: [ofKnownUsers] }))).toContain('“Split by: Users”')
    expect(markdown).not.toContain('exposure model')
  })

  it('allows its style sheet and no other by its hash', () => {
    const style = /<style>(.*?)<\/style>/s.exec(html)![1]!
    const hash = createHash('sha256').update(style).digest('base64')
    expect(html).toContain(`style-src 'sha256-${hash}'"`)
  })

  it('carries what it takes to train the run again, in HTML and in Markdown', () => {
    const bundle = bundleIn(html)
    expect(bundle.runs[0]).toMatchObject({
      run: 'csc-1',
      seed: 11,
      params: { k: 3, mode: 'g+l' },
      data: { hash: 'datahash', splitHash: 'splithash' },
      results: { metrics: detail.manifest.metrics },
    })
    const fence = /```json\n(.*?)\n```/s.exec(markdown)![1]!
    expect(reproductionBundleSchema.parse(JSON.parse(fence))).toEqual(bundle)
    expect(html).toContain('causeway reproduce report-csc-1.html')
  })

  it('has light and dark, every section in order with its heading, a table of contents and a way past it', () => {
    expect(html).toContain('prefers-color-scheme: dark')
    const titles = [
      'Data',
      'Method and assumptions',
      'Parameters',
      'Training',
      'Metrics',
      'Causal graph',
      'Limitations',
      'How to reproduce',
    ]
    expect([...html.matchAll(/<h2 id="\w+-heading">([^<]+)/g)].map(([, title]) => title)).toEqual([
      'Contents',
      ...titles,
    ])
    expect([...markdown.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(titles)
    for (const [, target] of html.matchAll(/href="#([\w-]+)"/g)) expect(html).toContain(` id="${target}"`)
    expect(html).toContain('class="skip"')
    for (const text of ['0.1235', 'No hidden confounder outside the k.', 'datahash', 'splithash']) {
      expect(html).toContain(text)
      expect(markdown).toContain(text)
    }
  })

  it('has the sections that were asked for, in its own order, and says why one has nothing to say', () => {
    const report = buildReport({
      ...input,
      options: options({
        sections: ['metrics', 'data', 'comparison'],
        title: 'Mine',
        summary: 'First.\n\nSecond <b>.',
      }),
    })
    expect(report.sections.map(({ id }) => id)).toEqual(['data', 'metrics', 'comparison'])
    expect(report.sections[2]!.blocks).toEqual([{ kind: 'text', text: expect.stringContaining('several runs') }])
    // What was left out is not carried along either.
    expect(report.bundle).toBeNull()
    const page = renderHtml(report)
    expect(page).toContain('<h1>Mine</h1>')
    expect(page).toContain('<p>First.</p><p>Second &lt;b&gt;.</p>')
    expect(page).not.toContain('<script')
  })

  it('draws the curves and the probable edges, leaving out what is not a number', () => {
    // Two series and the popularity of items.
    expect(html.match(/<polyline/g)).toHaveLength(3)
    expect(html).not.toMatch(/NaN|Infinity|undefined/)
    expect(html.match(/class="edge"/g)).toHaveLength(1)
    expect(html).toContain('>0.90</text>')
    // The table has the improbable edge too.
    expect(html).toContain('0.200')
    expect(html).toContain('best epoch 2')
  })

  it('describes every drawing in words, and puts its data behind it', () => {
    const figures = [...html.matchAll(/<figure>(.*?)<\/figure>/gs)].map(([, figure]) => figure!)
    expect(figures.length).toBeGreaterThanOrEqual(5)
    const ids = new Set<string>()
    for (const figure of figures) {
      const [, title, description] = /aria-labelledby="([\w-]+) ([\w-]+)"/.exec(figure)!
      expect(figure).toMatch(new RegExp(`<title id="${title}">[^<]+</title><desc id="${description}">[^<]+</desc>`))
      expect(figure).toMatch(/<details class="data"><summary>Data of the figure: .*<table>/s)
      ids.add(title!)
    }
    expect(ids.size).toBe(figures.length)
    expect(figures.some((figure) => figure.includes('Loss: from 10 to 7, lowest 7, highest 10'))).toBe(true)
    // Loss at epoch 2.
    expect(figures.join('')).toContain('<th scope="row" class="number">2</th><td class="number">8</td>')
  })

  it('gives the command that repeats the run, quoted for a shell', () => {
    expect(trainCommand(detail.manifest, method)).toBe(
      `causeway train csc --data 'set ${attack}' --backend wasm --seed 11 --set k=3 --set mode=g+l --set data.threshold=3`,
    )
  })

  it('of a baseline has no graph and makes no causal claim', () => {
    const baseline = { ...method, family: 'baseline' as const, assumptions: [], capabilities: ['score' as const] }
    const text = renderMarkdown(buildReport({ ...input, runs: [{ ...run, method: baseline, graph: null }] }))
    expect(text).not.toContain('## Causal graph')
    expect(text).toContain('makes no causal claim')
  })

  it('says that a training ended while it still got better', () => {
    const ended = { ...detail.manifest, params: { ...detail.manifest.params, epochs: 3 }, bestEpoch: 3 }
    const of = (manifest: RunManifest) => renderMarkdown(buildReport({ ...input, runs: [{ ...run, manifest }] }))
    expect(of(ended)).toContain('ended with its last epoch (3) while it still got better')
    expect(of({ ...ended, bestEpoch: 1 })).not.toContain('while it still got better')
  })
})

describe('a mask in a report', () => {
  const factors = [
    [1, 0],
    [0.5, 1],
  ]
  const mask: SavedMask = {
    savedAt: '2026-11-20T10:00:00.000Z',
    mask: { type: 'causeway-mask', version: 1, name: 'no price', notes: 'Why: price.', nodes: ['c1', 'c2'], factors },
  }
  it('is drawn on the graph: removed edges struck through, factors on the others', () => {
    const html = renderHtml(buildReport({ ...input, runs: [{ ...run, masks: [mask] }] }))
    expect(html.match(/class="strike"/g)).toHaveLength(1)
    expect(html).toContain('× 0.5')
    expect(html).toContain('The mask &quot;no price&quot;, saved 2026-11-20')
    expect(html).toContain('Why: price.')
    const markdown = renderMarkdown(buildReport({ ...input, runs: [{ ...run, masks: [mask] }] }))
    expect(markdown).toContain('| 0.900 | removed |')
    expect(markdown).toContain('| 0.200 | × 0.5 |')
  })
})

const quantity = (id: string, before: number, after: number, low: number, high: number): Quantity => ({
  id,
  label: `${id} label`,
  help: `${id} means this.`,
  users: 7,
  before: { mean: before, low: before, high: before },
  after: { mean: after, low: after, high: after },
  change: { mean: after - before, low, high },
})
const saved: SavedEffect = {
  type: 'causeway-effect',
  version: 1,
  name: 'Silence price',
  notes: `For ${attack}`,
  savedAt: '2026-11-21T00:00:00.000Z',
  run: 'csc-1',
  nodes: ['Price', 'c2', 'c3'],
  users: { kind: 'attribute', attribute: 'gender', value: 'F' },
  intervention: {
    factors: [
      [1, 0, 0],
      [1, 1, 0.5],
      [1, 1, 1],
    ],
    holds: [{ node: 1, at: { kind: 'sd', sd: 2 } }],
  },
  effect: {
    k: 10,
    users: 7,
    changedLists: 5,
    largestScoreChange: 0.4,
    noDifference: false,
    metrics: [quantity('recall@10', 0.1, 0.2, 0.05, 0.15)],
    attributes: [quantity('avp@10:price', 50, 40, -12, -8)],
    categories: [{ attribute: 'category', shares: [quantity('share@10:category=Tools', 0.5, 0.6, 0, 0.2)] }],
    coverage: quantity('coverage@10', 0.3, 0.4, 0.05, 0.15),
    jaccard: { mean: 0.8, low: 0.7, high: 0.9 },
    rankCorrelation: { mean: 0.6, low: 0.5, high: 0.7 },
    entering: [{ id: 'i1', title: `Lamp ${attack}`, attributes: {}, before: 0, after: 4 }],
    leaving: [],
    bootstrap: { resamples: 1000, level: 0.95, seed: 0 },
    seconds: 0.1,
  },
  producedBy: { causeway: '0.1.0', splitHash: 'splithash', seed: 11, backend: 'wasm' },
}

describe('a report of a run with interventions', () => {
  const identified = {
    ...method,
    identification: {
      statement: 'Up to assumptions.',
      byConstruction: ['Noise is additive.'],
      assumed: ['No hidden cause.'],
    },
  }
  const whole: ReportInput['runs'][number] = {
    ...run,
    method: identified,
    manifest: {
      ...detail.manifest,
      knowledge: {
        type: 'causeway-knowledge',
        version: 1,
        name: 'first guess',
        notes: '',
        nodes: ['c1', 'c2'],
        required: [['c1', 'c2']],
        forbidden: [],
        tiers: [['c1'], ['c2']],
      },
    },
    annotations: { ...noAnnotations, names: { c1: 'Price' }, notes: { c1: 'Dear or cheap' } },
    confidence: {
      resamples: 20,
      done: [
        {
          resample: 0,
          seed: 1,
          probabilities: [
            [0, 0.9],
            [0.1, 0],
          ],
          similarity: [0.93, 0.4],
          metrics: {},
          seconds: 1,
        },
      ],
      frequencies: [
        [0, 1],
        [0, 0],
      ],
      meanSimilarity: [0.93, 0.4],
    },
    effects: [saved],
    damaged: [{ what: 'mask', name: 'torn', reason: 'The mask "torn" cannot be used: it is not JSON.' }],
  }
  const of = (one: ReportInput['runs'][number]): ReportInput => ({ ...input, runs: [one] })
  const html = renderHtml(buildReport(of(whole)))
  const markdown = renderMarkdown(buildReport(of(whole)))

  it('says what was done, to whom, what came of it with its interval, and what the quantities mean', () => {
    expect(html).toContain('<h3>Silence price</h3>')
    expect(markdown).toContain('### Silence price')
    for (const text of [
      'Price acts on nothing',
      'c2 held at',
      'users with gender = F',
      '5 of 7',
      '1000 resamples',
      'seed 0',
      'recall@10 label',
      'recall@10 means this.',
      'Share of category = share@10:category=Tools label',
      '−10.0000',
      '−12.0000 to −8.0000',
      'Up to assumptions.',
      'Noise is additive.',
      'No hidden cause.',
    ]) {
      expect(html).toContain(text)
      expect(markdown).toContain(text)
    }
    // The mask as a table: row, then factors, none on the diagonal.
    expect(markdown).toContain('| c2 | 1 |  | 0.5 |')
  })

  it('has names, notes, knowledge and how often each edge was found', () => {
    expect(markdown).toContain('| Price |')
    expect(markdown).toContain('Dear or cheap')
    expect(markdown).toMatch(/\| Price \| .* \| 0.900 \| 100 % \|/)
    expect(markdown).toContain('1 trainings on users drawn')
    expect(markdown).toContain('20 were asked for')
    expect(markdown).toContain('first guess')
    expect(markdown).toContain('c1 → c2')
  })

  it('names what was saved but cannot be read', () => {
    expect(markdown).toContain('The mask "torn" is left out.')
  })

  it('defines how alike lists are, and a value held by standard deviations', () => {
    expect(markdown).toMatch(/\| Jaccard similarity of the lists \| jaccard \| .*divided by/)
    expect(markdown).toMatch(/\| Rank correlation of the lists \| rankCorrelation \| .*Kendall/)
    expect(markdown).toMatch(/\| Held at n sd \| sd \| .*standard deviations/)
    const masked = { ...saved, intervention: { ...saved.intervention, holds: [] } }
    expect(renderMarkdown(buildReport(of({ ...whole, effects: [masked] })))).not.toContain('Held at n sd')
  })

  it('gives a deviation the decimals of its mean, and groups the digits of counts', () => {
    expect(decimals(215.7832, 215.7832)).toBe('215.78')
    expect(decimals(3.2136, 215.7832)).toBe('3.21')
    expect(decimals(0.0041, 0.1499)).toBe('0.0041')
    expect(count(100_000)).toBe('100,000')
  })

  it('shows no figure as zero that is not', () => {
    const metrics = [quantity('small', 0.5, 0.50002, -0.0000123, 1e-17)]
    const small = { ...saved, effect: { ...saved.effect, metrics } }
    expect(renderMarkdown(buildReport(of({ ...whole, effects: [small] })))).toContain(
      '| small label | 7 | 0.5000 | 0.5000 | +0.000020 | −0.000012 to 0.0000 |',
    )
  })

  it('without a saved result has no such section', () => {
    expect(renderMarkdown(buildReport(input))).not.toContain('## Interventions')
  })
})

describe('a report of a run whose data set is gone', () => {
  it('says so instead of describing other data, and has all the rest', () => {
    const titles = (card: DatasetCard | null) =>
      buildReport({ ...input, data: [{ ...data, card }] }).sections.map(({ title }) => title)
    expect(titles(null)).toEqual(titles(card))
    const markdown = renderMarkdown(buildReport({ ...input, data: [{ ...data, card: null }] }))
    expect(markdown).toContain('is no longer in the workspace')
    expect(markdown).toContain(detail.manifest.producedBy.datasetHash)
    expect(markdown).not.toContain('Users after the recipe')
  })
})

describe('a report of very many runs', () => {
  const names = Array.from({ length: 60 }, (_, at) => `avp:attribute${at}@10`)
  const many = Array.from({ length: 200 }, (_, at): ReportInput['runs'][number] => ({
    ...run,
    manifest: {
      ...detail.manifest,
      id: `csc-${at}`,
      seed: at % 5,
      params: { k: 2 + Math.floor(at / 5), mode: 'g+l' },
      metrics: Object.fromEntries(names.map((name, index) => [name, Math.sin(at + index)])),
    },
    points: Array.from({ length: 5000 }, (_, epoch) => ({
      epoch: epoch + 1,
      seconds: 1,
      // One epoch sticks out: it may not be lost.
      values: { loss: epoch === 3210 ? 777 : Math.sin(epoch / 40 + at), 'ndcg@10': Math.cos(epoch / 90 + at) },
    })),
  }))
  const subject = { kind: 'comparison', comparison: { runs: many.map((one) => one.manifest.id), metrics: ['ndcg@10'] } }
  const report = buildReport({ ...input, options: options({ subject }), runs: many })
  const html = renderHtml(report)

  it('stays below 5 MB, says what it thinned, and keeps the extremes and every run to train again', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(mostBytes)
    expect(html).toMatch(/Showing \d+ of 30000 points; each stretch keeps its lowest and its highest\./)
    expect(html).toContain('highest 777')
    expect(bundleIn(html).runs).toHaveLength(200)
    expect(html).toContain('Curves of the first 24 of 40 groups of runs.')
  })

  it('folds its long tables', () => {
    expect(html).toMatch(/<details class="long"><summary>The trainings: 200 rows<\/summary>/)
  })

  it('cuts a table that is too long for any file, and says so', () => {
    const rows = Array.from({ length: 60_000 }, (_, at) => [`row ${at}`, 'words '.repeat(20)])
    const section = {
      id: 'data' as const,
      title: 'Data',
      blocks: [{ kind: 'table' as const, caption: 'Long', head: ['a', 'b'], rows }],
    }
    const cut = renderHtml({ ...report, sections: [section], bundle: null })
    expect(Buffer.byteLength(cut)).toBeLessThan(mostBytes)
    expect(cut).toContain('Long (showing 2000 of 60000 rows)')
  })

  it('is refused where even that does not help', () => {
    const items = Array.from({ length: 60_000 }, () => 'words '.repeat(20))
    const section = { id: 'data' as const, title: 'Data', blocks: [{ kind: 'list' as const, items }] }
    expect(() => renderHtml({ ...report, sections: [section], bundle: null })).toThrow(/choose fewer runs or sections/)
  })
})

describe('the curve of a group', () => {
  it('is the mean over the seeds that reached the epoch, with a sample standard deviation to either side', () => {
    const points = (values: number[]) =>
      values.map((value, at) => ({ epoch: at + 1, seconds: 1, values: { loss: value } }))
    const group = {
      label: 'g',
      runs: [
        { ...run, points: points([1, 2, 9]) },
        { ...run, points: points([3, 2]) },
      ],
    }
    expect(meanOverSeeds(group, 'loss')).toEqual({
      label: 'g',
      points: [
        [1, 2],
        [2, 2],
        [3, 9],
      ],
      // sd of 1 and 3 is the root of 2.
      band: [
        [2 - Math.SQRT2, 2 + Math.SQRT2],
        [2, 2],
        [9, 9],
      ],
    })
  })
})

describe('ticks', () => {
  it('are round and within the range', () => {
    expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10])
    expect(ticks(0.1, 0.3, 4).map((tick) => tick.toFixed(2))).toEqual(['0.10', '0.15', '0.20', '0.25', '0.30'])
  })
})
