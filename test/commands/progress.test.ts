import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { openProgress } from '../../src/commands/setup/progress.js';
import { Terminal } from './terminal.js';

describe('the progress bar of a terminal', () => {
  it('does not appear before there is work, however long that takes, and makes way for warnings', async () => {
    const terminal = new Terminal();
    const progress = openProgress(
      { stdout: terminal, stderr: terminal, env: {}, cwd: '', onStopSignal: () => () => {} },
      { title: 'load' },
    );
    try {
      // The library of the bar draws by a timer of its own.
      await sleep(300);
      progress.log.warn('the disk is slow');
      assert.equal(terminal.text, 'the disk is slow\n');
      for (const key of ['a', 'b']) progress.onEvent({ event: 'work_found', key, reportType: 'GET_X' });
      await sleep(300);
      assert.match(terminal.text, /load .* 0\/2 documents/);
    } finally {
      progress.close();
    }
  });
});

describe('the log of a long step', () => {
  it('has a line when the step begins, and not one for each of its parts', () => {
    const output = new Terminal();
    const stderr = Object.assign(output, { isTTY: false });
    const io = { stdout: output, stderr, env: {}, cwd: '', onStopSignal: () => () => {} };
    const progress = openProgress(io, { title: 'rebuild' });
    for (let done = 0; done < 1000; done += 1) {
      progress.onEvent({ event: 'step_advanced', step: 'reading load records', done, total: 1000 });
    }
    progress.onEvent({ event: 'step_advanced', step: 'committing documents', done: 50, total: 1000 });
    const lines = output.text.trim().split('\n');
    assert.deepEqual(
      lines.map((line) => {
        const { msg, done, total } = JSON.parse(line) as { msg: string; done: number; total: number };
        return [msg, done, total];
      }),
      [
        ['reading load records', 0, 1000],
        ['committing documents', 50, 1000],
      ],
    );
  });
});
