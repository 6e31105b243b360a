/**
 * Imports run one way: `npm run lint` fails on one that goes up a layer, on a cycle (one of types alone, too), and on a
 * file of src/ or simulator/ that belongs to no layer. docs/architecture.md says what each layer is for.
 */

/** The folders from the bottom up. A layer may use what stands below it, and itself. `*`: files outside the folders. */
const LAYERS = {
  src: ['base', 'graph', 'source', 'cache', 'events', 'message', 'delivery', 'adapter', '*', 'cli'],
  simulator: [
    'base',
    'conformance',
    'platform',
    'graph',
    'control',
    'testing',
    'ui',
    'server',
    'config',
    'launch',
    '*',
  ],
};

const paths = (root) =>
  LAYERS[root].map((name) => (name === '*' ? `^${root}/[^/]+[.]ts$` : `^${root}/${name}/`));

const layersOf = (root) =>
  paths(root)
    .slice(0, -1)
    .map((layer, index) => ({
      name: `layer-${root}-${LAYERS[root][index]}`,
      comment: `${LAYERS[root][index]} uses nothing that stands above it.`,
      severity: 'error',
      from: { path: layer },
      to: { path: paths(root).slice(index + 1) },
    }));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.keys(LAYERS).flatMap((root) => [
      ...layersOf(root),
      {
        name: `in-a-layer-of-${root}`,
        comment: `Every file of ${root}/ belongs to a layer: add a new one to LAYERS above.`,
        severity: 'error',
        from: {},
        to: { path: `^${root}/`, pathNot: [...paths(root), 'node_modules/'] },
      },
    ]),
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
    exclude: { path: '^(simulator/)?dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
