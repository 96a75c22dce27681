import tseslint from 'typescript-eslint';

/** What only the edges may touch: the pure parts get these through ports. */
const edges = [
  { name: 'node:fs', message: 'Use a port: only the edges touch files.' },
  { name: 'node:fs/promises', message: 'Use a port: only the edges touch files.' },
  { name: 'node:child_process', message: 'Use the exec port.' },
  { name: 'execa', message: 'Use the exec port.' },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.sandbox/**', 'docs/examples/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: true },
      ],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: [
      'machines/**/*.ts',
      'src/engine/**/*.ts',
      'src/cloud-init/**/*.ts',
      'src/config/**/*.ts',
    ],
    rules: {
      'no-restricted-imports': ['error', { paths: edges }],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time comes through the Clock port.' },
        { object: 'Math', property: 'random', message: 'Randomness comes through a port.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
