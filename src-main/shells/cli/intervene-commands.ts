import type { Command } from 'commander'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { Intervention, SegmentEffect, UserSelection } from '../../../src-shared/domain/intervention'
import type { Mask } from '../../../src-shared/domain/mask'
import type { RunManifest } from '../../../src-shared/domain/run'
import { ask } from './ask'
import { collect, type CommandContext } from './context'
import * as describe from './describe-effects'
import { integerIn } from './integer-option'
import {
  changesNothing,
  namesFile,
  nodeIndex,
  readIntervention,
  readUsers,
  shownNames,
  type InterventionOptions,
  type NodeNames,
} from './intervention-options'
import { readMaskFile } from './mask-files'
import { exitCodes } from './output'
import type { Session } from './session'

const withIntervention = (command: Command): Command =>
  command
    .option('--mask <file or name>', 'a mask in a file, or one saved with the run')
    .option('--zero-row <node>', 'remove all edges out of a node: do(c); may be repeated', collect, [])
    .option('--zero-column <node>', 'remove all edges into a node; may be repeated', collect, [])
    .option('--remove-edge <from->to>', 'remove one edge, as "c1->c2"; may be repeated', collect, [])
    .option(
      '--hold <node=value>',
      'hold a node at +1.5sd, user:ID, mean:all or mean:ATTRIBUTE=VALUE; may be repeated',
      collect,
      [],
    )

interface DoOptions extends InterventionOptions {
  users: string
  k: number
  save?: string
  notes?: string
  replace: boolean
  eachRow: boolean
}

export async function nodeNames(opened: Session, run: string): Promise<NodeNames> {
  const { nodes } = await opened.request('graph:global', { run })
  return { nodes, annotations: await opened.request('graph:annotations', { run }) }
}

/** The mask of a file, or the one saved with the run under this name. */
export async function findMask(opened: Session, run: string, nodes: string[], given: string): Promise<Mask> {
  if (namesFile(given)) return readMaskFile(given, nodes, opened.output)
  const masks = await opened.request('masks:list', { run })
  const found = masks.find(({ mask }) => mask.name === given)
  if (found) return found.mask
  const known = masks.map(({ mask }) => mask.name)
  throw new CausewayError(
    'notFound',
    `${JSON.stringify(given)} is neither a file nor a mask saved with the run. Saved: ${known.join(', ') || 'none'}.`,
    { mask: given, saved: known },
  )
}

/** The intervention of the options. */
async function interventionOf(
  opened: Session,
  run: string,
  given: InterventionOptions,
  names: NodeNames,
): Promise<Intervention> {
  const mask = given.mask === undefined ? null : await findMask(opened, run, names.nodes, given.mask)
  return readIntervention(given, names, mask)
}

/** An effect as a document: quantities by id. */
function effectDocument(
  manifest: RunManifest,
  asked: { users: UserSelection; intervention: Intervention },
  effect: SegmentEffect,
  names: NodeNames,
) {
  const quantities = describe.quantitiesOf(effect)
  const by = <T>(value: (quantity: (typeof quantities)[number]) => T): Record<string, T> =>
    Object.fromEntries(quantities.map((quantity) => [quantity.id, value(quantity)]))
  return {
    run: manifest.id,
    users: effect.users,
    selection: asked.users,
    k: effect.k,
    baseline: by(({ before }) => before.mean),
    intervened: by(({ after }) => after.mean),
    change: by(({ change }) => change),
    usersOf: by(({ users }) => users),
    changedLists: effect.changedLists,
    largestScoreChange: effect.largestScoreChange,
    noDifference: effect.noDifference,
    jaccard: effect.jaccard,
    rankCorrelation: effect.rankCorrelation,
    entering: effect.entering,
    leaving: effect.leaving,
    nodes: names.nodes,
    mask: asked.intervention.factors,
    holds: asked.intervention.holds,
    words: describe.changesOf(asked.intervention, shownNames(names)),
    metricDefinitions: by(({ help }) => help),
    bootstrap: effect.bootstrap,
    seed: manifest.seed,
    backend: manifest.backend,
    producedBy: manifest.producedBy,
    seconds: effect.seconds,
  }
}

