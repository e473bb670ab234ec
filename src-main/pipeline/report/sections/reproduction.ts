import { recipeSchema } from '../../../../src-shared/domain/dataset'
import type { MethodInfo } from '../../../../src-shared/domain/method'
import type { RunManifest } from '../../../../src-shared/domain/run'
import type { ParamSchema, ParamValues } from '../../../../src-shared/params/params'
import type { ReportInput } from '../report-input'
import type { Block, Cell } from '../report-document'
import { facts, plural } from '../words'

/** How to do it all again, and how to tell that it came out the same. */
export function reproductionSection({ runs, name, experiment, causeway }: ReportInput): Block[] {
  const manifests = runs.map(({ manifest }) => manifest)
  return [
    {
      kind: 'text',
      text: `The HTML and the Markdown file of this report carry what it takes to train ${runs.length === 1 ? 'the run' : `the ${plural(runs.length, 'run')}`} again. In a workspace that has the data, one command does it, compares every hash and metric with what is recorded here, and says what differs:`,
    },
    { kind: 'code', text: `causeway reproduce ${quoted(`${name}.html`)}`, language: 'sh' },
    {
      kind: 'text',
      text: 'Numbers repeat to the bit on the same backend; on another they may differ in the last digits. The data are not in the file: they are known by their hash.',
    },
    hashTable(manifests),
    ...environmentBlocks(manifests, causeway),
    {
      kind: 'heading',
      text: runs.length === 1 ? 'The training by itself' : 'The trainings by themselves',
    },
    {
      kind: 'code',
      text: runs.map(({ manifest, method }) => trainCommand(manifest, method)).join('\n'),
      language: 'sh',
    },
    ...(experiment === null
      ? []
      : ([
          { kind: 'heading', text: 'The experiment' },
          {
            kind: 'text',
            text: `The bundle holds the trainings that are compared. To repeat the search too, keep this as a file and run causeway experiment with it:`,
          },
          { kind: 'code', text: experiment.text, language: 'yaml' },
        ] satisfies Block[])),
  ]
}

function hashTable(manifests: RunManifest[]): Block {
  return {
    kind: 'table',
    caption: 'Hashes: SHA-256 of the data, the weights and the evaluation; the hash of the split',
    head: ['Run', 'Seed', 'Data', 'Split', 'Weights', 'Evaluation'],
    rows: manifests.map(({ id, seed, producedBy, weightsHash, evaluation }) => [
      id,
      seed,
      producedBy.datasetHash,
      producedBy.splitHash ?? 'not recorded',
      weightsHash ?? 'not recorded',
      evaluation?.hash ?? 'not recorded',
    ]),
    folded: manifests.length > 10,
  }
}

function environmentBlocks(manifests: RunManifest[], causeway: string): Block[] {
  const distinct = (value: (manifest: RunManifest) => Cell): string =>
    [...new Set(manifests.map(value))].map((one) => (one === '' ? 'not recorded' : String(one))).join(', ')
  return [
    facts('What it was made with', [
      ['Causeway', distinct(({ producedBy }) => producedBy.causeway)],
      ['Report made with Causeway', causeway],
      ['Platform', distinct(({ producedBy }) => producedBy.platform)],
      ['Node', distinct(({ producedBy }) => producedBy.node)],
      ['Backend', distinct(({ backend }) => backend)],
      ['Threads', distinct(({ threads }) => threads)],
      ['Seeds', distinct(({ seed }) => seed)],
    ]),
  ]
}

/** The command that trains the same run, with every value that differs from its default. */
export function trainCommand(manifest: RunManifest, method: MethodInfo): string {
  const set = (prefix: string, schema: ParamSchema, values: ParamValues): string[] =>
    schema
      .filter((spec) => values[spec.key] !== undefined && values[spec.key] !== spec.default)
      .map((spec) => `--set ${prefix}${spec.key}=${quoted(String(values[spec.key]))}`)
  return [
    'causeway train',
    manifest.method,
    `--data ${quoted(manifest.dataset)}`,
    `--backend ${manifest.backend}`,
    `--seed ${manifest.seed}`,
    ...(manifest.knowledge ? [`--knowledge ${quoted(manifest.knowledge.name)}`] : []),
    ...set('', method.params, manifest.params),
    ...set('data.', recipeSchema, manifest.recipe),
  ].join(' ')
}

const quoted = (text: string): string => (/^[\w.+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
