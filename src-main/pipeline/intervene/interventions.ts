import { CausewayError } from '../../../src-shared/contract/errors'
import type { CausalGraph } from '../../../src-shared/domain/graph'
import type { Split } from '../../../src-shared/domain/split'
import type {
  AttributeTable,
  RowEffect,
  RowIntervention,
  RowPaths,
  RowProfile,
  RowsEffect,
} from '../../jobs/trainer-contract'
import type { ModelIntervention } from '../../methods/method'
import { activityOf, describeWith, noAttributes, popularityOf, type Attributes } from './attributes'
import { ConfounderValues } from './confounder-values'
import { Candidates, listOf } from './lists'
import { modelIntervention, zeroRow } from './model-intervention'
import { explainPaths } from './paths'
import { PreparedRows, type IntervenableModel } from './prepared-rows'
import { confounderProfiles } from './profiles'
import { quantityGroups } from './quantities'
import { RecentRows } from './recent-rows'
import { newBaseline, noChange, segmentEffect, type SegmentBaseline } from './segment-effect'
import { partOf, type Step } from './tasks'

const keptBaselines = 3

/** The step of a short question, which nobody stops. */
const letOthersIn: Step = () => new Promise(setImmediate)

/** An open run that is asked what interventions do. What no intervention touches is computed when first needed, and kept. */
export class Interventions {
  private readonly users: PreparedRows
  private readonly candidates: Candidates
  private readonly values: ConfounderValues
  private readonly baselines = new RecentRows<SegmentBaseline>(keptBaselines)
  private readonly nodes: number
  private items: Attributes
  private userAttributes: Attributes
  private profiled: RowProfile[] | null = null

  constructor(
    private readonly model: IntervenableModel,
    private readonly split: Split,
    private readonly graph: CausalGraph,
  ) {
    this.nodes = graph.nodes.length
    this.users = new PreparedRows(model, split.train)
    this.candidates = new Candidates(split)
    this.values = new ConfounderValues(this.users, this.nodes)
    this.items = this.attributesOf('items', noAttributes)
    this.userAttributes = this.attributesOf('users', noAttributes)
  }

  /** Hands over what items and users are described by. @throws CausewayError `badRequest` for columns of another length */
  describe(items: AttributeTable, users: AttributeTable): void {
    this.items = this.attributesOf('items', items)
    this.userAttributes = this.attributesOf('users', users)
    this.profiled = null
  }

  /** One user's list before and after. */
  async userEffect(row: number, k: number, intervention: RowIntervention): Promise<RowEffect> {
    this.refuseUnknown(Int32Array.of(row))
    const rows = Int32Array.of(row)
    const change = await this.modelIntervention(intervention, letOthersIn)
    const scoresBefore = await this.users.score(rows)
    const scoresAfter = await this.users.score(rows, change)
    const before = [...listOf(this.candidates.lists(rows, scoresBefore, k), 0, k)]
    const after = [...listOf(this.candidates.lists(rows, scoresAfter, k), 0, k)]
    return {
      before: before.map((item) => ({
        item,
        score: scoresBefore[item]!,
        rankAfter: this.candidates.rank(row, scoresAfter, item),
      })),
      after: after.map((item) => ({
        item,
        score: scoresAfter[item]!,
        rankBefore: this.candidates.rank(row, scoresBefore, item),
      })),
      noDifference: [...before, ...after].every(
        (item) => Math.abs(scoresAfter[item]! - scoresBefore[item]!) < noChange,
      ),
    }
  }

  /** The effect on the lists of some users, null: all. @throws CausewayError `badRequest`, and what `step` throws */
  async effect(rows: Int32Array | null, k: number, intervention: RowIntervention, step: Step): Promise<RowsEffect> {
    const baseline = this.baselineOf(rows, k)
    const groups = quantityGroups(this.split, this.items, k)
    await step('Preparing users', 0)
    await this.users.prepare()
    const held = intervention.holds.length > 0 ? 0.1 : 0
    const change = await this.modelIntervention(intervention, partOf(step, 0, held))
    return segmentEffect(this.users, this.candidates, baseline, groups, k, change, partOf(step, held, 1))
  }

