/**
 * Blocks of linear memory. The size of each is a power of two, header included; freed blocks are
 * kept by size and reused. A new block contains whatever was there before. The blocks of a document
 * are not tracked one by one: `reset` forgets them all.
 */

const headerBytes: usize = 16;
const smallestExponent: i32 = 6;

/** The first free block of each size, by exponent. */
const free = memory.data(32 * 4, 16);

const heapStart: usize = (__heap_base + 15) & ~15;
let top: usize = heapStart;

/** Allocates a block of at least that many bytes, aligned to 16. */
export function allocate(bytes: usize): usize {
  const needed = bytes + headerBytes;
  const exponent = max(smallestExponent, 32 - clz<i32>(<i32>(needed - 1)));
  const slot = free + ((<usize>exponent) << 2);
  const reused = load<usize>(slot);
  if (reused !== 0) {
    store<usize>(slot, load<usize>(reused));
    return reused;
  }
  const size: usize = (<usize>1) << exponent;
  const end = top + size;
  const lacking = <i32>((end + 0xffff) >>> 16) - memory.size();
  // Grow by at least a quarter, as each growth costs as much as the whole memory. Pages that nobody
  // touches take no memory.
  if (lacking > 0 && memory.grow(max(lacking, memory.size() >> 2)) < 0 && memory.grow(lacking) < 0)
    unreachable();
  store<i32>(top, exponent);
  const block = top + headerBytes;
  top = end;
  return block;
}

/** Frees a block. */
export function release(block: usize): void {
  const slot = free + ((<usize>load<i32>(block - headerBytes)) << 2);
  store<usize>(block, load<usize>(slot));
  store<usize>(slot, block);
}

/** Returns the capacity of a block in bytes. */
export function capacityOf(block: usize): usize {
  return ((<usize>1) << load<i32>(block - headerBytes)) - headerBytes;
}

/**
 * Returns a block of at least that many bytes instead of `block`, with its first `used` bytes; the
 * same block if it is large enough.
 */
export function enlarge(block: usize, used: usize, needed: usize): usize {
  if (needed <= capacityOf(block)) return block;
  const larger = allocate(needed);
  memory.copy(larger, block, used);
  release(block);
  return larger;
}

/** Forgets all blocks. */
export function reset(): void {
  memory.fill(free, 0, 32 * 4);
  top = heapStart;
}
