import { test } from 'vitest'
import { useBackend } from '../src-main/tensor/backends'
import { describeConformance } from './support/conformance'

// An optional package: where it could not be installed, the reason is printed and the suite left out.
const missing = await useBackend('tensorflow').then(
  () => null,
  (error: Error) => error.message,
)

if (missing) {
  console.log(`Skipped: ${missing}`)
  test.skip('conformance on tensorflow', () => undefined)
} else describeConformance('tensorflow')
