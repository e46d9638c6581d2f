// The rooms and who may import whom: schemas <- operators <- topologies, everything <- scripts.
'use strict';

const ROOMS = ['schemas', 'operators', 'topologies', 'runtime', 'http', 'lmdb', 'gateway', 'reader', 'scripts', 'test', 'bench'];

/** The rooms that a room may import besides itself, and the npm packages. */
const ALLOWED = {
  schemas: { rooms: [], packages: ['avsc'] },
  operators: { rooms: ['schemas'], packages: ['rxjs'] },
  topologies: { rooms: ['schemas', 'operators'], packages: ['rxjs'] },
  lmdb: { rooms: [], packages: ['lmdb'] },
  runtime: { rooms: ['schemas', 'operators', 'lmdb'] },
  http: { rooms: ['schemas'] },
  gateway: { rooms: ['schemas', 'http', 'lmdb'] },
  reader: { rooms: ['schemas', 'http', 'lmdb'] },
  scripts: { rooms: ['schemas', 'operators', 'topologies', 'runtime', 'http', 'lmdb', 'gateway', 'reader'] },
};

const roomRule = ([room, { rooms }]) => ({
  name: `${room}-imports`,
  comment: `${room} may import ${rooms.length > 0 ? rooms.join(', ') : 'no other room'}`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: `^(${ROOMS.filter((other) => other !== room && !rooms.includes(other)).join('|')})/` },
});

const packageRule = ([room, { packages }]) => ({
  name: `${room}-packages`,
  comment: `${room} may import no npm package but ${packages.join(', ')}`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: 'node_modules/', pathNot: `node_modules/(${packages.join('|')})/` },
});

module.exports = {
  forbidden: [
    ...Object.entries(ALLOWED).map(roomRule),
    ...Object.entries(ALLOWED)
      .filter(([, { packages }]) => packages !== undefined)
      .map(packageRule),
    {
      name: 'pure-rooms',
      comment: 'operators and topologies do no I/O: no module of Node',
      severity: 'error',
      from: { path: '^(operators|topologies)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'lmdb-is-opened-through-gates',
      comment: 'LMDB may undo a commit that is made while a file is opened: lmdb/ opens it, and the one place of the embedded folder',
      severity: 'error',
      from: { path: '^(schemas|operators|topologies|runtime|http|gateway|reader|scripts)/', pathNot: '^runtime/embedded/environment\\.ts$' },
      to: { path: 'node_modules/lmdb/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', comment: 'a cycle has no first file to read', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', comment: 'an import that leads nowhere', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared-packages',
      comment: 'product code imports what package.json lists under dependencies',
      severity: 'error',
      from: { path: '^(schemas|operators|topologies|runtime|http|lmdb|gateway|reader|scripts)/', pathNot: '^scripts/checks/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
    exclude: { path: '^((dist|coverage)/|[^/]+\\.(js|cjs|ts)$)' }, // build output; configuration files of the root,
  },
};
