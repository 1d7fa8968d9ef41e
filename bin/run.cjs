'use strict';
// Runs a TypeScript (or JavaScript) entry point from its source: `node bin/run.cjs apps/referrals/src/main.ts [arguments]`.
// Written so that any Node of the last ten years can read it and say in one line what is missing.
var path = require('path');

function refuse(line) {
  process.stderr.write(line + '\n');
  process.exit(2);
}

var version = process.versions.node.split('.').map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  refuse('Footbridge needs Node 20.19 or newer and this is ' + process.version + ': see https://nodejs.org/en/download');
}
if (process.argv.length < 3) refuse('Usage: node bin/run.cjs FILE [arguments]');

var entry = path.resolve(process.argv[2]);
process.argv.splice(1, 2, entry);
process.chdir(path.join(__dirname, '..')); // the loader looks for tsconfig.json here

var url = require('url');
import('@swc-node/register/esm-register').then(
  function () {
    return import(url.pathToFileURL(entry).href);
  },
  function () {
    refuse('The packages are not installed: run npm ci first.');
  },
);
