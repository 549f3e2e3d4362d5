import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

export interface Measured {
  seconds: number;
  /** Peak memory of the process as reported by the system; NaN if it is not. */
  peakMegabytes: number;
}

/**
 * Runs a program that prints `{"seconds": ...}` and then waits for the end of its input, and reads
 * its memory from outside. `document` goes to its file descriptor 3.
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
  // The exit of the program says more than a broken pipe.
  if (document) await pipeline(document, child.stdio[3] as Writable).catch(() => {});
  const code = await ended;
  if (code !== 0 || output === '') throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return { seconds: (JSON.parse(output) as Measured).seconds, peakMegabytes };
}

/** Measures a Node script of this folder, started with the same settings as the program. */
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
