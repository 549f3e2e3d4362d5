import { isDeepStrictEqual } from 'node:util';
import type { Warehouse } from '../../../src/warehouse/types.js';
import type { SimulatedProcess } from '../process.js';
import { madeTypes } from '../report-contents.js';
import type { Contents } from './real-warehouse.js';

/** Calls `work` if the process is killed, after what was to be done before. */
export function onKill(process: SimulatedProcess, work: () => void): void {
  const { onKilled } = process;
  process.onKilled = () => {
    onKilled();
    work();
  };
}

/**
 * How a process reaches a server outside of the world: each request is a call at which it may be
 * killed, and time goes on slowly until the answer is there. A process that was killed meanwhile
 * never sees the answer.
 */
export function reach(process: SimulatedProcess) {
  return async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const begun = await process.call(name, 1, () => {
      const endPace = process.loop.pace();
      return { answer: work().finally(endPace) };
    });
    try {
      return await begun.answer;
    } finally {
      if (!process.isAlive) await new Promise(() => {});
    }
  };
}

/** Reads the tables and the ledger of a warehouse as they were at one time. */
export async function readContents(warehouse: Warehouse): Promise<Contents> {
  for (let ledger = await warehouse.loads({}); ; ) {
    const names = new Set((await warehouse.tables()).map(({ name }) => name));
    const rows: Contents['rows'] = new Map();
    for (const { table } of madeTypes.values()) {
      if (names.has(table)) rows.set(table, (await warehouse.query(`SELECT * FROM ${table}`)).rows);
    }
    const after = await warehouse.loads({});
    // Each transaction writes to the ledger.
    if (isDeepStrictEqual(after, ledger)) return { ledger, rows };
    ledger = after;
  }
}
