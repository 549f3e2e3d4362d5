const { getHeapSpaceStatistics, setFlagsFromString } = require('node:v8') as typeof import('node:v8');
const { PerformanceObserver } = require('node:perf_hooks') as typeof import('node:perf_hooks');

/**
 * Keeps the memory of a long conversion small. This file must be required before anything else,
 * because Node reads both settings when it reads the first file.
 *
 * One document keeps at most two threads besides the main one busy. Each thread of the pool has its
 * own memory, which is released late: with Node's default of four threads, a JSON document of 2 GB
 * took 265 MB instead of 212 MB, and no less time.
 */
process.env.UV_THREADPOOL_SIZE ??= '2';

/**
 * Buffers outside the heap, such as compressed pages, are freed when their small objects in the
 * young generation are collected. By default that generation grows from 1 MB to 16 MB. With 1 MB, a
 * conversion spends a tenth of its processor time on collecting it; with 16 MB, it takes more
 * memory.
 */
const maxYoungBytes = 4 * 1024 * 1024;

/** V8 reads the size of the step whenever the generation grows, and its limit only at the start. */
const setGrowthFactor = (factor: number) => setFlagsFromString(`--semi-space-growth-factor=${factor}`);
setGrowthFactor(4);
const collections = new PerformanceObserver(() => {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  if (young && young.space_size < maxYoungBytes) return;
  setGrowthFactor(1);
  collections.disconnect();
});
collections.observe({ entryTypes: ['gc'] });

/**
 * V8 marks the whole heap when it has grown by a share of its size, which V8 makes smaller when
 * marking takes much of the time: a heap of 18 MB was then marked whenever the buffers of a row
 * group had been added to it, which took a quarter of the processor time of a conversion.
 */
setFlagsFromString('--heap-growing-percent=100');
