import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig } from '../../src/config/read.js';
import { routes } from '../../src/status/server/routes.js';
import { commandMistake, root } from './blocks.js';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = readdirSync(join(root, 'docs/deploy')).map((name) => `docs/deploy/${name}`);
const units = files.filter((name) => /\.(service|timer)$/.test(name));
const manifests = files.filter((name) => name.endsWith('.yaml'));

/** Fails if the program has no such command, or the command no such option. */
function assertRuns(words: string[]): void {
  assert.equal(commandMistake(words), undefined, words.join(' '));
}

/**
 * The command lines of our program in a text: the words after its name up to the end of the
 * command.
 */
function commandLines(text: string): string[][] {
  return [...text.matchAll(/(?:^|[\s`])sp-reports((?: +(?:--?[a-z-]+|[a-z]+|\/\S+\.yaml))+)/gm)].map(
    ([, line = '']) => line.trim().split(/ +/),
  );
}

describe('the files in docs/deploy', () => {
  const page = read('docs/deploy.md');

  it('are all on their page, and every file that the page links to exists', () => {
    const links = [...page.matchAll(/\]\((deploy\/[^)]+)\)/g)].map(([, path]) => `docs/${path}`);
    const onPage = new Set(links);
    for (const link of onPage) assert.ok(existsSync(join(root, link)), link);
    assert.deepEqual(
      files.filter((file) => !onPage.has(file) && !file.endsWith('.dockerignore')),
      [],
    );
  });

  it('run commands and options that the program has', () => {
    const blocks = [...page.matchAll(/```(?:sh|cron)\n([\s\S]*?)```/g)]
      .map(([, block = '']) => block)
      .join('\n');
    const own = blocks.replace(
      /^(npm|useradd|install|cp|systemctl|journalctl|kubectl (?:create|apply)).*$/gm,
      '',
    );
    const inline = [...page.matchAll(/`(sp-reports [^`]+)`/g)].map(([, line = '']) => line).join('\n');
    const starts = units.map((unit) => read(unit).replace(/^(?!ExecStart).*$/gm, '')).join('\n');
    const ofPods = manifests.flatMap((file) => containersOf(file).map(({ args }) => args as string[]));
    const [, check = ''] = /^HEALTHCHECK .*CMD (\[.*\])$/m.exec(read('docs/deploy/Dockerfile')) ?? [];
    const [, start = ''] = /^CMD (\[.*\])$/m.exec(read('docs/deploy/Dockerfile')) ?? [];
    const docker = [JSON.parse(check).slice(1), JSON.parse(start)] as string[][];
    const lines = [...[own, inline, starts].map(commandLines), ofPods, docker];
    for (const found of lines) assert.ok(found.length > 0);
    for (const words of lines.flat()) assertRuns(words);
    assert.throws(() => assertRuns(['run', '--absent']));
    assert.throws(() => assertRuns(['absent']));
  });

  it('never run as root', () => {
    assert.match(read('docs/deploy/Dockerfile'), /^USER node$/m);
    for (const unit of units.filter((name) => name.endsWith('.service')))
      assert.match(read(unit), /^User=sp-reports$/m, unit);
    for (const file of manifests) {
      for (const { securityContext } of containersOf(file)) {
        assert.deepEqual(
          [securityContext.allowPrivilegeEscalation, securityContext.readOnlyRootFilesystem],
          [false, true],
        );
      }
      assert.match(read(file), /runAsNonRoot: true/);
    }
  });

  it('copy into the image only files that exist, and build with scripts that exist', () => {
    const dockerfile = read('docs/deploy/Dockerfile');
    const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from = '']) =>
      from.split(' '),
    );
    assert.ok(copies.length > 5);
    for (const name of copies) assert.ok(existsSync(join(root, name)), name);
    const { scripts, engines } = JSON.parse(read('package.json'));
    for (const [, script = ''] of dockerfile.matchAll(/npm run (\w+)/g)) assert.ok(scripts[script], script);
    const [, version] = /^FROM node:(\d+)/m.exec(dockerfile) ?? [];
    assert.ok(Number(version) > Number.parseInt(engines.node.slice(2), 10));
  });

  /** The settings of a manifest, whose pods have a volume at /data. */
  function settingsOf(file: string) {
    const folder = mkdtempSync(join(tmpdir(), 'sp-reports-deploy-'));
    try {
      writeFileSync(join(folder, 'pipelines.yaml'), documentsOf(file)[0].data['pipelines.yaml']);
      const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/reports';
      const names = ['SELLER_ID', 'LWA_CLIENT_ID', 'LWA_CLIENT_SECRET', 'LWA_REFRESH_TOKEN'];
      const env = {
        ...Object.fromEntries(names.map((name) => [name, 'x'])),
        SP_REPORTS_QUEUE_URL: queue,
        SP_REPORTS_STATUS_TOKEN: 'a-token-of-some-length',
      };
      const mounts = containersOf(file).flatMap(({ volumeMounts }) => volumeMounts);
      assert.ok(mounts.some(({ mountPath }: { mountPath: string }) => mountPath === '/data'));
      return readConfig({ cwd: folder, env });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('give Kubernetes settings that the program reads, and one pod at a time', () => {
    const [, , deployment] = documentsOf('docs/deploy/kubernetes.yaml');
    const { warehouse, lake, raw, state } = settingsOf('docs/deploy/kubernetes.yaml');
    for (const place of ['path' in warehouse ? warehouse.path : '', lake, raw, state])
      assert.ok(place.startsWith('/data/'), place);
    assert.deepEqual([deployment.spec.replicas, deployment.spec.strategy.type], [1, 'Recreate']);
    const [job] = documentsOf('docs/deploy/kubernetes-cronjob.yaml');
    assert.deepEqual([job.kind, job.spec.concurrencyPolicy], ['CronJob', 'Forbid']);
  });

  for (const file of ['docs/deploy/kubernetes.yaml', 'docs/deploy/kubernetes-replicas.yaml']) {
    it(`probe pods through the status page: ${file}`, () => {
      const [{ ports, livenessProbe, readinessProbe }] = containersOf(file);
      const { port, token } = settingsOf(file).status || {};
      assert.deepEqual([ports[0].name, ports[0].containerPort], ['status', port]);
      assert.ok(token);
      for (const { httpGet } of [livenessProbe, readinessProbe]) {
        assert.equal(httpGet.port, 'status');
        assert.ok(routes[`GET ${httpGet.path}`]?.isOpen, httpGet.path);
      }
    });
  }

  it('let several pods share only the volume that is made for it', () => {
    const file = 'docs/deploy/kubernetes-replicas.yaml';
    const deployment = documentsOf(file).find(({ kind }) => kind === 'Deployment');
    assert.ok(deployment.spec.replicas > 1);
    for (const { persistentVolumeClaim } of deployment.spec.template.spec.volumes)
      assert.equal(persistentVolumeClaim, undefined);
    const { warehouse, lake, raw, state } = settingsOf(file);
    assert.equal(warehouse.type, 'bigquery');
    for (const place of [lake, raw]) assert.match(place, /^gs:\/\//);
    assert.ok(state.startsWith('/data/'));
  });

  it('pass the check of systemd', function () {
    const { error, status, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', ...units.map((unit) => join(root, unit))],
      {
        encoding: 'utf8',
      },
    );
    if (error) {
      console.log('skipped: there is no systemd-analyze to verify the units with');
      this.skip();
    }
    assert.deepEqual([status, stderr], [0, '']);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a manifest is what the test says it is
type Manifest = any;

function documentsOf(file: string): Manifest[] {
  return parseAllDocuments(read(file)).map((document) => {
    assert.deepEqual(document.errors, []);
    return parse(String(document));
  });
}

function containersOf(file: string): Manifest[] {
  return documentsOf(file).flatMap(({ spec }) => {
    const template = spec?.template ?? spec?.jobTemplate?.spec.template;
    return template?.spec.containers ?? [];
  });
}
