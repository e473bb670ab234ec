import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [vue()],
  test: {
    include: ['tests/**/*.test.ts', 'src-*/**/*.test.ts'],
    // Two cores: two files at a time, so that training tests do not starve each other.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
})
