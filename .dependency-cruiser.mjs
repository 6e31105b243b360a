/**
 * Imports run one way: `npm run lint` fails on one that goes up a layer, on a cycle (one of types alone, too), and on a
 * file of src/ that belongs to no layer. docs/architecture.md says what each layer is for.
 */

/** The folders of src/ from the bottom up. A layer may use what stands below it, and itself. */
const LAYERS = [
  'base',
  'graph',
  'source',
  'cache',
  'events',
  'message',
  'delivery',
  'adapter',
  '[^/]+[.]ts$',
  'cli',
];

const paths = LAYERS.map((name) => (name.endsWith('$') ? `^src/${name}` : `^src/${name}/`));

const layers = paths.slice(0, -1).map((layer, index) => ({
  name: `layer-${LAYERS[index]}`,
  comment: `${LAYERS[index]} uses nothing that stands above it.`,
  severity: 'error',
  from: { path: layer },
  to: { path: paths.slice(index + 1) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers,
    {
      name: 'in-a-layer',
      comment: 'Every file of src/ belongs to a layer: add a new one to LAYERS above.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: paths },
    },
    {
      name: 'no-cycle',
      comment: 'No file needs itself, not even for types.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'src-alone',
      comment: 'What is published uses nothing of what is not.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(simulator|example-bot|test|bench)/' },
    },
    {
      name: 'src-dependencies',
      comment: 'What is published brings along what it needs.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm-optional', 'type-only'],
      },
    },
    {
      name: 'simulator-dependencies',
      comment: 'The simulator brings along what it needs. The bundler is needed in a clone alone.',
      severity: 'error',
      from: { path: '^simulator/', pathNot: '^simulator/ui/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'simulator-alone',
      comment: 'A mistake in the plugin cannot hide in the simulator: it shares no code with it.',
      severity: 'error',
      from: { path: '^simulator/' },
      to: { path: '^(src|example-bot|test|bench)/' },
    },
    {
      name: 'example-bot-as-a-user',
      comment: 'The example bot uses what the packages export, and nothing else.',
      severity: 'error',
      from: { path: '^example-bot/' },
      to: { path: '^(src|simulator|test|bench)/', pathNot: '^(src|simulator)/index[.]ts$' },
    },
    {
      name: 'simulator-as-a-user',
      comment: 'Tests and the benchmark use what the simulator exports, and nothing else of it.',
      severity: 'error',
      from: { path: '^(test|bench)/' },
      to: { path: '^simulator/', pathNot: '^simulator/index[.]ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
