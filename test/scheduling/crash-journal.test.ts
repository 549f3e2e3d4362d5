import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSharedJson } from '../../src/files/shared-json.js';
import type { Clock } from '../../src/runtime/clock.js';
import { killedJson, openCrashJournal } from '../../src/scheduling/crash-journal.js';
import { withFullDisk } from '../files/full-disk.js';
import { withFileFault } from '../faults/file-faults.js';
import { silent } from '../files/recorded-warnings.js';

/** No process has this number: it is above the largest pid of Linux. */
const deadPid = 4_194_305;
const startMs = Date.parse('2026-11-25T12:00:00Z');

describe('the crash journal', () => {
  let folder: string;
  let path: string;
  let clock: ManualClock;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    path = join(folder, 'killed.json');
    clock = manualClock(startMs);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const openJournal = (host: string) => openCrashJournal(path, { host, clock, ...silent });
  /** Changes of one process are made in order: this one ends after all that began before it. */
  const pendingChanges = () => openSharedJson(path, killedJson, silent).change((held) => held);
  const write = (content: unknown) => writeFileSync(path, JSON.stringify(content));

  it('does not count live work of another host that shares the state folder as killed', async () => {
    const other = openJournal('other-host');
    await other.begin('A1/doc-1');
    assert.equal(openJournal('this-host').crashes('A1/doc-1'), 0);
    await other.end('A1/doc-1');
  });

  it('does not count work of another host as killed because a pid is free on this host', () => {
    write({ 'A1/doc-1': [{ host: 'other-host', pid: deadPid, seenAtMs: startMs }] });
    assert.equal(openJournal('this-host').crashes('A1/doc-1'), 0);
  });

  it('counts work of another host as killed once its heartbeat has stopped', async () => {
    write({ 'A1/doc-1': [{ host: 'other-host', pid: process.pid, seenAtMs: startMs - 121_000 }] });
    assert.equal(openJournal('this-host').crashes('A1/doc-1'), 1);
  });

  it('keeps the heartbeat of long work going, and stops it with the work', async () => {
    const worker = openJournal('other-host');
    const seenAtMs = () => JSON.parse(readFileSync(path, 'utf8'))['A1/doc-1'][0].seenAtMs;
    await worker.begin('A1/doc-1');
    assert.equal(seenAtMs(), startMs);
    clock.tick(30_000);
    await pendingChanges();
    assert.equal(seenAtMs(), startMs + 30_000);
    await worker.end('A1/doc-1');
    assert.equal(clock.isIdle(), true);
    const content = readFileSync(path, 'utf8');
    clock.tick(60_000);
    await pendingChanges();
    assert.equal(readFileSync(path, 'utf8'), content);
  });

  it('counts dead processes of this host as killed, and neither its live ones nor its own', async () => {
    const here = (pid: number) => ({ host: 'this-host', pid, seenAtMs: startMs });
    write({ dead: [here(deadPid), here(deadPid)], live: [here(process.ppid)], before: [here(process.pid)] });
    const journal = openJournal('this-host');
    await journal.begin('mine');
    assert.deepEqual(
      ['dead', 'live', 'before', 'mine', 'none'].map((key) => journal.crashes(key)),
      [2, 0, 1, 0, 0],
    );
    await journal.end('mine');
  });

  it('understands files of earlier versions, which hold pids alone', async () => {
    write({ dead: [deadPid], live: [process.ppid] });
    const journal = openJournal('this-host');
    assert.deepEqual([journal.crashes('dead'), journal.crashes('live')], [1, 0]);
    await journal.begin('dead');
    assert.equal(journal.crashes('dead'), 1);
    await journal.end('dead');
    assert.equal(journal.crashes('dead'), 0);
  });

  it('does not count work as killed that ended while the file could not be written', async () => {
    const journal = openJournal('this-host');
    await journal.begin('A1/doc-1');
    await withFileFault({ folder, at: 1, lasts: 'on', code: 'EROFS' }, () => journal.end('A1/doc-1'));
    const next = openJournal('this-host');
    assert.equal(next.crashes('A1/doc-1'), 0);
    await next.begin('A1/doc-2');
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(path, 'utf8'))), ['A1/doc-2']);
    await next.end('A1/doc-2');
  });

  it('keeps the counts of other work when the disk has no room for another file', async () => {
    write({ dead: [{ host: 'this-host', pid: deadPid, seenAtMs: startMs }] });
    const journal = openJournal('this-host');
    await journal.begin('A1/doc-1');
    await withFullDisk(folder, 1, () => journal.end('A1/doc-1'));
    const left = JSON.parse(readFileSync(path, 'utf8'));
    assert.deepEqual(Object.keys(left), ['dead']);
    assert.equal(openJournal('this-host').crashes('dead'), 1);
  });

  it('knows of no crash while the file cannot be read', async () => {
    write({ dead: [{ host: 'this-host', pid: deadPid, seenAtMs: startMs }] });
    const journal = openJournal('this-host');
    const { done } = await withFileFault({ folder, at: 1, lasts: 'on', code: 'EIO' }, async () =>
      journal.crashes('dead'),
    );
    assert.deepEqual([done, journal.crashes('dead')], [0, 1]);
  });
});

interface ManualClock extends Clock {
  /** Lets time pass and starts the periodic work that is due, in order. */
  tick(ms: number): void;
  /** Whether no periodic work is left. */
  isIdle(): boolean;
}

function manualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  const repeated = new Set<{ everyMs: number; dueMs: number; work: () => void }>();
  return {
    now: () => nowMs,
    sleep: () => assert.fail('nothing waits'),
    every(everyMs, work) {
      const each = { everyMs, dueMs: nowMs + everyMs, work };
      repeated.add(each);
      return () => repeated.delete(each);
    },
    tick(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const next = [...repeated].toSorted((a, b) => a.dueMs - b.dueMs)[0];
        if (!next || next.dueMs > endMs) break;
        nowMs = next.dueMs;
        next.dueMs += next.everyMs;
        next.work();
      }
      nowMs = endMs;
    },
    isIdle: () => repeated.size === 0,
  };
}
