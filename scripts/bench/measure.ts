import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

export interface Measured {
  seconds: number;
  /** The most memory that the process had at once, as the system tells; NaN where it doesn't. */
  peakMegabytes: number;
}

/**
 * Runs a program that prints `{"seconds": ...}` and then waits for the end of its input, and reads from outside what memory it took.
 * `document` goes to its file descriptor 3.
 */
export async function measure(command: string, args: string[], document?: Readable): Promise<Measured> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit', document ? 'pipe' : 'ignore'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let output = '';
  let peakMegabytes = Number.NaN;
  child.stdout?.on('data', (chunk) => {
    output += chunk;
    if (!output.endsWith('\n')) return;
    peakMegabytes = peakOf(child.pid as number);
    child.stdin?.end();
  });
  // How the program ended says more than a pipe that broke.
  if (document) await pipeline(document, child.stdio[3] as Writable).catch(() => {});
  const code = await ended;
  if (code !== 0 || output === '') throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return { seconds: (JSON.parse(output) as Measured).seconds, peakMegabytes };
}

/** Measures a Node script of this folder, with the settings that the program itself starts with. */
export function measureScript(name: string, args: string[], document?: Readable): Promise<Measured> {
  const settings = fileURLToPath(new URL('../../dist/small-memory.cjs', import.meta.url));
  const script = fileURLToPath(new URL(name, import.meta.url));
  return measure(process.execPath, ['--require', settings, script, ...args], document);
}

function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
  } catch {
    return Number.NaN;
  }
}
