import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/', 'docs/api/', 'test/docs/fragments.d.ts', '**/.data/']),
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Loaded when they are needed first. Not by import(): Jest, whose users test bots, does not run it.
      '@typescript-eslint/no-require-imports': [
        'error',
        { allow: ['^(diff|http-cache-semantics|magic-bytes\\.js|mime-types|tinyglobby|undici)$'] },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: "BinaryExpression[operator='instanceof'][right.name=/^(Aggregate)?Error$/]",
          message: 'Use isError or isAggregateError, which know errors of other realms (Jest), too.',
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  {
    files: ['test/runners/**'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...['require', 'exports', 'Buffer', 'fetch'],
          ...['describe', 'it', 'expect', 'before', 'after', 'beforeEach', 'beforeAll', 'afterAll'],
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