/** Interventions on a learned graph and what they do. */
export function addInterveneCommands(context: CommandContext): Command {
  const { program, output, session, finish, exit } = context

  withIntervention(
    program
      .command('do')
      .description('what an intervention does to the lists: recall, NDCG, item attributes, coverage, with intervals')
      .argument('<run>'),
  )
    .option(
      '--users <who>',
      'all, ID,ID, user:ID (an id with any signs), ATTRIBUTE=VALUE, ATTRIBUTE>=N or activity>=N (causeway segments shows what there is)',
      'all',
    )
    .option('--k <n>', 'length of the lists', integerIn(1, 1000), 10)
    .option('--save <name>', 'keep the result with the run; it goes into the report')
    .option('--notes <text>', 'notes for the saved result')
    .option('--replace', 'replace a saved result of this name', false)
    .option('--each-row', 'one row a confounder: do(c) for each, nothing else', false)
    .action((run: string, given: DoOptions) => {
      const users = readUsers(given.users)
      if (given.eachRow) return eachRow(run, users, given)
      if (changesNothing(given)) {
        throw new CausewayError(
          'badRequest',
          'Say what to change: --mask, --zero-row, --zero-column, --remove-edge, --hold, or --each-row.',
        )
      }
      return session(given.save === undefined ? 'read' : 'write', async (opened) => {
        const names = await nodeNames(opened, run)
        const intervention = await interventionOf(opened, run, given, names)
        const question = { run, users, k: given.k, intervention }
        const effect = await ask(opened, async (task) => {
          if (given.save === undefined) return opened.request('intervene:segment', { ...question, task })
          const { save: name, notes, replace } = given
          return (await opened.request('intervene:save', { ...question, name, notes, replace, task })).effect
        })
        const { manifest } = await opened.request('runs:get', { run })
        output.result(effectDocument(manifest, question, effect, names), () =>
          describe.describeEffect(effect, question, shownNames(names)),
        )
      })
    })

  function eachRow(run: string, users: UserSelection, given: DoOptions): Promise<void> {
    if (!changesNothing(given) || given.save !== undefined) {
      throw new CausewayError(
        'badRequest',
        '--each-row takes no other change and saves nothing: it tries one row at a time.',
      )
    }
    return session('read', async (opened) => {
      const names = await nodeNames(opened, run)
      const effects = await ask(opened, (task) =>
        opened.request('intervene:perConfounder', { run, users, k: given.k, task }),
      )
      const { manifest } = await opened.request('runs:get', { run })
      const shown = shownNames(names)
      const rows = effects.rows.map(({ node, effect }) => {
        const factors = names.nodes.map((_, i) => names.nodes.map((__, j) => (i === node && j !== node ? 0 : 1)))
        const asked = { users, intervention: { factors, holds: [] } }
        return { node: names.nodes[node]!, name: shown[node]!, ...effectDocument(manifest, asked, effect, names) }
      })
      output.result({ run, users: effects.users, selection: users, k: effects.k, rows }, () =>
        describe.describePerConfounder(effects, shown),
      )
    })
  }

  withIntervention(
    program
      .command('paths')
      .description('how much of the score of an item comes through each confounder and each edge')
      .argument('<run>')
      .requiredOption('--user <id>', 'id of the user, as in the data')
      .requiredOption('--item <id>', 'id of the item, as in the data'),
  ).action((run: string, { user, item, ...given }: InterventionOptions & { user: string; item: string }) =>
    session('read', async (opened) => {
      const names = await nodeNames(opened, run)
      const intervention = await interventionOf(opened, run, given, names)
      const paths = await opened.request('intervene:paths', { run, user, item, intervention })
      output.result({ run, nodes: names.nodes, ...paths }, () => describe.describePaths(paths, shownNames(names)))
    }),
  )

  program
    .command('segments')
    .description('what users of a run can be chosen by')
    .argument('<run>')
    .action((run: string) =>
      session('read', async (opened) => {
        const choices = await opened.request('intervene:segments', { run })
        output.result({ run, ...choices }, () => describe.describeSegments(choices))
      }),
    )

  program
    .command('confounders')
    .description(
      'what each confounder does: items it moves, attributes it goes along with, a name that suggests itself',
    )
    .argument('<run>')
    .option(
      '--rename <node=name>',
      'name a node, or with nothing after = take its name away; may be repeated',
      collect,
      [],
    )
    .option('--note <node=text>', 'note on a node; may be repeated', collect, [])
    .action((run: string, { rename, note }: { rename: string[]; note: string[] }) =>
      session(rename.length + note.length > 0 ? 'write' : 'read', async (opened) => {
        await annotate(opened, run, rename, note)
        const names = await nodeNames(opened, run)
        const profiles = await ask(opened, (task) => opened.request('intervene:profiles', { run, task }))
        const { annotations, nodes } = names
        output.result({ run, nodes, names: annotations.names, notes: annotations.notes, profiles }, () =>
          describe.describeProfiles(
            profiles,
            nodes.map((node) =>
              annotations.names[node] === undefined ? node : `${node} (${annotations.names[node]})`,
            ),
            nodes.map((node) => annotations.notes[node]),
          ),
        )
      }),
    )

  async function annotate(opened: Session, run: string, rename: string[], note: string[]): Promise<void> {
    if (rename.length + note.length === 0) return
    const names = await nodeNames(opened, run)
    const change = (texts: Record<string, string>, pairs: string[], option: string): Record<string, string> => {
      const changed = { ...texts }
      for (const pair of pairs) {
        const at = pair.indexOf('=')
        if (at < 1)
          throw new CausewayError('badRequest', `${option} takes NODE=TEXT, not ${JSON.stringify(pair)}.`, { pair })
        const node = names.nodes[nodeIndex(pair.slice(0, at), names)]!
        const text = pair.slice(at + 1).trim()
        if (text === '') delete changed[node]
        else changed[node] = text
      }
      return changed
    }
    await opened.request('graph:annotate', {
      run,
      annotations: {
        ...names.annotations,
        names: change(names.annotations.names, rename, '--rename'),
        notes: change(names.annotations.notes, note, '--note'),
      },
    })
  }

  program
    .command('bootstrap')
    .description(
      'train on resampled users to see how often each edge of the graph is found; goes on where it was stopped',
    )
    .argument('<run>')
    .option('--resamples <n>', 'how many in all (default: as many as asked for before, else 20)', integerIn(2, 1000))
    .action((run: string, { resamples }: { resamples?: number }) =>
      session('write', async (opened) => {
        const names = await nodeNames(opened, run)
        const job = await opened.request('runs:bootstrap', { run, resamples })
        const ended = await finish(opened, job)
        const confidence = (await opened.request('graph:confidence', { run }))!
        if (ended.state !== 'completed') {
          output.note(`Go on with: causeway bootstrap ${run}`)
          exit(exitCodes.interrupted)
        }
        output.result({ run, state: ended.state, nodes: names.nodes, ...confidence }, () =>
          describe.describeConfidence(confidence, shownNames(names)),
        )
      }),
    )

  const effects = program
    .command('effects')
    .description('what exposing items does, and results of interventions that were saved with a run')
  effects
    .command('list')
    .description('all saved results of a run')
    .argument('<run>')
    .action((run: string) =>
      session('read', async (opened) => {
        const saved = await opened.request('intervene:saved', { run })
        await noteDamaged(opened, run)
        output.result(saved, () => describe.describeSavedEffects(saved))
      }),
    )
  effects
    .command('remove')
    .description('delete a saved result')
    .argument('<run>')
    .argument('<name>')
    .action((run: string, name: string) =>
      session('write', async (opened) => {
        await opened.request('intervene:removeSaved', { run, name })
        output.result({ run, removed: name }, () => `Removed ${name}.`)
      }),
    )
  return effects
}

/** Says of each file that cannot be read which it is and why. */
export async function noteDamaged({ request, output }: Session, run: string | null): Promise<void> {
  for (const { what, name, reason } of await request('saved:damaged', { run }))
    output.note(`warning: ${what} "${name}" is left out. ${reason}`)
}
