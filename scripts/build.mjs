import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Builds the program into dist/, in a folder beside it that takes its place when it is complete: a
 * program that runs meanwhile finds its files, and a failed build changes nothing.
 * `--if-changed` does nothing if dist/ is newer than everything that it is made from.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const sources = ['src', 'schemas', 'scripts/build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];

if (!(process.argv.includes('--if-changed') && isNew())) await build();

function isNew() {
  // Written last.
  const builtAtMs = modifiedAtMs(join(dist, 'schema/compiled.json'));
  return sources.every((name) => newestMs(join(root, name)) < builtAtMs);
}

async function build() {
  const fresh = join(root, `dist.${process.pid}`);
  try {
    run(process.execPath, ['scripts/build-kernel.mjs']);
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'src/tsconfig.json', '--outDir', fresh]);
    copyFileSync(join(root, 'src/kernel/kernel.wasm'), join(fresh, 'kernel/kernel.wasm'));
    cpSync(join(root, 'src/status/page'), join(fresh, 'status/page'), { recursive: true });
    rmSync(join(fresh, 'status/page/tsconfig.json'));
    const { compileSchemas } = await import(pathToFileURL(join(root, 'scripts/compile-schemas.mjs')).href);
    await compileSchemas(fresh);
    chmodSync(join(fresh, 'main.cjs'), 0o755);
    const old = join(root, `dist.${process.pid}.old`);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function run(program, args) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    rmSync(join(root, `dist.${process.pid}`), { recursive: true, force: true });
    process.exit(1);
  }
}

/** The newest file or folder below a path: a folder changes when a file in it is removed. */
function newestMs(path) {
  const own = modifiedAtMs(path);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return own;
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return Math.max(own, ...names.map((name) => modifiedAtMs(join(path, name))));
}

function modifiedAtMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
