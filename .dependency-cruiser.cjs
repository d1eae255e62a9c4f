// One rule per layer of ARCHITECTURE.md: a package may import those named here and nothing else of ours.
const layers = {
  base: [],
  vfs: ['base'],
  wal: ['base', 'vfs'],
  memtable: ['base'],
  'sst-format': ['base', 'vfs'],
  manifest: ['base', 'vfs', 'wal'],
  compaction: ['base', 'vfs', 'manifest', 'sst-format'],
  'lsm-core': ['base', 'vfs', 'wal', 'memtable', 'sst-format', 'manifest', 'compaction'],
  level: ['lsm-core'],
  serde: ['base'],
  'kafka-protocol': ['base'],
  broker: ['base', 'vfs', 'kafka-protocol'],
  kafka: ['base', 'kafka-protocol'],
  'cdc-debezium': ['base', 'serde'],
  sql: ['base', 'serde'],
  streams: ['base', 'vfs', 'serde', 'kafka', 'kafka-protocol', 'lsm-core'],
  runtime: [
    'base',
    'vfs',
    'serde',
    'kafka-protocol',
    'broker',
    'kafka',
    'cdc-debezium',
    'sql',
    'streams',
    'lsm-core',
  ],
  cli: [
    'base',
    'vfs',
    'wal',
    'sst-format',
    'manifest',
    'lsm-core',
    'serde',
    'kafka-protocol',
    'broker',
    'kafka',
    'sql',
    'runtime',
  ],
}
const notTests = { pathNot: ['\\.test\\.ts$', '^packages/[^/]+/(test|examples)/'] }

module.exports = {
  forbidden: [
    ...Object.entries(layers).map(([name, below]) => ({
      name: `layer-${name}`,
      comment: `${name} may import ${below.length === 0 ? 'no other package' : below.join(', ')}`,
      severity: 'error',
      from: { path: `^packages/${name}/src/`, ...notTests },
      to: { path: '^packages/', pathNot: [name, ...below].map((p) => `^packages/${p}/`) },
    })),
    {
      name: 'no-cycles',
      comment:
        'functions and facades that call each other (a recursive descent, stream and table) share a folder; nothing else goes in circles',
      severity: 'error',
      from: { path: '^((?:packages|internal)/[^/]+/(?:src/[^/]+/|src/|test/))' },
      to: { circular: true, via: { pathNot: '^$1' } },
    },
    {
      name: 'no-deep-imports',
      comment: 'other packages are entered through their exports map only',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/src/',
        pathNot: ['^packages/$1/', '/src/index\\.ts$', '/src/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'kafkajs-in-one-folder',
      comment: 'kafkajs is no longer maintained: one folder knows it',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/kafka/src/kafkajs/' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'one-door-to-the-disk',
      comment:
        'node:fs belongs to vfs; the command line reads scripts, the server reads its properties',
      severity: 'error',
      from: {
        path: '^packages/[^/]+/src/',
        pathNot: ['^packages/(vfs|cli)/', '\\.test\\.ts$', '/(test|examples|testing)/'],
      },
      to: { path: '^(node:fs|fs|node:fs/promises|fs/promises)$' },
    },
    {
      name: 'products-know-no-tools',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^internal/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '/testdata/', '^docs/site/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      conditionNames: ['@varve/source', 'import', 'require', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
}
