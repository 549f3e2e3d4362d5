import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { openCrashJournal } from '../../src/scheduling/crash-journal.js';
import { withFileFault } from '../faults/file-faults.js';

/** No process has this number: it is above the largest pid of Linux. */
const deadPid = 4_194_305;
const nowMs = Date.parse('2026-11-25T12:00:00Z');

describe('the crash journal', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    path = join(folder, 'killed.json');
    mock.timers.enable({ apis: ['Date', 'setInterval'], now: nowMs });
  });
  afterEach(() => {
    mock.timers.reset();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (content: unknown) => writeFileSync(path, JSON.stringify(content));

  it('does not count live work of another host that shares the state folder as killed', async () => {
    const other = openCrashJournal(path, 'other-host');
    await other.begin('A1/doc-1');
    assert.equal(openCrashJournal(path, 'this-host').crashes('A1/doc-1'), 0);
    await other.end('A1/doc-1');
  });

  it('does not count work of another host as killed because a pid is free on this host', () => {
    write({ 'A1/doc-1': [{ host: 'other-host', pid: deadPid, seenAtMs: nowMs }] });
    assert.equal(openCrashJournal(path, 'this-host').crashes('A1/doc-1'), 0);
  });

  it('counts work of another host as killed once its heartbeat has stopped', async () => {
    write({ 'A1/doc-1': [{ host: 'other-host', pid: process.pid, seenAtMs: nowMs - 121_000 }] });
    assert.equal(openCrashJournal(path, 'this-host').crashes('A1/doc-1'), 1);
  });

  it('keeps the heartbeat of long work going, and stops it with the work', async () => {
    const worker = openCrashJournal(path, 'other-host');
    const seenAtMs = () => JSON.parse(readFileSync(path, 'utf8'))['A1/doc-1'][0].seenAtMs;
    await worker.begin('A1/doc-1');
    mock.timers.tick(30_000);
    for (let turn = 0; seenAtMs() === nowMs && turn < 1000; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    assert.equal(seenAtMs(), nowMs + 30_000);
    await worker.end('A1/doc-1');
    const content = readFileSync(path, 'utf8');
    mock.timers.tick(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(readFileSync(path, 'utf8'), content);
  });

  it('counts dead processes of this host as killed, and neither its live ones nor its own', async () => {
    const here = (pid: number) => ({ host: 'this-host', pid, seenAtMs: nowMs });
    write({ dead: [here(deadPid), here(deadPid)], live: [here(process.ppid)], before: [here(process.pid)] });
    const journal = openCrashJournal(path, 'this-host');
    await journal.begin('mine');
    assert.deepEqual(
      ['dead', 'live', 'before', 'mine', 'none'].map((key) => journal.crashes(key)),
      [2, 0, 1, 0, 0],
    );
    await journal.end('mine');
  });

  it('understands files of earlier versions, which hold pids alone', async () => {
    write({ dead: [deadPid], live: [process.ppid] });
    const journal = openCrashJournal(path, 'this-host');
    assert.deepEqual([journal.crashes('dead'), journal.crashes('live')], [1, 0]);
    await journal.begin('dead');
    assert.equal(journal.crashes('dead'), 1);
    await journal.end('dead');
    assert.equal(journal.crashes('dead'), 0);
  });

  it('does not count work as killed that ended while the file could not be written', async () => {
    const journal = openCrashJournal(path, 'this-host');
    await journal.begin('A1/doc-1');
    await withFileFault({ folder, at: 1, lasts: 'on', code: 'EROFS' }, () => journal.end('A1/doc-1'));
    const next = openCrashJournal(path, 'this-host');
    assert.equal(next.crashes('A1/doc-1'), 0);
    await next.begin('A1/doc-2');
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(path, 'utf8'))), ['A1/doc-2']);
    await next.end('A1/doc-2');
  });

  it('knows of no crash while the file cannot be read', async () => {
    write({ dead: [{ host: 'this-host', pid: deadPid, seenAtMs: nowMs }] });
    const journal = openCrashJournal(path, 'this-host');
    const { done } = await withFileFault({ folder, at: 1, lasts: 'on', code: 'EIO' }, async () =>
      journal.crashes('dead'),
    );
    assert.deepEqual([done, journal.crashes('dead')], [0, 1]);
  });
});
