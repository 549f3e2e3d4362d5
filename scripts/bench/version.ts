import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A version of the program, in a process that runs a contestant whenever it is told to. */
export class Version {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  /** `program` is the folder with the version; `input` is that of the contestant. */
  constructor(program: string, contestant: string, input: object) {
    const settings = join(program, 'dist/small-memory.cjs');
    const script = join(program, 'scripts/bench/repeat-one.mjs');
    const args = ['--require', settings, script, contestant, JSON.stringify(input)];
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Runs the contestant once; returns its processor time in milliseconds. */
  async run(): Promise<number> {
    this.child.stdin.write('\n');
    const { value, done } = await this.lines.next();
    if (done) throw new Error('a version ended before its run did');
    return Number(value);
  }

  close(): void {
    this.child.stdin.end();
  }
}
