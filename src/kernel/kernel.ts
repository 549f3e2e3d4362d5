import { readFileSync } from 'node:fs';
import type { KernelExports } from './kernel-exports.js';

/** The cells of some rows in one column: the first parameters of every call that reads them. */
export type Cells = [text: number, marks: number, rows: number, count: number, column: number, form: number];

/** A kernel with more memory than this is left to the garbage collector, not kept for reuse. */
const maxBytesKept = 64 * 1024 * 1024;
const maxKept = 4;

let compiled: WebAssembly.Module | undefined;
const idle: Kernel[] = [];

/** Returns a kernel for exclusive use, with empty memory: a returned one, or a new instance. */
export function takeKernel(): Kernel {
  return idle.pop() ?? new Kernel();
}

/**
 * The loops that every byte of a document goes through, in WebAssembly with their own memory. Any
 * call that allocates may move that memory, so a view is valid only until the next such call.
 */
export class Kernel {
  readonly calls: KernelExports;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)));
    const exports: object = new WebAssembly.Instance(compiled).exports;
    this.calls = exports as KernelExports;
  }

  /** Copies these bytes into a new block and returns its address. */
  copyIn(bytes: Uint8Array): number {
    const at = this.calls.allocate(bytes.length);
    this.bytes(at, bytes.length).set(bytes);
    return at;
  }

  /** Allocates a block of that many zero bytes and returns its address. */
  zeros(bytes: number): number {
    const at = this.calls.allocate(bytes);
    this.bytes(at, bytes).fill(0);
    return at;
  }

  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.calls.memory.buffer, at, length);
  }

  int32(at: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.calls.memory.buffer, at, length);
  }

  int64(at: number, length: number): BigInt64Array<ArrayBuffer> {
    return new BigInt64Array(this.calls.memory.buffer, at, length);
  }

  text(from: number, to: number): string {
    return Buffer.from(this.calls.memory.buffer, from, to - from).toString();
  }

  /** Frees all memory and makes the kernel available to the next user. Views become invalid. */
  release(): void {
    this.calls.reset();
    if (idle.length < maxKept && this.calls.memory.buffer.byteLength <= maxBytesKept) idle.push(this);
  }
}
