import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const config = 'src/kernel/asconfig.json';
const built = 'src/kernel/kernel.wasm';

/** Mocha loads this before the tests: builds the WebAssembly kernel if it is missing or older than its sources. */
if (isStale()) buildKernel();

function isStale() {
  const builtAtMs = modifiedAtMs(built);
  const sources = readdirSync(join(root, 'src/kernel/assembly')).map((name) => `src/kernel/assembly/${name}`);
  return [config, ...sources].some((source) => modifiedAtMs(source) > builtAtMs);
}

/** By way of a file of its own, as another run may read or build the kernel at the same time. */
function buildKernel() {
  const partial = `${built}.${process.pid}`;
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const { status } = spawnSync(process.execPath, [asc, '--config', config, '--outFile', partial], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`Building ${built} failed: asc ended with ${status}`);
  renameSync(join(root, partial), join(root, built));
}

function modifiedAtMs(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
