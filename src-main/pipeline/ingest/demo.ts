import { randomUUID } from 'node:crypto'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetManifest } from '../../../src-shared/domain/dataset'
import type { JobProgress } from '../../../src-shared/domain/job'
import { temporaryDirectory } from '../../storage/layout'
import { toIoError } from '../../storage/io-errors'
import { Rng } from '../../tensor/rng'
import type { SourceFile } from './detect'
import { importTables } from './import-tables'
import { truthFile, type Truth } from './truth'

export const demoName = 'demo'
const demoSeed = 16
const userCount = 300
const itemCount = 500
const hiddenUnits = 16

/** c1 → c2, c2 → c3, c2 → c4. */
const edges: [parent: number, child: number][] = [
  [0, 1],
  [1, 2],
  [1, 3],
]
const nodeCount = 4

interface Category {
  name: string
  nouns: string[]
  qualities: string[]
  /** Typical price in euros. */
  price: number
}

/** A small shop: every noun goes with every quality of its category, 10 × 10 names for 50 items each. */
const categories: Category[] = [
  {
    name: 'Kitchen',
    price: 32,
    nouns: [
      'Kettle',
      'Saucepan',
      'Chopping Board',
      'Teapot',
      'Casserole',
      'Frying Pan',
      'Mixing Bowl',
      'Colander',
      'Milk Jug',
      'Pepper Mill',
    ],
    qualities: ['Copper', 'Enamel', 'Cast-Iron', 'Steel', 'Stoneware', 'Blue', 'Small', 'Large', 'Ceramic', 'Everyday'],
  },
  {
    name: 'Books',
    price: 16,
    nouns: [
      'Atlas',
      'Cookbook',
      'Field Guide',
      'Crime Novel',
      'Biography',
      'Poetry Collection',
      'Travel Guide',
      'Dictionary',
      'Short Stories',
      'Family Saga',
    ],
    qualities: [
      'Illustrated',
      'Pocket',
      'Nordic',
      'Alpine',
      'Complete',
      'Coastal',
      'First',
      'New',
      'Collected',
      'Concise',
    ],
  },
  {
    name: 'Garden',
    price: 27,
    nouns: [
      'Watering Can',
      'Hand Trowel',
      'Pruning Shears',
      'Planter',
      'Bird Feeder',
      'Garden Hose',
      'Seed Box',
      'Trellis',
      'Lantern',
      'Wheelbarrow',
    ],
    qualities: [
      'Zinc',
      'Cedar',
      'Folding',
      'Painted',
      'Terracotta',
      'Long-Handled',
      'Green',
      'Sturdy',
      'Compact',
      'Bamboo',
    ],
  },
  {
    name: 'Outdoor',
    price: 74,
    nouns: [
      'Tent',
      'Sleeping Bag',
      'Backpack',
      'Camping Stove',
      'Head Torch',
      'Rain Jacket',
      'Walking Poles',
      'Hammock',
      'Water Bottle',
      'Camping Chair',
    ],
    qualities: [
      'Ultralight',
      'Two-Person',
      'Insulated',
      'Waterproof',
      'Summer',
      'Winter',
      'Trail',
      'Summit',
      'Weekend',
      'Packable',
    ],
  },
  {
    name: 'Music',
    price: 58,
    nouns: [
      'Ukulele',
      'Harmonica',
      'Metronome',
      'Guitar Strap',
      'Music Stand',
      'Tambourine',
      'Kalimba',
      'Drum Pad',
      'Tuner',
      'Recorder',
    ],
    qualities: [
      'Concert',
      'Maple',
      'Walnut',
      'Beginner',
      'Travel',
      'Studio',
      'Classic',
      'Black',
      'Adjustable',
      'Leather',
    ],
  },
  {
    name: 'Toys',
    price: 22,
    nouns: [
      'Puzzle',
      'Building Blocks',
      'Train Set',
      'Kite',
      'Board Game',
      'Dollhouse',
      'Marble Run',
      'Card Game',
      'Spinning Top',
      'Plush Bear',
    ],
    qualities: ['Wooden', 'Giant', 'Magnetic', 'Rainbow', 'Mini', 'Musical', 'Animal', 'Space', 'Pirate', 'Farmyard'],
  },
  {
    name: 'Stationery',
    price: 11,
    nouns: [
      'Notebook',
      'Fountain Pen',
      'Pencil Set',
      'Desk Diary',
      'Letter Set',
      'Ink Bottle',
      'Pencil Case',
      'Sketchbook',
      'Paper Clips',
      'Stamp Set',
    ],
    qualities: ['Linen', 'Dotted', 'Brass', 'Pastel', 'Recycled', 'Fine', 'Student', 'Marbled', 'Canvas', 'Midnight'],
  },
  {
    name: 'Lighting',
    price: 64,
    nouns: [
      'Desk Lamp',
      'Floor Lamp',
      'Pendant Light',
      'Reading Light',
      'Night Light',
      'Wall Lamp',
      'Fairy Lights',
      'Candle Holder',
      'Table Lamp',
      'Light Bulb Set',
    ],
    qualities: [
      'Brushed',
      'Smoked-Glass',
      'Paper',
      'Dimmable',
      'Arched',
      'Industrial',
      'Warm',
      'Clamp-On',
      'Globe',
      'Oak',
    ],
  },
  {
    name: 'Textiles',
    price: 39,
    nouns: [
      'Blanket',
      'Cushion',
      'Tea Towel',
      'Bath Towel',
      'Rug',
      'Tablecloth',
      'Curtain',
      'Bed Linen',
      'Apron',
      'Scarf',
    ],
    qualities: [
      'Wool',
      'Striped',
      'Checked',
      'Cotton',
      'Knitted',
      'Washed',
      'Indigo',
      'Quilted',
      'Soft',
      'Herringbone',
    ],
  },
  {
    name: 'Sport',
    price: 45,
    nouns: [
      'Yoga Mat',
      'Skipping Rope',
      'Dumbbell Pair',
      'Badminton Set',
      'Football',
      'Swim Goggles',
      'Running Belt',
      'Foam Roller',
      'Table-Tennis Bat',
      'Gym Bag',
    ],
    qualities: ['Non-Slip', 'Training', 'Junior', 'Competition', 'Foldable', 'Cork', 'Neon', 'Indoor', 'Beach', 'Club'],
  },
]
const cities = ['Aarhus', 'Bergen', 'Ghent', 'Graz', 'Leipzig', 'Lyon', 'Porto', 'Tartu', 'Turin', 'Utrecht']

