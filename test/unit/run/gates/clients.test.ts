/** What the client gates say: who is waited for, by what name, and what of a closed port must be refused. */

import { describe, expect, it } from 'vitest';

import { ok } from '../../../../src/base/result.ts';
import type { ClientConnection } from '../../../../src/model/clients.ts';
import type { Sighting } from '../../../../src/model/log-each.ts';
import { type World, memberOf } from '../../../../src/model/world.ts';
import type { MemberDoors, PeerDialer } from '../../../../src/ports.ts';
import {
  clientPortsVerdict,
  clientsRefused,
  makeClientsMoved,
} from '../../../../src/run/gates/clients.ts';
import type { LogWatch } from '../../../../src/run/log-watch.ts';
import type { RunDoors } from '../../../../src/run/run-doors.ts';
import { clientSpec, plainClients, provenClients } from '../../../support/client-scope.ts';

const start = plainClients();
const { rollout, worlds } = provenClients(start);
const M2 = memberOf(start, 'm2').name;

function behind(id: string): World {
  const index = rollout.steps.findIndex((step) => step.id === id);
  return worlds[index + 1] ?? start;
}

const BOTH = behind('restart/m1');
const END = worlds.at(-1) ?? start;

interface Given {
  readonly connections?: readonly ClientConnection[];
  readonly blind?: string;
  readonly hasSight?: boolean;
  readonly accept?: readonly string[];
  readonly dialer?: Partial<PeerDialer>;
  readonly world?: World;
}

let nowMs = 0;

function doorsOf({
  connections = [],
  blind,
  hasSight = true,
  accept = [],
  dialer,
  world = END,
}: Given): RunDoors {
  const look = { connections, ...(blind === undefined ? {} : { blind }) };
  const clients = { look: () => Promise.resolve(ok(look)) };
  const service = {
    state: () => Promise.resolve({ known: true, value: { isRunning: true, pid: 1 } }),
  };
  const member = { service, ...(hasSight ? { clients } : {}) } as unknown as MemberDoors;
  const listed = world.members.map(({ id, name, process }) => {
    return {
      id,
      name,
      clientUrls: process?.client?.advertise ?? [],
      peerUrls: [],
      isLearner: false,
    };
  });
  const list = { members: () => Promise.resolve(ok({ members: listed })) };
  const tls = { ca: '/pki/client-ca.pem', cert: '/pki/operator.pem', key: '/pki/operator-key.pem' };
  const spec = clientSpec(start);
  return {
    desired: { ...spec, accept, cluster: { ...spec.cluster, tls } },
    members: new Map(world.members.map(({ name }) => [name, member])),
    etcd: new Map(world.members.map(({ name }) => [name, list])),
    ids: new Map(world.members.map(({ name, id }) => [name, id])),
    clock: { nowMs: () => nowMs },
    here: { readFile: () => Promise.resolve(ok({ bytes: new TextEncoder().encode('PEM') })) },
    dialer: {
      dial: () => Promise.resolve(ok({ protocol: 'TLSv1.3', version: '3.4.23' })),
      dialPlain: () => Promise.resolve({ result: 'refused', because: 'it closed' }),
      dialWithoutLeaf: () => Promise.resolve({ result: 'refused', because: 'it asks' }),
      ...dialer,
    },
  } as unknown as RunDoors;
}

/** One look, where no time has to pass. */
function moved(doors: RunDoors, world: World): ReturnType<ReturnType<typeof makeClientsMoved>> {
  return makeClientsMoved(doors, world, 0)();
}

const PLAIN: ClientConnection = { remote: '10.0.0.7:5', local: '10.0.0.2:2379', speaks: 'plain' };
const IDLE: ClientConnection = { ...PLAIN, remote: '10.0.0.8:6', speaks: 'unknown' };

describe('the gate before http is closed', () => {
  it('passes when everybody speaks TLS', async () => {
    const connections = [{ ...PLAIN, speaks: 'tls' as const }];
    const verdict = await moved(doorsOf({ connections }), BOTH);
    expect(verdict).toEqual({
      kind: 'pass',
      evidence: 'no client speaks plain http to m1, m2, m3',
    });
  });

  it('holds for who speaks plain http and for who says nothing, by address, and is nobody of ours at fault', async () => {
    const connections = [{ ...PLAIN, process: 'prometheus (71)' }, IDLE];
    const verdict = await moved(doorsOf({ connections }), BOTH);
    expect(verdict).toMatchObject({ kind: 'hold', fault: 'foreign' });
    const said = verdict.kind === 'hold' ? verdict.waitsFor : '';
    expect(said).toContain('6 clients to move to https (m1: 10.0.0.7:5 prometheus (71)');
    expect(said).toContain('10.0.0.8:6, idle and of unknown kind');
  });

  it('lets idle ones pass where the plan accepts them by name, and those in plain http never', async () => {
    const accept = ['idle-clients'];
    const idle = await moved(doorsOf({ connections: [IDLE], accept }), BOTH);
    const plain = await moved(doorsOf({ connections: [PLAIN], accept }), BOTH);
    expect([idle.kind, plain.kind]).toEqual(['pass', 'hold']);
  });

  it('does not take for idle whom it cannot hear, and says why it cannot', async () => {
    const unheard = { connections: [IDLE], blind: 'Operation not permitted' };
    const idle = doorsOf({ ...unheard, accept: ['idle-clients'] });
    const verdict = await moved(idle, BOTH);
    expect(verdict.kind === 'hold' && verdict.waitsFor).toContain('m1 (Operation not permitted;');
    const accepted = doorsOf({ ...unheard, accept: ['unheard-clients'] });
    expect((await moved(accepted, BOTH)).kind).toBe('pass');
    const nobody = doorsOf({ connections: [], blind: 'Operation not permitted' });
    expect((await moved(nobody, BOTH)).kind).toBe('pass');
  });

  it('never takes a host that shows nothing for one where nobody is', async () => {
    const verdict = await moved(doorsOf({ hasSight: false }), BOTH);
    expect(verdict).toMatchObject({ kind: 'hold', fault: 'foreign' });
  });

  it('waits until nobody has come in plain http for the quiet time', async () => {
    let connections: readonly ClientConnection[] = [];
    const doors = doorsOf({});
    const clients = { look: () => Promise.resolve(ok({ connections })) };
    const members = new Map([...doors.members].map(([name, each]) => [name, { ...each, clients }]));
    const ask = makeClientsMoved({ ...doors, members }, BOTH, 8000);
    const asked = async (atMs: number): Promise<string> => {
      nowMs = atMs;
      const verdict = await ask();
      return verdict.kind === 'hold' ? verdict.waitsFor : verdict.kind;
    };

    expect(await asked(0)).toBe('nobody to speak plain http for 8.0 s (now 0 ms)');
    connections = [PLAIN];
    expect(await asked(5000)).toContain('to move to https');
    connections = [];
    expect(await asked(9000)).toContain('(now 0 ms)');
    expect(await asked(16_000)).toContain('(now 7.0 s)');
    expect(await asked(17_000)).toBe('pass');
  });

  it('asks nothing of members that have closed http already', async () => {
    const verdict = await moved(doorsOf({ connections: [PLAIN] }), END);
    expect(verdict.kind).toBe('pass');
  });
});

