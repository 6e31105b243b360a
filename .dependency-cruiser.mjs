/**
 * Imports run one way: `npm run lint` fails on one that goes up a layer, on a cycle (one of types alone, too), and on a
 * file of src/ that belongs to no layer. docs/architecture.md says what each layer is for.
 */

/** From the bottom up. A layer may use what stands below it, and itself. */
const LAYERS = {
  base: ['errors', 'records', 'redact'],
  graph: ['graph/'],
  source: ['source/'],
  cache: ['cache/'],
  message: ['builders', 'message', 'bot-framework', 'events', 'retry'],
  delivery: ['outgoing', 'uploader', 'warm', 'asset-ids', 'delivery', 'stats'],
  plugin: ['options', 'hook', 'pages', 'plugin', 'index'],
  cli: ['cli/'],
};

const paths = Object.values(LAYERS).map((names) =>
  names.map((name) => (name.endsWith('/') ? `^src/${name}` : `^src/${name}[.]ts$`)),
);

const layers = Object.keys(LAYERS)
  .slice(0, -1)
  .map((name, index) => ({
    name: `layer-${name}`,
    comment: `src/: ${name} uses nothing that stands above it.`,
    severity: 'error',
    from: { path: paths[index] },
    to: { path: paths.slice(index + 1).flat() },
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
      to: { path: '^src/', pathNot: paths.flat() },
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
      name: 'simulator-alone',
      comment: 'A mistake in the plugin cannot hide in the simulator: it shares no code with it.',
      severity: 'error',
      from: { path: '^simulator/' },
      to: { path: '^(src|example-bot|test|bench)/' },
    },
    {
      name: 'example-bot-as-a-user',
      comment: 'The example bot uses what the package exports, and nothing else of it.',
      severity: 'error',
      from: { path: '^example-bot/' },
      to: { path: '^(src|test|bench)/', pathNot: '^src/index[.]ts$' },
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
