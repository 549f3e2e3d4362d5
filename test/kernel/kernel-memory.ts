import type { Cells, Kernel } from '../../src/kernel/kernel.js';

/** The kernel may read, and write, this many bytes after a text. */
const slack = Buffer.alloc(80);

/** Copies integers into the kernel's memory, 4 or 8 bytes each, and returns their address. */
export function copyInIntegers(kernel: Kernel, values: readonly number[] | readonly bigint[]): number {
  const integers = values.every((value) => typeof value === 'number')
    ? Int32Array.from(values)
    : BigInt64Array.from(values as readonly bigint[]);
  return kernel.copyIn(new Uint8Array(integers.buffer));
}

export function copyInDoubles(kernel: Kernel, values: readonly number[]): number {
  return kernel.copyIn(new Uint8Array(Float64Array.from(values).buffer));
}

/** Copies a bitmap in Arrow's layout into the kernel's memory and returns its address. */
export function copyInBits(kernel: Kernel, bits: readonly boolean[]): number {
  return kernel.copyIn(bitmapOf(bits));
}

export function bitmapOf(bits: readonly boolean[]): Uint8Array {
  const bitmap = new Uint8Array((bits.length + 7) >>> 3);
  for (const [index, bit] of bits.entries()) {
    if (bit) bitmap[index >>> 3] = (bitmap[index >>> 3] ?? 0) | (1 << (index & 7));
  }
  return bitmap;
}

/** Returns the first `count` bits of a bitmap in the kernel's memory. */
export function readBits(kernel: Kernel, bitmap: number, count: number): boolean[] {
  const bytes = kernel.bytes(bitmap, (count + 7) >>> 3);
  return Array.from({ length: count }, (_, index) => (((bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1) === 1);
}

/** Copies a text into the kernel's memory, followed by the bytes that may be read after it. */
export function placeText(kernel: Kernel, text: string): { at: number; length: number } {
  const bytes = Buffer.from(text);
  return { at: kernel.copyIn(Buffer.concat([bytes, slack])), length: bytes.length };
}

/** Texts in Arrow's layout. */
export function copyInTexts(kernel: Kernel, texts: readonly string[]): { offsets: number; bytes: number } {
  const offsets = [0];
  for (const text of texts) offsets.push((offsets.at(-1) ?? 0) + Buffer.byteLength(text));
  return { offsets: copyInIntegers(kernel, offsets), bytes: placeText(kernel, texts.join('')).at };
}

/** How a cell is written: see `cell.ts` of the kernel. */
export const plain = 0;
export const outerQuotes = 1;
export const json = 2;

/** The cells of one column; a row lacks the cell that is undefined. */
export function placeCells(kernel: Kernel, cells: readonly (string | undefined)[], form = plain): Cells {
  const present = cells.map((cell) => cell ?? '');
  const text = placeText(kernel, present.map((cell) => `|${cell}`).join(''));
  let before = 0;
  const marks = present.flatMap((cell, row) => {
    const end = before + 1 + Buffer.byteLength(cell);
    const pair = cells[row] === undefined ? [-1, -1] : [before, end];
    before = end;
    return pair;
  });
  const rows = cells.map((_, row) => row * 2);
  return [text.at, copyInIntegers(kernel, marks), copyInIntegers(kernel, rows), cells.length, 0, form];
}