interface Item {
  id: string
  title: string
  category: string
  price: number
  year: number
  /** Weights of the second layer: what the hidden units mean for this item. */
  weights: Float64Array
  appeal: number
}

const normals = (rng: Rng, count: number): Float64Array => Float64Array.from({ length: count }, () => rng.normal())

/** A Poisson draw (Knuth's product of uniforms; rates here stay below 5). */
function poisson(rng: Rng, rate: number): number {
  const limit = Math.exp(-rate)
  let draws = 0
  for (let product = rng.uniform(); product > limit; product *= rng.uniform()) draws++
  return draws
}

/** Each column of [rows][columns] with mean 0 and standard deviation 1. */
function standardise(rows: number[][]): number[][] {
  const stats = rows[0]!.map((_, at) => {
    const mean = rows.reduce((sum, row) => sum + row[at]!, 0) / rows.length
    const variance = rows.reduce((sum, row) => sum + (row[at]! - mean) ** 2, 0) / rows.length
    return { mean, deviation: Math.sqrt(variance) || 1 }
  })
  return rows.map((row) => row.map((value, at) => (value - stats[at]!.mean) / stats[at]!.deviation))
}

function drawItems(rng: Rng): Item[] {
  const items: Item[] = []
  for (const category of categories) {
    const shared = normals(rng, hiddenUnits)
    const names = category.qualities.flatMap((quality) => category.nouns.map((noun) => `${quality} ${noun}`))
    for (const title of rng.shuffle(names).slice(0, itemCount / categories.length)) {
      const drawn = normals(rng, hiddenUnits).map((value, at) => shared[at]! + value)
      // All of one length, so that no item is liked for the size of its weights alone.
      const scale = Math.sqrt(hiddenUnits / drawn.reduce((sum, value) => sum + value * value, 0))
      const weights = drawn.map((value) => value * scale)
      // What the first hidden unit drives is dearer, so that an intervention can move the mean price.
      const price = category.price * Math.exp(0.35 * weights[0]! + 0.3 * rng.normal())
      items.push({
        id: '',
        title,
        category: category.name,
        price: Math.max(1.5, Math.round(price * 10) / 10 - 0.01),
        year: 2015 + rng.integer(11),
        weights,
        appeal: 0.3 * rng.normal(),
      })
    }
  }
  return rng.shuffle(items).map((item, at) => ({ ...item, id: `p${String(at + 1).padStart(4, '0')}` }))
}

/** Shares of a user's observed items that get each rating, from the best liked to the least. */
const ratingShares: [rating: number, upTo: number][] = [
  [5, 0.28],
  [4, 0.58],
  [3, 0.8],
  [2, 0.93],
  [1, 1],
]

/** The tables of the built-in data set as CSV, and the truth they were drawn from. */
export interface DemoTables {
  interactions: string
  items: string
  users: string
  truth: Truth
}