describe('the client ports of a member that was just restarted', () => {
  it('pass when the list, https and both refusals are as they should be', async () => {
    const verdict = await clientPortsVerdict(doorsOf({}), END, M2);
    expect(verdict.kind === 'pass' && verdict.evidence).toBe(
      'the list has https://10.0.0.2:2379 for m2, https answers at https://10.0.0.2:2379, plain http is refused, and so is a client without a certificate',
    );
  });

  it('make no dial that must be refused while http is served', async () => {
    const forbidden = (): Promise<never> => Promise.reject(new Error('dialed in the clear'));
    const dialer = { dialPlain: forbidden, dialWithoutLeaf: forbidden };
    const verdict = await clientPortsVerdict(doorsOf({ dialer, world: BOTH }), BOTH, M2);
    expect(verdict.kind).toBe('pass');
  });

  it.each([
    [
      'https does not answer',
      {
        dial: () =>
          Promise.resolve({ ok: false, error: { kind: 'timeout', because: 'no answer' } }),
      },
      'm2 to answer https',
    ],
    [
      'plain http is answered',
      { dialPlain: () => Promise.resolve({ result: 'accepted', because: 'it answered' }) },
      'm2 to refuse plain http',
    ],
    [
      'nobody is asked for a certificate',
      { dialWithoutLeaf: () => Promise.resolve({ result: 'accepted', because: 'it answered' }) },
      'm2 to refuse a client without a certificate',
    ],
  ])('hold, and are ours, when %s', async (_what, dialer, words) => {
    const verdict = await clientPortsVerdict(
      doorsOf({ dialer: dialer as Partial<PeerDialer> }),
      END,
      M2,
    );
    expect(verdict).toMatchObject({ kind: 'hold', fault: 'ours' });
    expect(verdict.kind === 'hold' && verdict.waitsFor).toContain(words);
  });

  it('hold while the list still names what was', async () => {
    const verdict = await clientPortsVerdict(doorsOf({ world: BOTH }), END, M2);
    expect(verdict.kind === 'hold' && verdict.waitsFor).toBe(
      'the list to have https://10.0.0.2:2379 for m2',
    );
  });

  it('fail by a client that is turned away since http was closed, and not by one before', () => {
    const finding = { event: 'rejected', remoteIp: '10.0.0.7', essence: 'rejected connection' };
    const sightings = [
      { member: M2, finding, count: 3, readAtMs: 5, order: 1 },
    ] as unknown as Sighting[];
    const logs = {
      findingsSince: () => sightings,
      clientsRefusedSince: () => [],
    } as unknown as LogWatch;
    expect(clientsRefused(logs, END, M2, 0)).toMatchObject([{ kind: 'fail', fault: 'ours' }]);
    expect(clientsRefused(logs, BOTH, M2, 0)).toEqual([]);
  });

  it('fail by what a late version tells of its client endpoint', () => {
    const told = [{ member: M2, readAtMs: 5, remoteIp: '10.0.0.7', essence: 'tls: no' }];
    const logs = {
      findingsSince: () => [],
      clientsRefusedSince: () => told,
    } as unknown as LogWatch;
    const [verdict] = clientsRefused(logs, END, M2, 0);
    expect(verdict?.kind === 'fail' && verdict.because).toBe(
      'm2 turns clients away since (1 so far, last from 10.0.0.7): "tls: no"',
    );
  });

  it('take nobody for refused who closed before the handshake was over', () => {
    const finding = { event: 'rejected', code: 'listener-closed', essence: 'EOF' };
    const sightings = [{ member: M2, finding, count: 3 }] as unknown as Sighting[];
    const logs = {
      findingsSince: () => sightings,
      clientsRefusedSince: () => [],
    } as unknown as LogWatch;
    expect(clientsRefused(logs, END, M2, 0)).toEqual([]);
  });
});
