// The floors of src as rules on whole dependency paths; test/unit/floors.test.ts has them by line.

const homes = require('./package-homes.json');

const stages = ['declare', 'discover', 'plan', 'prove', 'run', 'show'];
const builtin = ['core'];
const fromNpm = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'];

/** A folder imports only what matches `allowed` (Node and npm have rules of their own). */
const floor = (folder, allowed) => ({
  name: `floor-${folder}`,
  severity: 'error',
  from: { path: `^src/${folder}` },
  to: { path: '^src/', pathNot: allowed.map((path) => `^src/${path}`) },
});

const noNode = (paths, pathNot) => ({
  name: 'no-node-below-the-rim',
  severity: 'error',
  from: { path: paths.map((path) => `^src/${path}`), pathNot },
  to: { dependencyTypes: builtin },
});

const home = ([name, folders]) => ({
  name: `one-home-${name}`,
  severity: 'error',
  from: { pathNot: folders.map((folder) => `^${folder}`) },
  to: { path: `^node_modules/(@types/)?${name}/` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      severity: 'error',
      from: { orphan: true, pathNot: ['^src/cli/main[.]ts$', '^src/index[.]ts$'] },
      to: {},
    },
    { name: 'resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'runtime-dependencies-only',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // Types of a listed package come from its @types package.
        pathNot: '^node_modules/@types/',
      },
    },
    floor('base/', ['base/']),
    floor('model/', ['base/', 'model/']),
    floor('ports[.]ts$', ['ports/']),
    floor('ports/', ['base/', 'model/', 'ports/']),
    ...['declare', 'plan', 'prove', 'show'].map((stage) =>
      floor(`${stage}/`, ['base/', 'model/', `${stage}/`]),
    ),
    ...['discover', 'run'].map((stage) =>
      floor(`${stage}/`, ['base/', 'model/', 'ports[.]ts$', `${stage}/`]),
    ),
    floor('engine', ['base/', 'model/', 'ports[.]ts$', 'engine', ...stages.map((s) => `${s}/`)]),
    {
      name: 'floor-lab',
      severity: 'error',
      from: { path: '^src/lab/' },
      to: { path: '^src/(cli/|compose(-hosts)?[.]ts|index[.]ts)' },
    },
    {
      name: 'floor-adapters',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: {
        path: '^src/',
        pathNot: ['^src/(base|model)/', '^src/ports[.]ts$', '^src/adapters/$1/'],
      },
    },
    noNode(
      ['base/', 'model/', 'ports', 'engine', ...stages.map((s) => `${s}/`)],
      ['^src/base/digest[.]ts$'],
    ),
    ...Object.entries(homes).map(home),
    {
      name: 'every-package-has-a-home',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: fromNpm,
        pathNot: [...Object.keys(homes), '@types'].map((name) => `^node_modules/${name}/`),
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The example uses the built package, as others do.
    exclude: { path: '^src/docs/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
