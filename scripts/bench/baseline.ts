import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The commit of the release that the present program is compared with. */
export function baselineCommit(): string {
  return readFileSync(join(root, 'scripts/bench/baseline-commit'), 'utf8').trim();
}

/**
 * A folder with the program of this commit, built with the packages installed now, or why there is
 * none. It is built once and kept in node_modules/.cache.
 */
export function builtCommit(commit: string): { folder: string } | { missing: string } {
  const cache = join(root, 'node_modules/.cache/sp-reports-bench');
  const folder = join(cache, commit);
  if (existsSync(folder)) return { folder };
  if (!hasCommit(commit)) return { missing: 'this clone does not have it' };
  rmSync(cache, { recursive: true, force: true });
  const partial = join(cache, `${commit}.${process.pid}`);
  mkdirSync(partial, { recursive: true });
  try {
    const archive = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: 2 ** 30 });
    execFileSync('tar', ['-x', '-C', partial], { input: archive });
    symlinkSync(join(root, 'node_modules'), join(partial, 'node_modules'));
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: partial, stdio: 'inherit' });
  } catch (error) {
    return { missing: `it cannot be built here (${(error as Error).message})` };
  }
  renameSync(partial, folder);
  return { folder };
}

function hasCommit(commit: string): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
