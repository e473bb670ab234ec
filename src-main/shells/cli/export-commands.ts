import { mkdirSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import { zipSync } from 'fflate'
import { CausewayError } from '../../../src-shared/contract/errors'
import {
  modelFormats,
  tableFormats,
  type ExportedFile,
  type ModelFormat,
  type TableFormat,
} from '../../../src-shared/domain/exported'
import {
  defaultGraphThreshold,
  exportGraph,
  graphFormats,
  type GraphFormatId,
} from '../../../src-shared/graph/formats/graph-formats'
import { writeFileAtomic, writing } from '../../storage/atomic'
import { ask } from './ask'
import type { CommandContext } from './context'
import { bytes } from './format'
import { integerIn } from './integer-option'
import { findMask, nodeNames } from './intervene-commands'
import { formatOf } from './mask-files'
import type { Session } from './session'
import { outputFile, writeText } from './text-files'

const maskOption = (): Option => new Option('--mask <file or name>', 'a mask in a file, or one saved with the run')

/** Models, lists of all users and learned graphs, for other programs. */
export function addExportCommands({ program, output, session }: CommandContext): void {
  const exported = program.command('export').description('models, lists of all users and graphs for other programs')

  exported
    .command('model')
    .description('the model of a run with its card and its items in the order of the columns')
    .argument('<run>')
    .addOption(new Option('--format <id>', 'format (default: what the ending says)').choices([...modelFormats]))
    .requiredOption(
      '--out <folder or file>',
      'a folder, a .zip of it, or a file .onnx or .safetensors with the rest beside it',
    )
    .addOption(maskOption())
    .action(
      (
        run: string,
        { out, mask, format = modelFormatOf(out) }: { out: string; mask?: string; format?: ModelFormat },
      ) => {
        requireEnding(out, format)
        return session('read', async (opened) => {
          const factors = await factorsOf(opened, run, mask)
          const files = await opened.request('export:model', { run, format, mask: factors })
          const written = writeModel(out, files)
          output.result({ run, format, mask: factors, files: written }, () =>
            written.map(({ file, sizeBytes }) => `${file}  ${bytes(sizeBytes)}`).join('\n'),
          )
        })
      },
    )

  exported
    .command('lists')
    .description('the best items of every user of the split, with the ids of the data')
    .argument('<run>')
    .addOption(new Option('--format <id>', 'format (default: what the ending says)').choices([...tableFormats]))
    .option('--k <n>', 'items for each user', integerIn(1, 1000), 10)
    .requiredOption('--out <file>', 'file to write')
    .addOption(maskOption())
    .action(
      (
        run: string,
        { out, mask, k, format = tableFormatOf(out) }: { out: string; mask?: string; k: number; format?: TableFormat },
      ) =>
        session('read', async (opened) => {
          const file = outputFile(out)
          const factors = await factorsOf(opened, run, mask)
          const lists = await ask(opened, (task) =>
            opened.request('export:topK', { run, format, k, mask: factors, task }),
          )
          writeFileAtomic(file, lists.bytes)
          const sizeBytes = lists.bytes.length
          output.result({ run, format, k, mask: factors, users: lists.users, file, sizeBytes }, () => file)
        }),
    )

  exported
    .command('graph')
    .description('the learned graph of a run, under a mask where one is given')
    .argument('<run>')
    .addOption(
      new Option('--format <id>', 'format (default: what the ending says)').choices(graphFormats.map(({ id }) => id)),
    )
    .requiredOption('--out <file>', 'file to write')
    .option(
      '--threshold <p>',
      'least probability, under the mask, of an edge that is written; the JSON has all',
      probability,
      defaultGraphThreshold,
    )
    .addOption(maskOption())
    .action((run: string, given: { out: string; mask?: string; threshold: number; format?: GraphFormatId }) => {
      const { out, threshold, format = formatOf(out) } = given
      return session('read', async (opened) => {
        const graph = await opened.request('graph:global', { run })
        const { names } = await opened.request('graph:annotations', { run })
        const mask = await factorsOf(opened, run, given.mask)
        const { text, notes } = exportGraph({ run, graph, names, mask, threshold }, format)
        const file = writeText(out, text)
        for (const note of notes) output.note(note)
        output.result({ run, format, mask, file, notes }, () => file)
      })
    })
}

/** The factors of the mask that an option names; null where none is given. */
async function factorsOf(opened: Session, run: string, given: string | undefined): Promise<number[][] | null> {
  if (given === undefined) return null
  const { nodes } = await nodeNames(opened, run)
  return (await findMask(opened, run, nodes, given)).factors
}

function probability(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('Allowed: a number in 0..1.')
}

const endingOf = (path: string): string => extname(path).toLowerCase()

const noEnding = (path: string, endings: string[]): CausewayError =>
  new CausewayError(
    'badRequest',
    `The ending of ${JSON.stringify(basename(path))} does not say in which format: give --format, or one of ${endings.join(', ')}.`,
    { file: path },
  )

function modelFormatOf(out: string): ModelFormat {
  const format = ({ '.onnx': 'onnx', '.safetensors': 'safetensors' } as const)[endingOf(out)]
  if (format) return format
  throw noEnding(out, ['.onnx', '.safetensors'])
}

function tableFormatOf(out: string): TableFormat {
  const format = ({ '.csv': 'csv', '.parquet': 'parquet' } as const)[endingOf(out)]
  if (format) return format
  throw noEnding(out, ['.csv', '.parquet'])
}

/** @throws CausewayError `badRequest` for a file whose ending says another format than was asked for */
function requireEnding(out: string, format: ModelFormat): void {
  const ending = endingOf(out)
  if ((ending === '.onnx' || ending === '.safetensors') && ending !== `.${format}`)
    throw new CausewayError('badRequest', `A model in the format ${format} cannot be written as ${ending}.`, { out })
}

interface WrittenFile {
  file: string
  sizeBytes: number
}

/** Writes the files of a model into a folder, into a .zip, or under a file's own name with the others beside it. */
function writeModel(out: string, files: ExportedFile[]): WrittenFile[] {
  const target = resolve(out)
  const ending = endingOf(out)
  const write = (file: string, data: Uint8Array): WrittenFile => {
    writeFileAtomic(file, data)
    return { file, sizeBytes: data.length }
  }
  if (ending === '.zip') {
    outputFile(out)
    return [write(target, zipSync(Object.fromEntries(files.map(({ name, bytes }) => [name, bytes]))))]
  }
  if (ending === '.onnx' || ending === '.safetensors') {
    outputFile(out)
    const stem = join(dirname(target), basename(target, extname(target)))
    return files.map(({ name, bytes }) => write(endingOf(name) === ending ? target : `${stem}.${name}`, bytes))
  }
  writing(target, () => mkdirSync(target, { recursive: true }))
  return files.map(({ name, bytes }) => write(join(target, name), bytes))
}
