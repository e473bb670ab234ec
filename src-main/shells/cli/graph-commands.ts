import { Option } from 'commander'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { Knowledge } from '../../../src-shared/domain/knowledge'
import {
  exportKnowledge,
  knowledgeFormats,
  type KnowledgeFormatId,
} from '../../../src-shared/graph/formats/knowledge-formats'
import {
  exportMask,
  lostByExport,
  maskFormats,
  type MaskFormatId,
} from '../../../src-shared/graph/formats/mask-formats'
import { analyzeDomainGraph } from '../../../src-shared/graph/dag/analyze'
import { parseDagitty } from '../../../src-shared/graph/dag/dagitty'
import type { CommandContext } from './context'
import * as describe from './describe-effects'
import { nodeNames, noteDamaged } from './intervene-commands'
import { namesFile, shownNames } from './intervention-options'
import { integerIn } from './integer-option'
import { formatOf, readKnowledgeFile, readMaskFile } from './mask-files'
import type { Session } from './session'
import { readText, writeText } from './text-files'

/** Masks of a run, knowledge for trainings, graphs that the analyst draws: kept by name, exported and imported. */
export function addGraphCommands(context: CommandContext): void {
  addMaskCommands(context)
  addKnowledgeCommands(context)
  addDomainCommands(context)
}

const pick = <T>(list: T[], nameOf: (value: T) => string, name: string, what: string): T => {
  const found = list.find((value) => nameOf(value) === name)
  if (found !== undefined) return found
  const known = list.map(nameOf)
  throw new CausewayError(
    'notFound',
    `There is no ${what} named ${JSON.stringify(name)}. There are: ${known.join(', ') || 'none'}.`,
    { name, known },
  )
}

function addMaskCommands({ program, output, session }: CommandContext): void {
  const masks = program.command('masks').description('masks saved with a run')
  masks
    .command('list')
    .description('all masks of a run')
    .argument('<run>')
    .action((run: string) =>
      session('read', async (opened) => {
        const list = await opened.request('masks:list', { run })
        const names = await nodeNames(opened, run)
        await noteDamaged(opened, run)
        output.result(list, () => describe.describeMasks(list, shownNames(names)))
      }),
    )
  masks
    .command('export')
    .description('write a mask to a file; its ending says in which format')
    .argument('<run>')
    .argument('<mask>')
    .requiredOption('--out <file>', 'file to write')
    .addOption(
      new Option('--format <id>', 'format (default: what the ending says)').choices(maskFormats.map(({ id }) => id)),
    )
    .action((run: string, name: string, { out, format = formatOf(out) }: { out: string; format?: MaskFormatId }) =>
      session('read', async (opened) => {
        const { mask } = pick(await opened.request('masks:list', { run }), (saved) => saved.mask.name, name, 'mask')
        const file = writeText(out, exportMask(mask, format))
        const lost = lostByExport(mask, format)
        if (lost.length > 0) output.note(`The format does not hold: ${lost.join(' ')}`)
        output.result({ run, mask: name, file, format, lost }, () => file)
      }),
    )
  masks
    .command('formats')
    .description('the formats that masks are written in and read from, and what each loses')
    .action(() =>
      output.result(maskFormats, () =>
        maskFormats
          .map(({ id, label, keeps, loses }) => `${id}: ${label}\n  Keeps: ${keeps}\n  Loses: ${loses}`)
          .join('\n'),
      ),
    )
  masks
    .command('import')
    .description('save the mask of a file with a run')
    .argument('<run>')
    .argument('<file>')
    .option('--name <name>', 'name to save it under (default: the name in the file)')
    .option('--replace', 'replace a mask of this name', false)
    .action((run: string, file: string, { name, replace }: { name?: string; replace: boolean }) =>
      session('write', async (opened) => {
        const { nodes } = await nodeNames(opened, run)
        const read = readMaskFile(file, nodes, output)
        const mask = name === undefined ? read : { ...read, name }
        const saved = await opened.request('masks:save', { run, mask, replace })
        output.result(saved, () => `Saved the mask "${saved.mask.name}" with ${run}.`)
      }),
    )
  masks
    .command('remove')
    .description('delete a mask')
    .argument('<run>')
    .argument('<mask>')
    .action((run: string, mask: string) =>
      session('write', async (opened) => {
        await opened.request('masks:remove', { run, mask })
        output.result({ run, removed: mask }, () => `Removed ${mask}.`)
      }),
    )
}

/** Knowledge by file or by the name it was saved under. @throws CausewayError `notFound`, `badRequest` */
export async function findKnowledge(opened: Session, given: string): Promise<Knowledge> {
  if (namesFile(given)) return readKnowledgeFile(given, undefined, opened.output)
  return pick(await opened.request('knowledge:list', {}), ({ name }) => name, given, 'knowledge')
}

