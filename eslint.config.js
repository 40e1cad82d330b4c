import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'data/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='enterWith']",
          message: 'enterWith leaks one request into the next on a keep-alive socket: use run().',
        },
        {
          selector: "CallExpression[callee.property.name='localeCompare']",
          message: 'Order ids by code unit (< and >), as both databases do.',
        },
      ],
    },
  },
);
