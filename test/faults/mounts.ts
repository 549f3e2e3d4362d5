import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/**
 * Mounts a file system at an empty folder. Returns undefined, and prints the reason, if this
 * process may not mount.
 */
export function tryMount(
  folder: string,
  options: string,
): { remount(options: string): void; unmount(): void } | undefined {
  mkdirSync(folder, { recursive: true });
  const mount = (given: string) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', given, 'sp-reports-test', folder], { stdio: 'pipe' });
  try {
    mount(options);
  } catch (error) {
    const [reason] = (error as Error).message.split('\n').slice(-2);
    console.warn(`    skipped: this test mounts a file system, which needs root: ${reason}`);
    return undefined;
  }
  return {
    remount: (given) => void mount(`remount,${given}`),
    unmount: () => void execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' }),
  };
}
