import { Writable } from 'node:stream';

/** A terminal that records what is written to it. */
export class Terminal extends Writable {
  readonly isTTY = true;
  readonly columns: number = 80;
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
