// The rules of STYLE.md that ESLint can hold. Each rule that is off says why.
import tseslint from 'typescript-eslint';

const NODE_BUILTINS = {
  group: ['node:*'],
  message: 'operators and topologies are pure: what they need from outside is an interface in operators/ports',
};

const CLOCK = 'no clock in operators and topologies: time comes with the record (timestamp) or as an argument';
const TIMERS = 'no timers in operators and topologies: the `everySilent` and `debounce` operators work in event time';
const RANDOM = 'no randomness in operators and topologies: hash a key or take a seed as an argument';
const PROCESS = 'operators and topologies know nothing of the process they run in';

const ban = (names, message) => names.map((name) => ({ name, message }));

/** A skip must say why, and the run prints it: `it.skip` and `describe.skipIf` take no reason. */
const SILENT_SKIPS = ['it', 'test', 'describe'].flatMap((object) => [
  ...['skip', 'skipIf', 'runIf', 'todo'].map((property) => ({
    object,
    property,
    message: 'say why: `context.skip(condition, "reason")` in the test or in a beforeEach',
  })),
  { object, property: 'only', message: 'would leave out all other tests' },
]);

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.skillforge/', 'schemas/generated/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-console': 'off', // the command line prints; the library has no other output
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      complexity: ['error', 12],
      'max-depth': ['error', 3],
      'max-params': ['error', 6],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true } },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-non-null-assertion': 'off', // array access is `T | undefined`; `!` says that the index is known
      '@typescript-eslint/no-confusing-void-expression': 'off', // `() => f()` where f returns nothing is easy to read
      '@typescript-eslint/unified-signatures': 'off', // overloads document one case each
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // type parameters name the type at the call: `schema.branded<CourseId>()`
      '@typescript-eslint/no-unnecessary-condition': 'off', // data from disk and wire is checked although its type says it is fine
    },
  },
  {
    files: ['operators/**/*.ts', 'topologies/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [NODE_BUILTINS] }],
      'no-restricted-globals': [
        'error',
        ...ban(['performance'], CLOCK),
        ...ban(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'clearInterval', 'clearImmediate'], TIMERS),
        ...ban(['crypto'], RANDOM),
        ...ban(['process', 'globalThis', 'global', 'fetch', 'console', 'require'], PROCESS),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: CLOCK },
        { object: 'Math', property: 'random', message: RANDOM },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK },
        { selector: 'CallExpression[callee.name="Date"]', message: CLOCK },
        { selector: 'ImportExpression', message: 'a topology is whole when it is declared: no import at run time' },
      ],
    },
  },
  {
    files: ['topologies/*.ts', 'test/integration/tools/tallies.ts', '*.config.ts', 'scripts/checks/countsReporter.ts'], // vitest loads a reporter by its default export
    rules: { 'no-restricted-exports': 'off' },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' }, // a describe block is one function
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'no-restricted-properties': ['error', ...SILENT_SKIPS] },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { module: 'writable', require: 'readonly' } },
    rules: { 'no-var': 'error', 'prefer-const': 'error', eqeqeq: ['error', 'always'] },
  },
);
