/** Goal: the container that follows has all that the one before had, or is refused by name. Method: answers recorded from Docker 20.10 and podman 4.3. */

import { describe, expect, it } from 'vitest';

import { definitionOf } from '../../../../src/adapters/docker/build.ts';
import { containerOf } from '../../../../src/adapters/docker/container.ts';
import { type Definition, digestOf, textOf } from '../../../../src/adapters/docker/definition.ts';
import { value } from '../../../support/etcd-calls.ts';
import {
  type EngineRecord,
  type Entry,
  engineThatSays,
  recorded,
} from '../../../support/engine-record.ts';

const IMAGE = { Config: { Env: ['PATH=/usr/bin'], Labels: null } };

async function built(
  name: EngineRecord,
  change?: (entry: Entry) => void,
  nameLeadsTo?: string,
): Promise<Definition> {
  const entry = recorded(name, change);
  const { engine } = engineThatSays(
    (words) => {
      const isByName = words.at(-1) !== entry.Image;
      const id = isByName ? (nameLeadsTo ?? entry.Image) : entry.Image;
      return JSON.stringify([{ ...IMAGE, Id: id }]);
    },
    name.startsWith('podman') ? 'podman' : 'docker',
  );
  return value(await definitionOf(engine, containerOf(entry)));
}

describe('a container of Docker', () => {
  it('is made again with every option that it was made with', async () => {
    const definition = await built('docker-20.10-variables');
    expect(definition.problems).toEqual([]);
    expect(textOf(definition, 'docker')).toBe(`docker run --detach --name rich \\
  --restart on-failure:3 \\
  --network host \\
  --volume /srv/data1:/var/lib/etcd \\
  --volume dkvol:/vol \\
  --mount type=bind,source=/etc/hostname,target=/etc/hn,readonly \\
  --tmpfs /scratch:size=16m \\
  --memory 268435456 \\
  --memory-swap 536870912 \\
  --cpus 1.5 \\
  --cpu-shares 512 \\
  --cpuset-cpus 0-1 \\
  --pids-limit 200 \\
  --ulimit nofile=1024:2048 \\
  --oom-score-adj -500 \\
  --shm-size 33554432 \\
  --cap-add CAP_SYS_NICE \\
  --cap-drop CAP_NET_RAW \\
  --security-opt no-new-privileges \\
  --read-only \\
  --group-add 5 \\
  --device /dev/null:/dev/xnull:rwm \\
  --add-host db:10.0.0.1 \\
  --cgroupns host \\
  --sysctl kernel.shm_rmid_forced=1 \\
  --init \\
  --log-driver json-file \\
  --log-opt max-file=3 \\
  --log-opt max-size=10m \\
  --hostname rich1 \\
  --user 0:0 \\
  --workdir /tmp \\
  --label 'note=two words' \\
  --label team=db \\
  --stop-signal SIGTERM \\
  --stop-timeout 40 \\
  --health-cmd true \\
  --health-interval 30000000000ns \\
  --entrypoint /usr/local/bin/etcd \\
  --env ETCD_NAME=m1 \\
  --env ETCD_DATA_DIR=/var/lib/etcd \\
  --env ETCD_LISTEN_PEER_URLS=http://127.0.0.11:2380 \\
  --env ETCD_INITIAL_ADVERTISE_PEER_URLS=http://127.0.0.11:2380 \\
  --env ETCD_INITIAL_CLUSTER=m1=http://127.0.0.11:2380 \\
  --env ETCD_LISTEN_CLIENT_URLS=http://127.0.0.11:2379 \\
  --env ETCD_ADVERTISE_CLIENT_URLS=http://127.0.0.11:2379 \\
  --env 'BACKUP_PASSWORD=***' \\
  etcd:3.4.23 \\
  --log-level info
`);
  });

  it('is made from the very image, also where its name means another one by now', async () => {
    const moved = await built('docker-20.10-flags', undefined, `sha256:${'0'.repeat(64)}`);
    expect(moved.image).toBe(moved.imageId);
    expect((await built('docker-20.10-flags')).image).toBe('etcd:3.4.23');
  });

  it('keeps published ports, an address of its own and a volume without a name', async () => {
    const { options, problems } = await built('docker-20.10-flags', (entry) => {
      entry.HostConfig['NetworkMode'] = 'lan';
      entry.HostConfig['PortBindings'] = {
        '2380/tcp': [
          { HostIp: '10.0.0.1', HostPort: '2380' },
          { HostIp: '', HostPort: '12380' },
        ],
      };
      entry['NetworkSettings'] = {
        Networks: {
          lan: {
            IPAMConfig: { IPv4Address: '172.20.0.5' },
            Aliases: ['m1', entry.Id.slice(0, 12)],
          },
        },
      };
      entry['Mounts'] = [
        { Type: 'volume', Name: 'f00d', Source: '/v', Destination: '/data', RW: true },
      ];
      entry.HostConfig['Binds'] = null;
    });
    expect(problems).toEqual([]);
    expect(options).toEqual(
      expect.arrayContaining([
        ['--publish', '10.0.0.1:2380:2380/tcp'],
        ['--publish', '12380:2380/tcp'],
        ['--network', 'lan'],
        ['--ip', '172.20.0.5'],
        ['--network-alias', 'm1'],
        ['--volume', 'f00d:/data'],
      ]),
    );
    expect(options.filter(([flag]) => flag === '--network-alias')).toHaveLength(1);
  });

  it.each<[string, (entry: Entry) => void, string]>([
    ['a link', (e) => (e.HostConfig['Links'] = ['/db:/e1/db']), 'HostConfig.Links'],
    [
      'a GPU',
      (e) => (e.HostConfig['DeviceRequests'] = [{ Driver: 'nvidia' }]),
      'HostConfig.DeviceRequests',
    ],
    ['a field of a later engine', (e) => (e.HostConfig['Novelty'] = 'yes'), 'HostConfig.Novelty'],
    [
      'a mount with options',
      (e) =>
        (e.HostConfig['Mounts'] = [
          { Type: 'volume', Source: 'v', Target: '/x', VolumeOptions: { NoCopy: true } },
        ]),
      'HostConfig.Mounts',
    ],
    [
      'a health test that is no shell line',
      (e) => (e.Config['Healthcheck'] = { Test: ['CMD', 'etcdctl', 'health'] }),
      'Config.Healthcheck',
    ],
    ['--rm', (e) => (e.HostConfig['AutoRemove'] = true), '--rm'],
    ['unmasked system paths', (e) => (e.HostConfig['MaskedPaths'] = []), 'HostConfig.MaskedPaths'],
    [
      'a second network',
      (e) => (e['NetworkSettings'] = { Networks: { host: {}, lan: {} } }),
      'a second network (lan)',
    ],
    [
      'another program',
      (e) => (e.Config['Cmd'] = ['/bin/sh', '-c', 'etcd --name m1']),
      'it runs /bin/sh, not etcd',
    ],
    ['swarm', (e) => (e.Config.Labels['com.docker.swarm.task.id'] = 't1'), 'docker service update'],
    [
      'the kubelet',
      (e) => (e.Config.Labels['io.kubernetes.pod.name'] = 'etcd-cp1'),
      "the pod's manifest",
    ],
  ])('with %s is refused by name', async (_what, change, named) => {
    const { problems } = await built('docker-20.10-flags', change);
    expect(problems.join('\n')).toContain(named);
    expect(problems).toHaveLength(1);
  });

  it('without its image is refused', async () => {
    const { engine } = engineThatSays(() => new Error('Error: No such image: etcd:3.4.23'));
    const made = await definitionOf(engine, containerOf(recorded('docker-20.10-flags')));
    expect(made.ok ? '' : made.error.but).toContain('is not there any more');
  });
});

