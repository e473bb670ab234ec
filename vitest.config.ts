import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Begins with the conformance tests. Without a record of an earlier run, vitest begins with the largest files; these are
 * the smallest and take longest, and would go on alone when the other core has nothing left to do.
 */
class ConformanceFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isConformance = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/tests/conformance-')
    return [...sorted.filter(isConformance), ...sorted.filter((file) => !isConformance(file))]
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
    sequence: { sequencer: ConformanceFirst },
  },
})
