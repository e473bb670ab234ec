import { defineConfigWithVueTs, vueTsConfigs } from '@vue/eslint-config-typescript'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'

/** One import rule: the folders it holds for, what they may not import, and why. */
const forbid = (files, patterns, ignores = []) => ({
  files,
  ignores: ['**/*.test.ts', ...ignores],
  rules: { 'no-restricted-imports': ['error', { patterns }] },
})

const noTfjs = {
  group: ['@tensorflow/*', 'webgpu'],
  message: 'Only src-main/tensor/ imports tfjs: backends, disposal and seeding are decided in one place.',
}
const noElectron = {
  group: ['electron', 'electron/*'],
  message: 'Only shells/electron and the entries know Electron: everything else runs and is tested without its binary.',
}
const noUi = {
  group: ['vue', 'pinia', 'element-plus', '**/src-renderer/**'],
  message: 'The processes behind the contract know nothing of the user interface.',
}

export default defineConfigWithVueTs(
  // The kernels are AssemblyScript, which looks like TypeScript and has other types.
  { ignores: ['out', 'node_modules', 'test-results', 'playwright-report', 'src-main/tensor/kernels/assembly'] },
  vue.configs['flat/recommended'],
  vueTsConfigs.recommended,
  prettier,
  {
    rules: {
      'vue/multi-word-component-names': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness comes from the seeded generator passed in.' },
      ],
    },
  },
  {
    // Only rules on what Vue returns ask for types, which take long to work out; there is no Vue here.
    files: ['src-main/**/*.ts', 'src-shared/**/*.ts'],
    languageOptions: { parserOptions: { projectService: false } },
  },
  forbid(
    ['src-shared/**/*.ts'],
    [
      {
        group: [
          'node:*',
          'fs',
          'path',
          'electron',
          'vue',
          'pinia',
          '@tensorflow/*',
          '**/src-main/**',
          '**/src-renderer/**',
        ],
        message:
          'src-shared is plain data and pure functions: it imports nothing outside itself but zod, birpc, devalue and yaml.',
      },
    ],
  ),
  forbid(
    ['src-renderer/**/*.{ts,vue}'],
    [
      {
        group: ['node:*', 'electron', '@tensorflow/*', '**/src-main/**'],
        message: 'The renderer is sandboxed: it sees src-shared and speaks through the contract.',
      },
    ],
  ),
  forbid(
    ['src-main/pipeline/**/*.ts', 'src-main/storage/**/*.ts', 'src-main/jobs/**/*.ts', 'src-main/api/**/*.ts'],
    [noTfjs, noElectron, noUi],
  ),
  forbid(['src-main/shells/**/*.ts', 'src-main/*.ts'], [noTfjs, noUi]),
  forbid(
    ['src-main/shells/web/**/*.ts', 'src-main/shells/cli/**/*.ts', 'src-main/{web,cli,trainer,data-worker}.ts'],
    [noTfjs, noElectron, noUi],
  ),
  forbid(['src-main/tensor/**/*.ts'], [noElectron, noUi]),
  forbid(['src-main/methods/**/*.ts'], [noTfjs, noElectron, noUi]),
  forbid(
    ['src-main/methods/{causal,baselines}/**/*.ts'],
    [
      noTfjs,
      noElectron,
      noUi,
      {
        regex: '^\\.\\./(\\.\\./(causal|baselines)/|(?!\\.\\.))',
        message: 'A method imports no other method: what two share lives in methods/blocks/.',
      },
    ],
  ),
)