/**
 * Draws the synthetic data of the CSC paper (appendix A.4): 300 users, 500 items, four confounders with c1 → c2 → {c3, c4},
 * exogenous means from U[-3, 3] and variances from U[0.01, 4], user-specific Poisson weights, and a two-layer MLP from confounders
 * and user to the preference for each item. The paper leaves open how preferences become interactions; here a user has met the items
 * of the highest preference, noise added, and rates them 5 to 1 by it.
 * @param seed the same seed gives the same tables
 */
export function generateDemo(seed: number): DemoTables {
  const rng = Rng.seeded(seed)
  const exogenous = Array.from({ length: nodeCount }, () => ({
    mean: -3 + 6 * rng.uniform(),
    variance: 0.01 + 3.99 * rng.uniform(),
  }))
  const meanWeights = Array.from({ length: nodeCount }, () => new Array<number>(nodeCount).fill(0))
  const latent: number[][] = []
  for (let user = 0; user < userCount; user++) {
    const u = rng.normal()
    const c = exogenous.map(({ mean, variance }) => mean + Math.sqrt(variance) * rng.normal())
    for (const [parent, child] of edges) {
      const weight = poisson(rng, Math.log1p(Math.exp(u)))
      c[child]! += weight * c[parent]!
      meanWeights[parent]![child]! += weight / userCount
    }
    latent.push([...c, u])
  }
  const firstLayer = Array.from({ length: hiddenUnits }, () => normals(rng, nodeCount + 1))
  const items = drawItems(rng)

  const interactions = ['user_id,item_id,rating,timestamp']
  const users = ['user_id,age_group,city,member_since']
  standardise(latent).forEach((inputs, at) => {
    const id = `u${String(at + 1).padStart(3, '0')}`
    users.push(
      `${id},${['18-29', '30-44', '45-59', '60+'][rng.integer(4)]},${cities[rng.integer(10)]},${2019 + rng.integer(6)}`,
    )
    const hidden = firstLayer.map((row) => Math.tanh(inputs.reduce((sum, value, i) => sum + value * row[i]!, 0)))
    const preference = items.map(
      (item) =>
        item.weights.reduce((sum, weight, unit) => sum + weight * hidden[unit]!, 0) / Math.sqrt(hiddenUnits) +
        item.appeal +
        0.5 * rng.normal(),
    )
    const met = Math.round(500 * Math.min(0.2, Math.max(0.06, 0.1 * Math.exp(0.35 * rng.normal()))))
    const ranked = items.map((_, item) => item).sort((a, b) => preference[b]! - preference[a]!)
    const rated = ranked.slice(0, met).map((item, rank) => ({
      item: items[item]!.id,
      rating: ratingShares.find(([, upTo]) => (rank + 0.5) / met <= upTo)![0],
    }))
    let time = Date.UTC(2024, 0, 1) / 1000 + rng.integer(500 * 86400)
    for (const { item, rating } of rng.shuffle(rated)) {
      time += 600 + rng.integer(5 * 86400)
      interactions.push(`${id},${item},${rating},${time}`)
    }
  })
  const table = (rows: string[]): string => `${rows.join('\n')}\n`
  const adjacency = meanWeights.map((row, i) => row.map((_, j) => (edges.some(([p, c]) => p === i && c === j) ? 1 : 0)))
  return {
    interactions: table(interactions),
    items: table([
      'item_id,title,category,price,year',
      ...items.map((item) => `${item.id},${item.title},${item.category},${item.price.toFixed(2)},${item.year}`),
    ]),
    users: table(users),
    truth: {
      type: 'causal-truth',
      version: 1,
      nodes: exogenous.map((_, at) => `c${at + 1}`),
      adjacency,
      exogenous,
      meanWeights,
    },
  }
}

/**
 * Draws the built-in data and imports them as the data set "demo", the way any file is imported.
 * @throws CausewayError `nameTaken` where it is there already, and as `importTables` does
 */
export async function importDemo(
  workspace: string,
  watch: { signal?: AbortSignal; onProgress?: (progress: JobProgress) => void } = {},
): Promise<DatasetManifest> {
  const work = join(temporaryDirectory(workspace), `demo-${randomUUID()}`)
  try {
    watch.onProgress?.({ stage: 'Drawing the demo data', fraction: 0, etaSeconds: null })
    const { truth, ...tables } = generateDemo(demoSeed)
    await mkdir(work, { recursive: true })
    const files: SourceFile[] = []
    for (const [table, text] of Object.entries(tables)) {
      const path = join(work, `${table}.csv`)
      await writeFile(path, text)
      files.push({ path, handle: { id: table, name: `demo-${table}.csv`, sizeBytes: (await stat(path)).size } })
    }
    return await importTables({
      workspace,
      name: demoName,
      files,
      sourceKind: 'demo',
      attachments: { [truthFile]: `${JSON.stringify(truth, null, 2)}\n` },
      ...watch,
    })
  } catch (thrown) {
    throw toIoError(thrown, { action: 'write', path: workspace })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
