import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import type { SandboxReport } from '../../src/sandbox/amazon.js';
import { demoSellers, fillDemo } from '../../src/sandbox/demo-scenario.js';
import { generatedTypes } from '../../src/sandbox/report-generator.js';
import { startSandbox } from '../../src/sandbox/sandbox.js';

interface Filled {
  reports: SandboxReport[];
  messages: number;
  cpuMs: number;
}

async function filled(): Promise<Filled> {
  const sandbox = await startSandbox({ now: () => Date.UTC(2026, 9, 31, 9, 30) });
  try {
    const before = process.cpuUsage();
    const reports = await fillDemo(sandbox);
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000;
    return { reports, messages: (await sandbox.queueDepth()).visible, cpuMs };
  } finally {
    await sandbox.close();
  }
}

const text = ({ document }: SandboxReport) =>
  document?.compression ? gunzipSync(document.bytes) : document?.bytes;

describe('the demo scenario', () => {
  let demo: Filled;
  before(async () => {
    demo = await filled();
  });

  it('has reports of at least nine types, 24 documents, three sellers', () => {
    assert.ok(new Set(demo.reports.map(({ reportType }) => reportType)).size >= 9);
    assert.ok(demo.reports.filter(({ document }) => document).length >= 24);
    assert.deepEqual(
      [...new Set(demo.reports.map(({ sellerId }) => sellerId))].sort(),
      demoSellers.map(({ sellerId }) => sellerId).sort(),
    );
    const shown = new Set(demo.reports.map(({ reportType }) => reportType));
    assert.deepEqual(
      generatedTypes().filter((type) => !shown.has(type)),
      [],
    );
  });

  it('sends a notification for every report, for some twice, and foreign ones too', () => {
    assert.ok(demo.messages >= demo.reports.length + 5, `${demo.messages} messages`);
  });

  it('has a failed report, one without data, a restricted one, two empty ones and a truncated one', () => {
    const { reports } = demo;
    const fatal = reports.find(({ status }) => status === 'FATAL');
    assert.match(String(fatal && text(fatal)), /requested data is unavailable/);
    assert.equal(reports.find(({ status }) => status === 'CANCELLED')?.document, undefined);
    assert.ok(reports.some(({ restricted }) => restricted));
    const whole = reports.filter(({ document }) => document?.compression);
    const lines = whole.map((report) => text(report)?.toString('latin1').split('\n').filter(Boolean).length);
    assert.ok(lines.includes(0), 'no text at all');
    assert.ok(lines.includes(1), 'a header alone');
    const cut = reports.find(({ document }) => document && !document.compression)?.document?.bytes;
    assert.ok(cut);
    assert.equal(cut.readUInt16BE(0), 0x1f8b);
    assert.throws(() => gunzipSync(cut), /unexpected end/);
  });

  it('has documents in Windows-1252 and Shift_JIS, and one that names no charset', () => {
    const types = demo.reports.map(({ document }) => document?.contentType);
    for (const type of ['text/plain; charset=Cp1252', 'text/plain; charset=Shift_JIS', 'text/plain']) {
      assert.ok(types.includes(type), type);
    }
  });

  it('has invalid values, and a row with a surplus cell that is not empty', () => {
    const returns = demo.reports
      .filter(({ reportType }) => reportType === 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA')
      .map((report) => String(text(report)))
      .join('');
    assert.match(returns, /\t1,5x\t/);
    assert.match(returns, /\tUnit returned\tto inventory\t\w+\tSaid /);
  });

  it('is the same each time and set up within three seconds', async () => {
    const again = await filled();
    assert.deepEqual(again.reports, demo.reports);
    assert.ok(Math.min(again.cpuMs, demo.cpuMs) < 3000, `${again.cpuMs} ms of CPU`);
  });
});
