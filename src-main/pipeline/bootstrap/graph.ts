import { CausewayError } from '../../../src-shared/contract/errors'
import { resampleSchema } from '../../../src-shared/domain/graph'
import { takeRows } from '../../../src-shared/domain/split'
import { bestAssignment } from '../../../src-shared/graph/bootstrap'
import { permute } from '../../../src-shared/graph/matching'
import type { RunOnDisk } from '../../jobs/trainer-contract'
import type { EdgeKnowledge, FittedModel, StopSignal } from '../../methods/method'
import { evaluate } from '../evaluate/evaluate'
import { confounderMoves, distinctive } from '../intervene/moves'
import { evenSample, isIntervenable, PreparedRows } from '../intervene/prepared-rows'
import { correlation } from '../intervene/statistics'
import { readGraph, readWeights } from '../run-files'
import { bootstrap, Stopped, type Bench, type BootstrapEnd, type BootstrapEvents } from './resampled-trainings'

/** Users whose scores confounders are compared by. */
const mostSignatureUsers = 500

/**
 * Appends the graph of a training on each resample to the run folder, its confounders in the order of the run's; see `bootstrap`.
 */
export function bootstrapGraph(
  run: RunOnDisk & { resamples: number },
  signal: StopSignal,
  events: BootstrapEvents,
): Promise<BootstrapEnd> {
  return bootstrap(run, resampleSchema, signal, events, async (bench) => {
    const { split, knowledge } = bench
    const nodes = readGraph(run.runDirectory).nodes.length
    bench.say('Reading what the confounders do')
    const reference = await referenceOf(run, bench, nodes)
    return async (model, say) => {
      say('comparing')
      const evaluated = await evaluate(model, split, 'test', { stop: () => signal.requested !== null })
      if (!evaluated) throw new Stopped()
      // Without users: only mean strengths would be of them.
      const graph = await model.graph!(takeRows(split.train, []))
      const { order, similarity } = matchConfounders(reference, await signatureOf(model, bench, nodes), knowledge)
      return { probabilities: permute(graph.probabilities, order), similarity, metrics: evaluated.metrics }
    }
  })
}

/** What sets each confounder apart in what it does to the items: its mean move of each item's score, [k] of [items]. */
export type Signature = Float64Array[]

/** The signature of the run itself. */
async function referenceOf(run: RunOnDisk, bench: Bench, nodes: number): Promise<Signature> {
  const { method, params, split, knowledge } = bench
  const model = method.load(readWeights(run.runDirectory), params, split.train.cols, knowledge)
  try {
    return await signatureOf(model, bench, nodes)
  } finally {
    model.dispose()
  }
}

/** The signature of a model over a sample of the original users, the same one every time. */
async function signatureOf(model: FittedModel, { split, signal }: Bench, nodes: number): Promise<Signature> {
  if (!isIntervenable(model)) throw notIntervenable()
  const users = new PreparedRows(model, takeRows(split.train, evenSample(split.train.rows, mostSignatureUsers)))
  try {
    const { means, deviations } = await confounderMoves(users, nodes, async () => {
      await new Promise(setImmediate)
      if (signal.requested) throw new Stopped()
    })
    return distinctive(means, deviations)
  } finally {
    users.dispose()
  }
}

const notIntervenable = (): CausewayError =>
  new CausewayError('noGraph', 'The confounders of this run cannot be told apart by what they do.')

/**
 * Which confounder of another model plays each of the run's: the assignment with the largest total correlation of what they do to
 * the items. A confounder that does nothing is like no other.
 * @param knowledge what both trainings were given: confounders change places only where that leaves it as it is, so that a
 *   required edge is never counted as another one
 * @returns order[j]: the other model's confounder that plays the run's j; similarity[j]: their correlation
 */
export function matchConfounders(
  reference: Signature,
  other: Signature,
  knowledge: EdgeKnowledge | null,
): { order: number[]; similarity: number[] } {
  const nodes = reference.length
  const similarity = reference.map((own) => other.map((theirs) => correlation(own, theirs) ?? 0))
  // Everyone in its own place is always allowed and costs less than one forbidden pair.
  const allowed = similarity.map((row, i) =>
    row.map((value, j) => (knowledge === null || interchangeable(knowledge, nodes, i, j) ? value : -4 * nodes)),
  )
  const order = bestAssignment(allowed)
  return { order, similarity: order.map((column, row) => similarity[row]![column]!) }
}

/** Whether the knowledge says the same with two nodes in each other's place. Those that may change places pairwise may do so at will. */
function interchangeable(knowledge: EdgeKnowledge, nodes: number, a: number, b: number): boolean {
  const swapped = (node: number): number => (node === a ? b : node === b ? a : node)
  return knowledge.every(
    (known, at) => knowledge[swapped(Math.floor(at / nodes)) * nodes + swapped(at % nodes)] === known,
  )
}
