import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A version of the program, in a process that runs a contestant on request. */
export class Version {
  private readonly child: ChildProcessWithoutNullStreams;
  /** The end of what it printed to stderr: warnings, and why it failed. */
  private errors = '';
  private readonly lines: AsyncIterator<string>;

  /** `program` is the folder with the version; `input` is that of the contestant. */
  constructor(program: string, contestant: string, input: object) {
    const settings = join(program, 'dist/small-memory.cjs');
    const script = join(program, 'scripts/bench/repeat-one.mjs');
    const args = ['--require', settings, script, contestant, JSON.stringify(input)];
    this.child = spawn(process.execPath, args);
    this.child.stderr.on('data', (chunk) => {
      this.errors = `${this.errors}${chunk}`.slice(-2000);
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Runs the contestant once; returns its processor time in milliseconds. */
  async run(): Promise<number> {
    this.child.stdin.write('\n');
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`a version ended before its run did: ${this.errors}`);
    return Number(value);
  }

  close(): void {
    this.child.stdin.end();
  }
}
