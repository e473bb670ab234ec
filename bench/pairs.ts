import { descriptor as clev } from '../src-main/methods/causal/clev'
import { emptyPairs, PairNetwork, takePairs, type LabelledPairs } from '../src-main/tensor/pairs'
import { Rng } from '../src-main/tensor/rng'
import { median, rounded } from './line'
import { resolveParams } from '../src-shared/params/params'
import type { Csr, Split } from '../src-shared/domain/split'

/** Coat's size, and the settings that the PyTorch side has. */
const peer = { users: 290, items: 300, ratings: 24, batch: 128, width: 16, floor: 0.05 }
const epochs = 20

/**
 * Ratings by the laws of the PyTorch side of the comparison: every user rates so many items, drawn without replacement with probabilities
 * proportional to 1/(rank + 10); labels follow a logistic model of four factors; a weight is 1 over the propensity, held within the floor and 1.
 */
function drawRatings(rng: Rng): LabelledPairs {
  const { users, items, ratings, floor } = peer
  const total = Array.from({ length: items }, (_, rank) => 1 / (rank + 10)).reduce((sum, mass) => sum + mass, 0)
  const [userFactors, itemFactors] = [users, items].map((rows) => rng.fillNormal(new Float32Array(4 * rows)))
  const pairs = emptyPairs(users * ratings)
  let at = 0
  for (let user = 0; user < users; user++) {
    const rated = new Set<number>()
    while (rated.size < ratings) {
      let mass = rng.uniform() * total
      let item = 0
      while (item < items - 1 && (mass -= 1 / (item + 10)) > 0) item++
      if (rated.has(item)) continue
      rated.add(item)
      let score = 0
      for (let k = 0; k < 4; k++) score += userFactors![4 * user + k]! * itemFactors![4 * item + k]!
      pairs.users[at] = user
      pairs.items[at] = item
      pairs.labels[at] = rng.uniform() < 1 / (1 + Math.exp(-score)) ? 1 : 0
      const propensity = Math.min(1, ratings / (item + 10) / total)
      pairs.weights[at++] = 1 / Math.max(propensity, floor)
    }
  }
  return pairs
}

/**
 * An epoch of NCF [2k, k, k, 1] on inversely weighted pairs, Adam with coupled weight decay on all parameters: shuffling, gathering, and
 * reading every loss are part of it. The first epoch warms up and is left out.
 */
export async function measurePairs(): Promise<Record<string, string | number | number[]>> {
  const rng = Rng.seeded(0)
  const ratings = drawRatings(rng)
  const { users, items, width, batch } = peer
  const network = new PairNetwork(
    { backbone: 'ncf', users, items, width, hidden: [width, width] },
    { learningRate: 0.01, weightDecay: 1e-4 },
    rng,
  )
  const order = Int32Array.from(ratings.users.keys())
  const pairs = emptyPairs(batch)
  const steps = Math.floor(order.length / batch)
  const seconds: number[] = []
  const losses: number[] = []
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const started = performance.now()
    rng.shuffle(order)
    let sum = 0
    for (let step = 0; step < steps; step++) {
      takePairs(ratings, order, step * batch, pairs)
      sum += await network.step(pairs)
    }
    seconds.push((performance.now() - started) / 1000)
    losses.push(sum / steps)
  }
  const way = network.way
  network.dispose()
  return {
    way,
    ...summary(order.length, steps, seconds.slice(1)),
    loss: [rounded(losses[1]!), rounded(losses.at(-1)!)],
  }
}

function summary(nnz: number, steps: number, seconds: number[]): Record<string, number> {
  const { users, items, batch, width } = peer
  const middle = median(seconds)
  return {
    // So few parameters are never shared out, however many threads there are.
    threads: 1,
    users,
    items,
    nnz,
    batch,
    width,
    steps_per_epoch: steps,
    epochs,
    seconds_per_epoch: rounded(middle),
    seconds_min: rounded(Math.min(...seconds)),
    us_per_step: rounded((1e6 * middle) / steps),
  }
}

/**
 * An epoch of CLEV with the doubly robust loss, as the method trains it: prediction [2k, k, 1], single-layer propensity and imputation network, a
 * batch of observed pairs and as many drawn from all in each step, the likelihood by quadrature. Against the doubly robust script, which has two
 * networks, no propensity network and no likelihood. The first epoch warms up and is left out; there is no validation part.
 */
export async function measureClev(): Promise<Record<string, string | number | number[]>> {
  const rng = Rng.seeded(0)
  const ratings = drawRatings(rng)
  const { users, items, width, batch } = peer
  const rows = (label: number): Csr => {
    const lists = Array.from({ length: users }, (): number[] => [])
    ratings.users.forEach((user, at) => {
      if (ratings.labels[at] === label) lists[user]!.push(ratings.items[at]!)
    })
    const indptr = new Int32Array(users + 1)
    lists.forEach((list, user) => (indptr[user + 1] = indptr[user]! + list.length))
    return {
      rows: users,
      cols: items,
      indptr,
      indices: Int32Array.from(lists.flatMap((list) => list.sort((a, b) => a - b))),
    }
  }
  const none: Csr = { rows: users, cols: items, indptr: new Int32Array(users + 1), indices: new Int32Array(0) }
  const split: Split = {
    hash: 'bench',
    train: rows(1),
    validation: none,
    test: none,
    negatives: { train: rows(0), validation: none, test: none },
  }
  const seconds: number[] = []
  const losses: number[] = []
  const method = await clev.load()
  const given = {
    epochs: epochs + 1,
    batchSize: batch,
    embeddingSize: width,
    learningRate: 0.01,
    weightDecay: 1e-4,
    debias: 'dr',
  }
  const outcome = await method.fit({
    split,
    params: resolveParams(clev.info.params, given),
    rng,
    signal: { requested: null },
    knowledge: null,
    attributes: null,
    resume: null,
    report: {
      progress: () => undefined,
      epoch: (point) => {
        seconds.push(point.seconds)
        losses.push(point.values['loss']!)
      },
      checkpoint: () => Promise.resolve(),
      log: () => undefined,
    },
  })
  if (outcome.end !== 'completed') throw new Error(`The training was ${outcome.end}.`)
  outcome.model.dispose()
  const nnz = ratings.users.length
  return {
    ...summary(nnz, Math.ceil(nnz / batch), seconds.slice(1)),
    loss: [rounded(losses[1]!), rounded(losses.at(-1)!)],
  }
}
