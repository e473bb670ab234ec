import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Small files that take long, longest first: they train on slow backends, and start programs. */
const longest = [/\/tests\/(conformance|webgpu)/, /\/(shells\/cli|jobs)\//]

/**
 * Begins with what takes long. Without a record of an earlier run, vitest begins with the largest files; some of the smallest take longest, and would
 * go on alone when the other core has nothing left to do.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((pattern) => pattern.test(moduleId))
      return place === -1 ? longest.length : place
    }
    return sorted.sort((a, b) => placeOf(a) - placeOf(b))
  }
}

export default defineConfig({
  plugins: [vue()],
  test: {
    include: ['tests/**/*.test.ts', 'src-*/**/*.test.ts'],
    // Two cores: two files at a time, so that training tests do not starve each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    // What is waited for comes later on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 30_000,
    sequence: { sequencer: LongestFirst },
  },
})
