import { PbfWriter } from 'pbf'
import type { NamedArray } from '../../methods/method'
import type { ScoringGraph, ScoringNode } from '../../methods/scoring-graph'

/** What is written into a file about the model in it. */
export interface ModelAbout {
  /** The name of the graph. */
  name: string
  /** In a few sentences: what the model is, its inputs and its output. */
  description: string
  causeway: string
  /** Short texts by key: run, hashes. */
  properties: Record<string, string>
}

/** ONNX 1.12: the operators written here have not changed their meaning since. */
const irVersion = 8
const operatorSet = 17

const dataTypes = { float: 1, int64: 7 } as const
const attributeTypes = { int: 2, ints: 7 } as const

type Attribute = { name: string; value: number | number[] }

interface OnnxNode {
  name: string
  operator: string
  inputs: string[]
  attributes: Attribute[]
}

interface OnnxTensor {
  name: string
  dataType: number
  shape: number[]
  bytes: Uint8Array
}

/** A size of an input or output: a number, or the name of one that is free. */
type Size = number | string

const operators: Record<Exclude<ScoringNode['operation'], 'sum' | 'transpose' | 'reshape'>, string> = {
  add: 'Add',
  multiply: 'Mul',
  divide: 'Div',
  maximum: 'Max',
  matMul: 'MatMul',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  softmax: 'Softmax',
  logSoftmax: 'LogSoftmax',
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

const floats = (name: string, { shape, data }: NamedArray): OnnxTensor => ({
  name,
  dataType: dataTypes.float,
  shape,
  bytes: bytesOf(data),
})

const integers = (name: string, values: number[]): OnnxTensor => ({
  name,
  dataType: dataTypes.int64,
  shape: [values.length],
  bytes: bytesOf(BigInt64Array.from(values, BigInt)),
})

/** A node, and the constant that it reads its axis or shape from, where it has one. */
function translate(node: ScoringNode): { node: OnnxNode; constant: OnnxTensor | null } {
  const { name, inputs } = node
  const write = (operator: string, attributes: Attribute[], constant: OnnxTensor | null) => ({
    node: { name, operator, attributes, inputs: constant ? [...inputs, constant.name] : inputs },
    constant,
  })
  switch (node.operation) {
    case 'sum':
      return write(
        'ReduceSum',
        [{ name: 'keepdims', value: node.keepDimensions ? 1 : 0 }],
        integers(`${name}.axes`, [node.axis]),
      )
    case 'transpose':
      return write('Transpose', [{ name: 'perm', value: node.permutation }], null)
    case 'reshape':
      return write('Reshape', [], integers(`${name}.shape`, node.shape))
    default:
      return write(operators[node.operation], [], null)
  }
}

// The messages of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), with its field numbers.

const writeAttribute = ({ name, value }: Attribute, pbf: PbfWriter): void => {
  pbf.writeStringField(1, name)
  if (typeof value === 'number') pbf.writeVarintField(3, value)
  else for (const each of value) pbf.writeVarintField(8, each)
  pbf.writeVarintField(20, typeof value === 'number' ? attributeTypes.int : attributeTypes.ints)
}

const writeNode = ({ name, operator, inputs, attributes }: OnnxNode, pbf: PbfWriter): void => {
  for (const input of inputs) pbf.writeStringField(1, input)
  pbf.writeStringField(2, name)
  pbf.writeStringField(3, name)
  pbf.writeStringField(4, operator)
  for (const attribute of attributes) pbf.writeMessage(5, writeAttribute, attribute)
}

const writeTensor = ({ name, dataType, shape, bytes }: OnnxTensor, pbf: PbfWriter): void => {
  for (const size of shape) pbf.writeVarintField(1, size)
  pbf.writeVarintField(2, dataType)
  pbf.writeStringField(8, name)
  // raw_data is little-endian, as every machine that runs this is.
  pbf.writeBytesField(9, bytes)
}

const writeDimension = (size: Size, pbf: PbfWriter): void => {
  if (typeof size === 'number') pbf.writeVarintField(1, size)
  else pbf.writeStringField(2, size)
}

const writeShape = (shape: Size[], pbf: PbfWriter): void => {
  for (const size of shape) pbf.writeMessage(1, writeDimension, size)
}

const writeTensorType = (shape: Size[], pbf: PbfWriter): void => {
  pbf.writeVarintField(1, dataTypes.float)
  pbf.writeMessage(2, writeShape, shape)
}

const writeType = (shape: Size[], pbf: PbfWriter): void => pbf.writeMessage(1, writeTensorType, shape)

interface Value {
  name: string
  shape: Size[]
  description: string
}

const writeValue = ({ name, shape, description }: Value, pbf: PbfWriter): void => {
  pbf.writeStringField(1, name)
  pbf.writeMessage(2, writeType, shape)
  pbf.writeStringField(3, description)
}

const writeProperty = ([key, value]: [string, string], pbf: PbfWriter): void => {
  pbf.writeStringField(1, key)
  pbf.writeStringField(2, value)
}

const writeOperatorSet = (version: number, pbf: PbfWriter): void => {
  pbf.writeStringField(1, '')
  pbf.writeVarintField(2, version)
}

interface NamedGraph {
  graph: ScoringGraph
  about: ModelAbout
}

const writeGraph = ({ graph, about }: NamedGraph, pbf: PbfWriter): void => {
  const { items, interactions, mask, constants, scores } = graph
  const translated = graph.nodes.map(translate)
  for (const { node } of translated) pbf.writeMessage(1, writeNode, node)
  pbf.writeStringField(2, about.name)
  for (const [name, array] of Object.entries(constants)) pbf.writeMessage(5, writeTensor, floats(name, array))
  for (const { constant } of translated) if (constant) pbf.writeMessage(5, writeTensor, constant)
  // An initializer of an input's own name is the value that the input has when it is left out (ONNX IR, "Graphs").
  if (mask) pbf.writeMessage(5, writeTensor, floats(mask.name, mask.default))
  pbf.writeStringField(10, about.description)
  pbf.writeMessage(11, writeValue, {
    name: interactions,
    shape: ['rows', items],
    description: 'One row a user: 1 where the user has the item of that column, else 0.',
  })
  if (mask) {
    pbf.writeMessage(11, writeValue, {
      name: mask.name,
      shape: mask.default.shape,
      description:
        'Factors of the causal edges in 0..1, parents in rows: 1 leaves an edge as it is, 0 removes it. May be left out.',
    })
  }
  pbf.writeMessage(12, writeValue, {
    name: scores,
    shape: ['rows', items],
    description: 'One row a user: the score of each item, higher is better.',
  })
}

/**
 * A scoring graph as an ONNX file: inputs `interactions` [rows × items] and, where the model has edges, `mask` [k × k] with a default;
 * output `scores` [rows × items].
 */
export function onnxModel(graph: ScoringGraph, about: ModelAbout): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, irVersion)
  pbf.writeStringField(2, 'causeway')
  pbf.writeStringField(3, about.causeway)
  pbf.writeStringField(6, about.description)
  pbf.writeMessage(7, writeGraph, { graph, about })
  pbf.writeMessage(8, writeOperatorSet, operatorSet)
  for (const property of Object.entries(about.properties)) pbf.writeMessage(14, writeProperty, property)
  return pbf.finish()
}
