import { loadGraphModel } from '@tensorflow/tfjs-converter'
import * as tf from '@tensorflow/tfjs-core'
import * as ort from 'onnxruntime-web'
import { PbfReader, PbfWriter } from 'pbf'
import type { Csr } from '../../src-shared/domain/split'

/** Exported models, run by the programs they are written for. Each takes rows [rows × items] and, where given, a mask [k × k]. */
export type RunModel = (rows: Csr, mask?: Float32Array) => Promise<Float32Array>

ort.env.wasm.numThreads = 1
ort.env.wasm.proxy = false

// It warns that an input has a default, which is meant.
const quiet = { logSeverityLevel: 3 } as const

/** Rows as the exported models take them. */
function dense({ rows, cols, indptr, indices }: Csr): Float32Array {
  const values = new Float32Array(rows * cols)
  for (let row = 0; row < rows; row++)
    for (let at = indptr[row]!; at < indptr[row + 1]!; at++) values[row * cols + indices[at]!] = 1
  return values
}

const sizeOf = (mask: Float32Array): number => Math.sqrt(mask.length)

/**
 * An ONNX model in onnxruntime. Its JavaScript interface lets no input be given that has a default (those of Python, C, C++ and C#
 * do), so that a session for masks is made of the same file without that default.
 */
export async function onnxRunner(file: Uint8Array): Promise<RunModel> {
  const plain = await ort.InferenceSession.create(file, quiet)
  let masked: ort.InferenceSession | null = null
  return async (rows, mask) => {
    const interactions = new ort.Tensor('float32', dense(rows), [rows.rows, rows.cols])
    if (!mask) return (await plain.run({ interactions }))['scores']!.data as Float32Array
    masked ??= await ort.InferenceSession.create(withoutDefault(file, 'mask'), quiet)
    const size = sizeOf(mask)
    const feeds = { interactions, mask: new ort.Tensor('float32', mask, [size, size]) }
    return (await masked.run(feeds))['scores']!.data as Float32Array
  }
}

/** Field numbers of onnx.proto. */
const fields = { graphOfModel: 7, initializerOfGraph: 5, nameOfTensor: 8 }

/** An ONNX file in which an input has no default: its initializer is left out, all else is as it was. */
const withoutDefault = (file: Uint8Array, input: string): Uint8Array =>
  rewritten(file, (field, graph) =>
    field !== fields.graphOfModel
      ? graph
      : rewritten(graph, (inGraph, tensor) =>
          inGraph === fields.initializerOfGraph && tensorName(tensor) === input ? null : tensor,
        ),
  )

/** A message with those of its parts that are bytes changed, or left out where the change gives null. */
function rewritten(message: Uint8Array, change: (field: number, part: Uint8Array) => Uint8Array | null): Uint8Array {
  const reader = new PbfReader(message)
  const writer = new PbfWriter()
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (reader.type === 0) writer.writeVarintField(field, reader.readVarint(true))
    else {
      const part = change(field, reader.readBytes())
      if (part) writer.writeBytesField(field, part)
    }
  }
  return writer.finish()
}

function tensorName(tensor: Uint8Array): string {
  const reader = new PbfReader(tensor)
  for (let field = reader.nextField(); field !== 0; field = reader.nextField())
    if (field === fields.nameOfTensor) return reader.readString()
  throw new Error('A tensor without a name.')
}

/** A graph model of TensorFlow.js, loaded from its two files by TensorFlow.js itself. */
export async function tfjsRunner(model: string, weights: Uint8Array): Promise<RunModel> {
  const json = JSON.parse(model) as tf.io.ModelJSON
  const loaded = await loadGraphModel({
    load: () => tf.io.getModelArtifactsForJSON(json, async ([group]) => [group!.weights, weights.slice().buffer]),
  })
  return async (rows, mask) => {
    const inputs: tf.NamedTensorMap = { interactions: tf.tensor2d(dense(rows), [rows.rows, rows.cols]) }
    if (mask) inputs['mask'] = tf.tensor2d(mask, [sizeOf(mask), sizeOf(mask)])
    const scores = loaded.execute(inputs, 'scores') as tf.Tensor
    const values = (await scores.data()) as Float32Array
    tf.dispose([scores, ...Object.values(inputs)])
    return values
  }
}