function addKnowledgeCommands({ program, output, session }: CommandContext): void {
  const knowledge = program
    .command('knowledge')
    .description('required and forbidden edges and tiers, for trainings to honour')
  knowledge
    .command('list')
    .description('all knowledge of the workspace')
    .action(() =>
      session('read', async (opened) => {
        const list = await opened.request('knowledge:list', {})
        await noteDamaged(opened, null)
        output.result(list, () => describe.describeKnowledge(list))
      }),
    )
  knowledge
    .command('import')
    .description('save the knowledge of a file')
    .argument('<file>')
    .option('--name <name>', 'name to save it under (default: the name in the file)')
    .option('--nodes <k>', 'how many confounders it is about, where the file does not say', integerIn(1, 256))
    .option('--replace', 'replace knowledge of this name', false)
    .action((file: string, { name, nodes, replace }: { name?: string; nodes?: number; replace: boolean }) =>
      session('write', async (opened) => {
        const read = readKnowledgeFile(file, nodes, output)
        const saved = await opened.request('knowledge:save', {
          knowledge: name === undefined ? read : { ...read, name },
          replace,
        })
        output.result(saved, () => `Saved the knowledge "${saved.name}".`)
      }),
    )
  knowledge
    .command('export')
    .description('write knowledge to a file')
    .argument('<name>')
    .requiredOption('--out <file>', 'file to write')
    .addOption(new Option('--format <id>', 'format').choices(knowledgeFormats.map(({ id }) => id)).default('json'))
    .action((name: string, { out, format }: { out: string; format: KnowledgeFormatId }) =>
      session('read', async (opened) => {
        const found = pick(await opened.request('knowledge:list', {}), (known) => known.name, name, 'knowledge')
        const file = writeText(out, exportKnowledge(found, format))
        output.result({ knowledge: name, file, format }, () => file)
      }),
    )
  knowledge
    .command('remove')
    .description('delete knowledge; runs trained with it keep theirs')
    .argument('<name>')
    .action((name: string) =>
      session('write', async (opened) => {
        await opened.request('knowledge:remove', { knowledge: name })
        output.result({ removed: name }, () => `Removed ${name}.`)
      }),
    )
}

function addDomainCommands({ program, output, session }: CommandContext): void {
  const domain = program.command('domain').description('causal graphs that you draw, as DAGitty text')
  const saved = async (opened: Session, name: string) =>
    pick(await opened.request('domain:list', {}), (graph) => graph.name, name, 'domain graph')

  domain
    .command('check')
    .description(
      'what a drawn graph says: paths, adjustment sets, instruments, testable implications, methods that fit',
    )
    .argument('<file or name>')
    .action((given: string) =>
      session('read', async (opened) => {
        const text = namesFile(given) ? readText(given) : (await saved(opened, given)).text
        const methods = await opened.request('train:methods', {})
        const answers = analyzeDomainGraph(parseDagitty(text), { available: methods.map(({ id }) => id) })
        output.result(answers, () => describe.describeDomain(answers))
      }),
    )
  domain
    .command('list')
    .description('all domain graphs of the workspace')
    .action(() =>
      session('read', async (opened) => {
        const list = await opened.request('domain:list', {})
        await noteDamaged(opened, null)
        output.result(list, () => describe.describeDomainGraphs(list))
      }),
    )
  domain
    .command('save')
    .description('keep a file of DAGitty text in the workspace')
    .argument('<file>')
    .requiredOption('--name <name>', 'name to save it under')
    .option('--replace', 'replace a domain graph of this name', false)
    .action((file: string, { name, replace }: { name: string; replace: boolean }) => {
      const text = readText(file)
      parseDagitty(text)
      return session('write', async (opened) => {
        const graph = await opened.request('domain:save', { name, text, replace })
        output.result(graph, () => `Saved the domain graph "${graph.name}".`)
      })
    })
  domain
    .command('export')
    .description('write a domain graph to a file')
    .argument('<name>')
    .requiredOption('--out <file>', 'file to write')
    .action((name: string, { out }: { out: string }) =>
      session('read', async (opened) => {
        const file = writeText(out, (await saved(opened, name)).text)
        output.result({ graph: name, file }, () => file)
      }),
    )
  domain
    .command('remove')
    .description('delete a domain graph')
    .argument('<name>')
    .action((name: string) =>
      session('write', async (opened) => {
        await opened.request('domain:remove', { name })
        output.result({ removed: name }, () => `Removed ${name}.`)
      }),
    )
}
