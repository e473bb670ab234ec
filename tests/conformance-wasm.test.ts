import { describeConformance } from './support/conformance'

describeConformance('wasm')
