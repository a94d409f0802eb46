#!/usr/bin/env node
// The command of the installed package. Plain JavaScript, so that any Node can read it and be told that it is too old.
import { fileURLToPath } from 'node:url';
import { goOnIn } from './go-on-in.mjs';
import { refusal } from './supported-node.mjs';

/** Less memory for the same work, measured in docs/loading.md: the same as `npm run sandbox` in a checkout. */
const flags = ['--max-semi-space-size=4', '--heap-growing-percent=35'];
const settings = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' };

if (refusal === undefined) start();
else {
  process.stderr.write(`${refusal}\n`);
  process.exitCode = 1;
}

function start() {
  const program = fileURLToPath(new URL('./cli.js', import.meta.url));
  // Named, so that commands which are run with the caller's own environment do not get it.
  const added = Object.fromEntries(Object.entries(settings).filter(([name]) => !(name in process.env)));
  goOnIn(process.execPath, [...flags, ...process.execArgv, program, ...process.argv.slice(2)], {
    ...added,
    ...process.env,
    TAISHANG_LAUNCHER_SET: Object.keys(added).join(','),
  });
}
