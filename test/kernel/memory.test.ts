import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Kernel, takeKernel } from '../../src/kernel/kernel.js';

describe('the memory of the kernel', () => {
  let kernel: Kernel;
  beforeEach(() => {
    kernel = takeKernel();
  });
  afterEach(() => kernel.release());

  interface Block {
    at: number;
    content: Uint8Array;
  }

  const size = fc.oneof(fc.nat(200), fc.nat(70_000));
  const step = fc.record({ what: fc.constantFrom('allocate', 'release', 'enlarge'), size, pick: fc.nat() });

  it('keeps the bytes of each block until it is released, whatever else is allocated', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { calls } = kernel;
        calls.reset();
        const blocks: Block[] = [];
        for (const [index, { what, size, pick }] of steps.entries()) {
          const block = blocks[pick % Math.max(1, blocks.length)];
          const content = new Uint8Array(size).fill(index + 1);
          if (what === 'allocate' || !block) {
            const at = calls.allocate(size);
            kernel.bytes(at, size).set(content);
            blocks.push({ at, content });
          } else if (what === 'release') {
            calls.release(block.at);
            blocks.splice(blocks.indexOf(block), 1);
          } else {
            block.at = calls.enlarge(block.at, block.content.length, size);
          }
          for (const { at, content } of blocks) {
            assert.equal(at % 16, 0);
            assert.ok(calls.capacityOf(at) >= content.length);
            assert.deepEqual(kernel.bytes(at, content.length), content);
          }
        }
      }),
    );
  });

  it('enlarges a block in place while its capacity suffices, and moves it otherwise', () => {
    const { calls } = kernel;
    const block = kernel.copyIn(Buffer.from('kept'));
    const capacity = calls.capacityOf(block);
    assert.equal(calls.enlarge(block, 4, capacity), block);
    const larger = calls.enlarge(block, 4, capacity + 1);
    assert.notEqual(larger, block);
    assert.ok(calls.capacityOf(larger) > capacity);
    assert.equal(kernel.text(larger, larger + 4), 'kept');
    assert.equal(calls.allocate(capacity), block, 'the smaller block is free for another use');
  });

  it('uses a released block again for the next one of its size', () => {
    const { calls } = kernel;
    const [first, second] = [calls.allocate(1000), calls.allocate(1000)];
    calls.release(first);
    calls.release(second);
    assert.deepEqual(new Set([calls.allocate(990), calls.allocate(1000)]), new Set([first, second]));
  });

  it('starts from its first address again after a reset, and forgets released blocks', () => {
    const { calls } = kernel;
    calls.reset();
    const first = calls.allocate(10);
    const second = calls.allocate(10);
    calls.release(second);
    calls.reset();
    assert.deepEqual([calls.allocate(10), calls.allocate(10)], [first, second]);
  });

  it('grows by itself for a block larger than all of its memory', () => {
    const bytes = kernel.calls.memory.buffer.byteLength * 2;
    const block = kernel.calls.allocate(bytes);
    assert.ok(kernel.calls.memory.buffer.byteLength >= block + bytes);
    kernel.bytes(block, bytes)[bytes - 1] = 1;
  });

  it('returns zeros if a caller needs them, although a new block contains what was there before', () => {
    const block = kernel.copyIn(new Uint8Array(500).fill(7));
    kernel.calls.release(block);
    assert.equal(kernel.zeros(500), block);
    assert.deepEqual(kernel.bytes(block, 500), new Uint8Array(500));
  });
});
