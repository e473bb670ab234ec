import { emptyPairs, PairNetwork, takePairs, type LabelledPairs } from '../src-main/tensor/pairs'
import { Rng } from '../src-main/tensor/rng'

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
  const counted = seconds.slice(1).sort((a, b) => a - b)
  const median = (counted[epochs / 2 - 1]! + counted[epochs / 2]!) / 2
  const rounded = (value: number): number => Number(value.toPrecision(4))
  return {
    way,
    // So few parameters are never shared out, however many threads there are.
    threads: 1,
    users,
    items,
    nnz: order.length,
    batch,
    width,
    steps_per_epoch: steps,
    epochs,
    seconds_per_epoch: rounded(median),
    seconds_min: rounded(counted[0]!),
    us_per_step: rounded((1e6 * median) / steps),
    loss: [rounded(losses[1]!), rounded(losses.at(-1)!)],
  }
}