describe('a container of podman', () => {
  it('is made again by the words that podman keeps of its making', async () => {
    const definition = await built('podman-4.3-variables');
    expect(definition.problems).toEqual([]);
    expect(textOf(definition, 'podman')).toBe(`podman run --detach --name podx \\
  --network host \\
  --restart on-failure \\
  --ulimit nofile=1024:1024 \\
  --label team=db \\
  -v /srv/p2:/var/lib/etcd \\
  --env ETCD_NAME=m2 \\
  --env ETCD_DATA_DIR=/var/lib/etcd \\
  --env ETCD_LISTEN_PEER_URLS=http://127.0.0.12:2380 \\
  localhost/etcd:3.4.23 \\
  /usr/local/bin/etcd
`);
  });

  it('whose command is one word, given as its entrypoint, is told twice and has it once', async () => {
    const words = ['podman', 'run', '--entrypoint', '/usr/local/bin/etcd', 'localhost/etcd:3.4.23'];
    const definition = await built('podman-4.3-variables', (e) => {
      Object.assign(e, { Path: '/usr/local/bin/etcd', Args: ['/usr/local/bin/etcd'] });
      Object.assign(e.Config, {
        Entrypoint: '/usr/local/bin/etcd',
        Cmd: null,
        CreateCommand: words,
      });
    });
    expect(definition.problems).toEqual([]);
    expect(definition.wordsBefore).toBe(0);
  });

  it('is refused where podman has no such words, or a unit makes it', async () => {
    const api = await built('podman-4.3-variables', (e) => (e.Config['CreateCommand'] = []));
    expect(api.problems.join()).toContain('made through the API');
    const unit = await built('podman-4.3-variables', (e) => {
      e.Config.Labels['PODMAN_SYSTEMD_UNIT'] = 'etcd.service';
    });
    expect(unit.problems.join()).toContain('the systemd unit etcd.service makes it anew');
    const pod = await built('podman-4.3-variables', (e) => (e['Pod'] = 'ab'.repeat(32)));
    expect(pod.problems.join()).toContain('the pod abababababab');
  });
});

it('is the same definition under another name, and another one with another variable', async () => {
  const one = await built('docker-20.10-flags');
  expect(digestOf({ ...one, name: 'e1.peershift-x' })).toBe(digestOf(one));
  expect(digestOf({ ...one, environment: ['A=1'] })).not.toBe(digestOf(one));
});
