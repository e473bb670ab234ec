import type { ModelFormat, TableFormat } from '../../src-shared/domain/exported'

/** What is exported: the tabs of the dialog. */
export type ExportSubject = 'model' | 'lists' | 'graph'

export interface FormatWords<Id extends string> {
  id: Id
  label: string
  goodFor: string
}

export const modelFormatWords: readonly FormatWords<ModelFormat>[] = [
  {
    id: 'onnx',
    label: 'ONNX',
    goodFor:
      'Scores in any language that has onnxruntime. In Python, C++ and C# another mask can be given; elsewhere this one holds.',
  },
  {
    id: 'tfjs',
    label: 'TensorFlow.js',
    goodFor: 'Scores in a browser or Node: model.json with weights.bin, the mask an input.',
  },
  {
    id: 'safetensors',
    label: 'safetensors',
    goodFor: 'The weights by name, for code of your own. How they make scores is not in it, nor is the mask.',
  },
]

export const tableFormatWords: readonly FormatWords<TableFormat>[] = [
  {
    id: 'csv',
    label: 'CSV',
    goodFor: 'Spreadsheets and everything else. Text that a spreadsheet would run as a formula gets an apostrophe.',
  },
  {
    id: 'parquet',
    label: 'Parquet',
    goodFor: 'pandas, DuckDB, Spark: small, with types, ids exactly as they are.',
  },
]
