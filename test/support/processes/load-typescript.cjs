/**
 * Lets a process run TypeScript: `node --require` this. It is tsx, but for nothing in node_modules, which needs no
 * compiling: looking at each file of Botkit takes tsx longer than Node takes to load them.
 */
const Module = require('node:module');

const isInstalled = (file) => file !== undefined && /[/\\]node_modules[/\\]/.test(file);

const { _resolveFilename: resolveByNode } = Module;
const loadByNode = Module._extensions['.js'];
require('tsx/cjs');
const { _resolveFilename: resolveByTsx } = Module;
const loadByTsx = Module._extensions['.js'];

Module._resolveFilename = (request, parent, ...more) =>
  (isInstalled(parent?.filename) ? resolveByNode : resolveByTsx)(request, parent, ...more);
Module._extensions['.js'] = (module, filename) =>
  (isInstalled(filename) ? loadByNode : loadByTsx)(module, filename);