  /** The effect of do(c_i), the outgoing row of c_i at zero, for each confounder: the paper's Table 4. */
  async perConfounder(rows: Int32Array | null, k: number, step: Step): Promise<{ node: number; effect: RowsEffect }[]> {
    const effects: { node: number; effect: RowsEffect }[] = []
    for (let node = 0; node < this.nodes; node++) {
      const own = partOf(step, node / this.nodes, (node + 1) / this.nodes)
      const effect = await this.effect(rows, k, zeroRow(node, this.nodes), (_, fraction) =>
        own(`do(${this.graph.nodes[node]})`, fraction),
      )
      effects.push({ node, effect })
    }
    return effects
  }

  /** How the score of an item for a user comes about under an intervention. */
  async paths(row: number, item: number, intervention: RowIntervention): Promise<RowPaths> {
    this.refuseUnknown(Int32Array.of(row))
    if (item < 0 || item >= this.users.items)
      throw new CausewayError('badRequest', `There is no item column ${item}; there are ${this.users.items}.`)
    const change = await this.modelIntervention(intervention, letOthersIn)
    const present = (from: number, to: number): boolean => this.graph.probabilities[from]![to]! > 0
    return explainPaths(this.users, this.candidates, row, item, change, present, this.nodes)
  }

  /** What each confounder does, kept until the attributes change. */
  async profiles(step: Step): Promise<RowProfile[]> {
    if (this.profiled) return this.profiled
    const profiles = await confounderProfiles(this.model, this.split, this.nodes, this.items, this.userAttributes, step)
    this.profiled = profiles
    return profiles
  }

  dispose(): void {
    this.users.dispose()
  }

  private baselineOf(rows: Int32Array | null, k: number): SegmentBaseline {
    if (rows) this.refuseUnknown(rows)
    const blocks = this.users.blocks(rows)
    if (blocks.length === 0) throw new CausewayError('badRequest', 'The segment has no users.')
    const kept = this.baselines.get(rows)
    if (kept && kept.depth >= k) return kept
    const baseline = newBaseline(blocks, k)
    this.baselines.set(rows, baseline)
    return baseline
  }

  private modelIntervention(intervention: RowIntervention, step: Step): Promise<ModelIntervention> {
    for (const { at } of intervention.holds) {
      if (at.kind === 'user') this.refuseUnknown(Int32Array.of(at.row))
      if (at.kind === 'mean' && at.rows) {
        this.refuseUnknown(at.rows)
        if (at.rows.length === 0) throw new CausewayError('badRequest', 'The group to take the mean of has no users.')
      }
    }
    return modelIntervention(intervention, this.values, this.nodes, step)
  }

  private attributesOf(of: 'items' | 'users', table: AttributeTable): Attributes {
    const { train } = this.split
    const length = of === 'items' ? train.cols : train.rows
    for (const { name, values } of [
      ...table.numbers,
      ...table.texts.map(({ name, codes }) => ({ name, values: codes })),
    ])
      if (values.length !== length)
        throw new CausewayError(
          'badRequest',
          `The attribute "${name}" is of ${values.length} ${of}; there are ${length}.`,
        )
    return of === 'items'
      ? describeWith(table, { name: 'popularity', values: popularityOf(train) })
      : describeWith(table, { name: 'activity', values: activityOf(train) })
  }

  private refuseUnknown(rows: Int32Array): void {
    const unknown = rows.find((row) => row < 0 || row >= this.users.users)
    if (unknown !== undefined)
      throw new CausewayError('badRequest', `There is no user row ${unknown}; there are ${this.users.users}.`)
  }
}
