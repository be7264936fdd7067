/**
 * Goal: settings in etcd's own YAML file are moved as those in an env file are. Method: a real cluster
 * whose members are started with --config-file is migrated under clients, and rolled back to the byte.
 */

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';

import { labStatus } from '../../src/lab/lab-status.ts';
import { type Rig, STORY_MS, endRigs, expectExit, withRig } from '../support/lab-rig.ts';

const run = promisify(execFile);
/** A member that was started anew is healthy after some ten seconds on a quiet machine, and after thirty on a busy one. */
const SETTLES_MS = 120_000;

/** Comments, quotes, a flow mapping and an order of somebody's own. */
function yamlText(settings: ReadonlyMap<string, string>): string {
  const of = (name: string): string => settings.get(`ETCD_${name}`) ?? '';
  return `# managed by hand
name: '${of('NAME')}'
data-dir: ${of('DATA_DIR')}   # on the fast disk

# --- peers ---
listen-peer-urls: "${of('LISTEN_PEER_URLS')}"
initial-advertise-peer-urls: ${of('INITIAL_ADVERTISE_PEER_URLS')}
client-transport-security: { auto-tls: false }
initial-cluster: ${of('INITIAL_CLUSTER')}  # as it was formed
initial-cluster-state: new
initial-cluster-token: ${of('INITIAL_CLUSTER_TOKEN')}
listen-client-urls: ${of('LISTEN_CLIENT_URLS')}
advertise-client-urls: ${of('ADVERTISE_CLIENT_URLS')}
# Off when a file is used, and the clients of this test come through it.
enable-grpc-gateway: true
# the end, without a newline`;
}

/** One member after the other is started from a YAML file instead of its env file. */
async function startFromYaml(rig: Rig): Promise<void> {
  for (const { folder } of rig.lab.members) {
    const file = (name: string): string => path.join(folder, name);
    const environment = await readFile(file('etcd.env'), 'utf8');
    const pairs = [...environment.matchAll(/^(ETCD_\w+)="?(.*?)"?$/gm)];
    const settings = new Map(pairs.map(([, name = '', value = '']) => [name, value]));
    await writeFile(file('etcd.yml'), yamlText(settings));
    const start = await readFile(file('start.sh'), 'utf8');
    const changed = start
      .replace('. "$here/etcd.env" || exit 2', ':')
      .replace('exec "$etcd"', 'exec "$etcd" --config-file "$here/etcd.yml"');
    expect(changed).not.toBe(start);
    await writeFile(file('start.sh'), changed);
    await run('sh', [file('stop.sh')]);
    await run('sh', [file('start.sh')]);
    await vi.waitUntil(() => isHealthy(rig), { timeout: SETTLES_MS, interval: 200 });
  }
}

async function isHealthy(rig: Rig): Promise<boolean> {
  const status = await labStatus({ dir: rig.lab.dir });
  return status.ok && status.value.members.every(({ health }) => health === 'healthy');
}

async function files(rig: Rig): Promise<Readonly<Record<string, string>>> {
  const texts = rig.lab.members.map(async ({ name, folder }) => {
    return [name, await readFile(path.join(folder, 'etcd.yml'), 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

const IN_YAML = {
  plan: (text: string): string => {
    return text.replaceAll('format: env-file', 'format: yaml').replaceAll('etcd.env', 'etcd.yml');
  },
};

describe.concurrent('a cluster with its settings in YAML files', { timeout: STORY_MS }, () => {
  it('is moved under clients, verified, and rolled back to the first byte', async () => {
    await withRig(IN_YAML, async (rig) => {
      await startFromYaml(rig);
      const before = await files(rig);
      const preview = await rig.run('preview');
      expectExit(preview, 0);
      expectExit(await rig.run('run', '--yes'), 0);
      await rig.expectServing('https');
      expectExit(await rig.run('verify'), 0);
      const after = await files(rig);
      for (const [name, text] of Object.entries(before)) {
        const kept = (after[name] ?? '').split('\n');
        const untouched = text
          .split('\n')
          .filter((line) => !/peer-urls:|^initial-cluster/.test(line));
        expect(kept).toEqual(expect.arrayContaining(untouched));
        expect(after[name]).toContain('\npeer-transport-security:\n  cert-file: ');
        expect(after[name]).toContain('  client-cert-auth: true\n# the end, without a newline');
      }
      expectExit(await rig.run('rollback', '--yes'), 0);
      await rig.expectServing('http');
      expect(await files(rig)).toEqual(before);
      await rig.expectNothingLost();
    });
  });

  it('is rolled back to the first byte after a run that was killed behind a restart', async () => {
    await withRig(IN_YAML, async (rig) => {
      await startFromYaml(rig);
      const before = await files(rig);
      const running = rig.start('run', '--yes');
      await running.intended((step) => step.kind === 'restart-member' && step.member === 'm2');
      running.kill('SIGKILL');
      await running.ended;
      expectExit(await rig.run('rollback', '--yes'), 0);
      await rig.expectServing('http');
      expect(await files(rig)).toEqual(before);
      await rig.expectNothingLost();
    });
  });

  it('is not touched when a file was changed since its process started', async () => {
    await withRig(IN_YAML, async (rig) => {
      await startFromYaml(rig);
      const own = path.join(rig.member('m1').folder, 'etcd.yml');
      await writeFile(own, `${await readFile(own, 'utf8')}\nheartbeat-interval: 100\n`);
      const end = await rig.run('preview');
      expectExit(end, 3);
      expect(end.said).toContain('was changed after the process had started');
    });
  });
});

afterAll(endRigs);
