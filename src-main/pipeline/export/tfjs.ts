import type { NamedArray } from '../../methods/method'
import type { ScoringGraph, ScoringNode } from '../../methods/scoring-graph'
import type { ModelAbout } from './onnx'

/**
 * TensorFlow.js graph models: `model.json` with a graph of TensorFlow's nodes (GraphDef as JSON: attr_value.proto, node_def.proto,
 * tensor_shape.proto) and a manifest of weights, whose bytes lie in files beside it.
 */

/** Name of the file with the weights, beside `model.json`. */
export const tfjsWeightsFile = 'weights.bin'

type AttributeValue = { type: string } | { b: boolean } | { i: string } | { shape: TensorShape } | { tensor: unknown }

interface TensorShape {
  dim: { size: string }[]
}

interface TfNode {
  name: string
  op: string
  input: string[]
  attr: Record<string, AttributeValue>
}

/** A weight of the manifest. */
interface TfWeight {
  name: string
  shape: number[]
  dtype: 'float32' | 'int32'
  data: Float32Array | Int32Array
}

const float: AttributeValue = { type: 'DT_FLOAT' }
const integer: AttributeValue = { type: 'DT_INT32' }

const operators: Record<Exclude<ScoringNode['operation'], 'sum' | 'transpose' | 'reshape'>, string> = {
  add: 'AddV2',
  multiply: 'Mul',
  divide: 'RealDiv',
  maximum: 'Maximum',
  // Takes matrices too, and broadcasts stacks of them, which MatMul does not.
  matMul: 'BatchMatMulV2',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  softmax: 'Softmax',
  logSoftmax: 'LogSoftmax',
}

const shapeOf = (sizes: number[]): TensorShape => ({ dim: sizes.map((size) => ({ size: String(size) })) })

const floats = (name: string, { shape, data }: NamedArray): TfWeight => ({
  name,
  shape,
  dtype: 'float32',
  data: data as Float32Array,
})

const integers = (name: string, shape: number[], values: number[]): TfWeight => ({
  name,
  shape,
  dtype: 'int32',
  data: Int32Array.from(values),
})

/** A node, and the constant that it reads its axis or shape from, where it has one. */
function translate(node: ScoringNode): { node: TfNode; constant: TfWeight | null } {
  const { name, inputs } = node
  const write = (op: string, attr: TfNode['attr'], constant: TfWeight | null) => ({
    node: { name, op, input: constant ? [...inputs, constant.name] : inputs, attr: { T: float, ...attr } },
    constant,
  })
  switch (node.operation) {
    case 'sum':
      return write(
        'Sum',
        { Tidx: integer, keep_dims: { b: node.keepDimensions } },
        integers(`${name}.axis`, [1], [node.axis]),
      )
    case 'transpose':
      return write(
        'Transpose',
        { Tperm: integer },
        integers(`${name}.permutation`, [node.permutation.length], node.permutation),
      )
    case 'reshape':
      return write('Reshape', { Tshape: integer }, integers(`${name}.shape`, [node.shape.length], node.shape))
    case 'matMul':
      return write(operators.matMul, { adj_x: { b: false }, adj_y: { b: false } }, null)
    default:
      return write(operators[node.operation], {}, null)
  }
}

const constantNode = ({ name, shape, dtype }: TfWeight): TfNode => {
  const type = dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32'
  return {
    name,
    op: 'Const',
    input: [],
    attr: { dtype: { type }, value: { tensor: { dtype: type, tensorShape: shapeOf(shape) } } },
  }
}

/** The bytes of weights one after the other, as the manifest lists them. */
function packed(weights: TfWeight[]): Uint8Array {
  const bytes = new Uint8Array(weights.reduce((sum, { data }) => sum + data.byteLength, 0))
  let at = 0
  for (const { data } of weights) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

/**
 * A scoring graph as a graph model of TensorFlow.js: the text of `model.json` and the bytes of `weights.bin`. Inputs `interactions`
 * [rows × items] and, where the model has edges, `mask` [k × k] with a default; output `scores` [rows × items].
 */
export function tfjsModel(graph: ScoringGraph, about: ModelAbout): { model: string; weights: Uint8Array } {
  const { items, interactions, mask, constants, scores } = graph
  const rows = shapeOf([-1, items])
  const translated = graph.nodes.map(translate)
  const defaultMask = mask && floats(`${mask.name}.default`, mask.default)
  const weights = [
    ...Object.entries(constants).map(([name, array]) => floats(name, array)),
    ...translated.flatMap(({ constant }) => constant ?? []),
    ...(defaultMask ? [defaultMask] : []),
  ]
  const inputs: TfNode[] = [
    { name: interactions, op: 'Placeholder', input: [], attr: { dtype: float, shape: { shape: rows } } },
  ]
  if (mask && defaultMask) {
    const shape = shapeOf(mask.default.shape)
    inputs.push({
      name: mask.name,
      op: 'PlaceholderWithDefault',
      input: [defaultMask.name],
      attr: { dtype: float, shape: { shape } },
    })
  }
  const signed = (name: string, tensorShape: TensorShape) => ({ name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape })
  const model = {
    format: 'graph-model',
    generatedBy: `causeway ${about.causeway}`,
    convertedBy: null,
    signature: {
      inputs: {
        [interactions]: signed(interactions, rows),
        ...(mask ? { [mask.name]: signed(mask.name, shapeOf(mask.default.shape)) } : {}),
      },
      outputs: { [scores]: signed(scores, rows) },
    },
    userDefinedMetadata: { ...about.properties, name: about.name, description: about.description },
    modelTopology: {
      node: [...weights.map(constantNode), ...inputs, ...translated.map(({ node }) => node)],
      library: {},
      // The version of TensorFlow's graphs from which on BatchMatMulV2 and AddV2 are known.
      versions: { producer: 175 },
    },
    weightsManifest: [
      { paths: [tfjsWeightsFile], weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) },
    ],
  }
  return { model: JSON.stringify(model), weights: packed(weights) }
}
