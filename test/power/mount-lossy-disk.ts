import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { DiskEvent, Order } from './disk-process.js';

/** A disk that loses its power, mounted at a folder. */
export interface MountedDisk {
  /**
   * Cuts the power in place of a change of files, from 1 on, or not. Returns how many changes there
   * were since the last call or restart.
   */
  plan(cutAt?: number): Promise<number>;
  /** Resolves with the operation that did not happen, when the power is cut. */
  cut(): Promise<string>;
  /**
   * Mounts what is left. Call it after a cut, once whoever uses the disk is being killed, or to cut
   * the power now. `seed` decides what is lost. Returns how many changes were lost.
   */
  restart(seed: number): Promise<number>;
  unmount(): Promise<void>;
}

/**
 * Mounts an empty `LossyDisk` at a folder. Returns undefined, and prints the reason, if this
 * machine or this process can't mount one.
 */
export async function mountLossyDisk(folder: string): Promise<MountedDisk | undefined> {
  mkdirSync(folder, { recursive: true });
  const server = fork(new URL('disk-process.ts', import.meta.url), [folder], {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  const waiting: ((event: DiskEvent) => void)[] = [];
  let onCut = (_: string) => {};
  let nextCut = Promise.resolve('');
  server.on('message', (event: DiskEvent) => {
    if (event.event === 'cut') onCut(event.operation);
    else waiting.shift()?.(event);
  });
  const ended = new Promise<void>((resolve) => server.on('exit', () => resolve()));
  server.on('exit', () => {
    for (const resolve of waiting) resolve({ event: 'refused', reason: 'the process of the disk has ended' });
  });
  const next = () => new Promise<DiskEvent>((resolve) => waiting.push(resolve));
  const order = async (given: Order): Promise<DiskEvent> => {
    const answer = next();
    server.send(given);
    const event = await answer;
    if (event.event === 'refused') throw new Error(event.reason);
    return event;
  };
  const unmount = () => {
    if (server.connected) server.disconnect();
    return ended;
  };
  const mounted = await next();
  if (mounted.event === 'refused') {
    console.warn(`    skipped: a disk that loses its power is mounted by FUSE: ${mounted.reason}`);
    await unmount();
    return undefined;
  }
  return {
    async plan(cutAt) {
      nextCut = new Promise((resolve) => {
        onCut = resolve;
      });
      const event = await order({ order: 'plan', cutAt });
      return event.event === 'planned' ? event.changes : 0;
    },
    cut: () => nextCut,
    async restart(seed) {
      const event = await order({ order: 'restart', seed });
      return event.event === 'restarted' ? event.lost : 0;
    },
    unmount,
  };
}
