import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = 'src/kernel/kernel.wasm';

/**
 * Builds the WebAssembly kernel if it is missing or older than its sources. Mocha loads this before
 * the tests.
 */
if (isStale()) buildKernel();

function isStale() {
  const builtAtMs = Math.min(modifiedAtMs(built), modifiedAtMs('src/kernel/kernel-exports.ts'));
  const sources = readdirSync(join(root, 'src/kernel/assembly')).map((name) => `src/kernel/assembly/${name}`);
  return ['src/kernel/asconfig.json', 'scripts/build-kernel.mjs', ...sources].some(
    (source) => modifiedAtMs(source) > builtAtMs,
  );
}

function buildKernel() {
  const { status } = spawnSync(process.execPath, ['scripts/build-kernel.mjs'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`building ${built} failed with exit status ${status}`);
}

function modifiedAtMs(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
