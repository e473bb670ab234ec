import { describeConformance } from './support/conformance'

describeConformance('cpu')
