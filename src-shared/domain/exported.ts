import { factorsSchema } from './mask'

export const modelFormats = ['safetensors', 'tfjs', 'onnx'] as const
export type ModelFormat = (typeof modelFormats)[number]

export const tableFormats = ['csv', 'parquet'] as const
export type TableFormat = (typeof tableFormats)[number]

/** The mask that goes with an export: [k][k] factors; null leaves every edge as it is. */
export const exportMaskSchema = factorsSchema.nullable().default(null)

/** A file that leaves Causeway. */
export interface ExportedFile {
  name: string
  /** IANA media type. */
  mediaType: string
  bytes: Uint8Array
}

/** The lists of all users of a run's split as a file. */
export interface ExportedLists extends ExportedFile {
  users: number
}
