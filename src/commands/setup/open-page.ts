import { spawn } from 'node:child_process';
import type { Io } from './io.js';

/** Opens a page in the browser of the user. If that fails, only says so. */
export function openPage(url: string, { env, stderr }: Pick<Io, 'env' | 'stderr'>): void {
  const [program, args] = browserOf(process.platform, url);
  const opened = spawn(program, args, { env, stdio: 'ignore', detached: true });
  opened.on('error', ({ message }) => stderr.write(`warning: opening ${url} in a browser: ${message}\n`));
  // The program does not wait for the browser.
  opened.unref();
}

function browserOf(platform: NodeJS.Platform, url: string): [program: string, args: string[]] {
  if (platform === 'darwin') return ['open', [url]];
  if (platform === 'win32') return ['rundll32', ['url.dll,FileProtocolHandler', url]];
  return ['xdg-open', [url]];
}
