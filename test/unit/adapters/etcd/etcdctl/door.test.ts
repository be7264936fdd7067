/** Goal: what an etcdctl cannot do or says oddly becomes a clear refusal, and no digit and no secret goes astray. Method: a host whose etcdctl is scripted. */

import { describe, expect, it } from 'vitest';
import { makeOpenEtcdctl } from '../../../../../src/adapters/etcd/etcdctl/open.ts';
import { makeOpenEtcd } from '../../../../../src/adapters/etcd/open.ts';
import { type Result, err, ok } from '../../../../../src/base/result.ts';
import type { Failure } from '../../../../../src/model/failure.ts';
import { memberIdFromDecimal } from '../../../../../src/model/ids.ts';
import { parsePeerUrl } from '../../../../../src/model/url.ts';
import type { EtcdMember, ExecOutcome } from '../../../../../src/ports.ts';
import { value } from '../../../../support/etcd-calls.ts';
import { FakeHost } from '../../../../support/fake-doors.ts';

type Said = Partial<ExecOutcome> | Failure;

const VERSION = { stdout: 'etcdctl version: 3.4.23\nAPI version: 3.4\n' };
const ID = memberIdFromDecimal('13263093173909325001');
const URL = value(parsePeerUrl('https://10.0.0.1:2380'));
const LOGIN = { username: 'root', password: 'secret-word' };

/** Answers `version` and then each command with what is given; keeps what it was asked. */
class CtlHost extends FakeHost {
  readonly asked: { readonly words: string; readonly stdin: string }[] = [];
  readonly #version: Said;
  readonly #answers: Said[];

  constructor(version: Said, ...answers: Said[]) {
    super('m1');
    this.#version = version;
    this.#answers = answers;
  }

  override exec(
    argv: readonly string[],
    options?: { readonly stdin?: string | Uint8Array },
  ): Promise<Result<ExecOutcome, Failure>> {
    const words = argv.slice(5).join(' ');
    const isVersion = words === 'version';
    if (!isVersion) this.asked.push({ words, stdin: String(options?.stdin) });
    const said = isVersion ? this.#version : (this.#answers.shift() ?? {});
    if ('code' in said) return Promise.resolve(err(said));
    const outcome = { exitCode: 0, signal: undefined, stdout: '', stderr: '', ...said };
    return Promise.resolve(ok(outcome));
  }
}

function open(host: CtlHost, auth?: typeof LOGIN): EtcdMember {
  const options = { callMs: 5000, ...(auth === undefined ? {} : { auth }) };
  return makeOpenEtcdctl({
    ...options,
    etcdctl: 'etcdctl',
    hostOf: () => host,
    direct: makeOpenEtcd(options),
  })('http://10.0.0.1:2379');
}

const failed = (stderr: string, stdout = ''): Said => ({ exitCode: 1, stderr, stdout });

describe('an etcdctl that cannot be used', () => {
  it.each([
    ['is missing', { exitCode: 127, stderr: 'sh: 1: etcdctl: not found' }, 'there is no etcdctl'],
    ['may not be run', { exitCode: 126, stderr: 'Permission denied' }, 'cannot be started'],
    ['is of 3.2', { stdout: 'etcdctl version: 3.2.26\nAPI version: 3.2\n' }, '3.2.26'],
    ['is something else', { stdout: 'usage: etcdctl FILE\n' }, 'does not tell its version'],
  ])('that %s is named, with its host and what to do', async (_, version, words) => {
    const host = new CtlHost(version);
    const answer = await open(host).members();
    expect(answer).toMatchObject({ error: { code: 'ETCDCTL_UNUSABLE' } });
    const { but, remedy } = answer.ok ? { but: '', remedy: '' } : answer.error;
    expect(but).toContain(words);
    expect(but).toContain(host.label);
    expect(remedy).toContain('cluster.etcdctl');
    expect(host.asked).toEqual([]);
  });

  it.each([
    ['no JSON', 'Member list follows', 'it is not JSON'],
    ['another shape', '{"members":"none"}', 'no list'],
    ['no member behind the answer', '{"members":[]}', 'the header is missing'],
    ['an ID that is no number', '{"header":{},"members":[{"ID":"x"}]}', '"ID" is not a number'],
  ])('or answers with %s is not believed', async (_, stdout, why) => {
    const answer = await open(new CtlHost(VERSION, { stdout })).members();
    expect(answer).toMatchObject({
      error: {
        code: 'ETCDCTL_UNUSABLE',
        but: expect.stringContaining(why) as string,
      },
    });
  });

  it('or does not know a flag is named as such', async () => {
    const host = new CtlHost(VERSION, failed('Error: unknown flag: --rev'));
    expect(await open(host).hashKv('5')).toMatchObject({ error: { code: 'ETCDCTL_UNUSABLE' } });
  });

  it('is asked for its version once, when it has told one', async () => {
    const host = new CtlHost(VERSION, { stdout: '{}' }, { stdout: '{}' });
    const member = open(host);
    expect(value(await member.alarms())).toEqual([]);
    expect(value(await member.alarms())).toEqual([]);
    expect(host.asked).toHaveLength(2);
  });
});

describe('what etcdctl tells', () => {
  it('keeps all digits of an ID', async () => {
    const list =
      '{"header":{"cluster_id":13312325038264006632,"member_id":13263093173909325001},' +
      '"members":[{"ID":13263093173909325001,"name":"1234567890123456789",' +
      '"peerURLs":["http://10.0.0.1:2380"],"clientURLs":[]}]}';
    const { clusterId, answeredBy, members } = value(
      await open(new CtlHost(VERSION, { stdout: list })).members(),
    );
    expect(clusterId).toBe('b8bee1173043b7e8');
    expect(answeredBy).toBe('b80ff8f885c604c9');
    expect(members[0]).toMatchObject({ id: answeredBy, name: '1234567890123456789' });
  });

  it.each([
    ['3.4', '"Response":{"ResponseRange":'],
    ['3.5', '"Response":{"response_range":'],
  ])('of a lock that is held is read in the words of %s', async (_, words) => {
    const header = '"header":{"cluster_id":1,"member_id":2,"revision":9}';
    const kv = '{"create_revision":7,"value":"cnVuIG9uZQ==","lease":8574750354201935119}';
    const host = new CtlHost(
      VERSION,
      { stdout: `{${header},"ID":5,"TTL":60}` },
      { stdout: `{${header},"responses":[{${words}{"kvs":[${kv}]}}}]}` },
      { stdout: `{${header}}` },
      { stdout: '{"id":8574750354201935119,"ttl":41,"granted-ttl":60}' },
    );
    const attempt = value(await open(host).acquireLock('/peershift/1/lock', 'run "two"', 60));
    expect(attempt).toEqual({
      ...{ kind: 'held', owner: 'run one', leaseId: '8574750354201935119' },
      ...{ createRevision: '7', ttlSeconds: 41 },
    });
    expect(host.asked[1]?.stdin.split('\n').slice(4)).toEqual([
      'create("/peershift/1/lock") = "0"',
      '',
      'put --lease=5 "/peershift/1/lock" "run \\"two\\""',
      '',
      'get "/peershift/1/lock"',
      '',
      '',
    ]);
    expect(host.asked[2]?.words).toContain('lease revoke 5');
  });

  it('of a lease that is gone is zero seconds', async () => {
    const host = new CtlHost(VERSION, failed('Error: etcdserver: requested lease not found'));
    expect(value(await open(host).renewLease('5'))).toBe(0);
  });

  it.each([
    ['etcdserver: member not found', 'STEP_FAILED'],
    ['etcdserver: permission denied', 'STEP_FAILED'],
    ['etcdserver: request timed out', 'UPDATE_UNCERTAIN'],
    ['context deadline exceeded', 'UPDATE_UNCERTAIN'],
    ['something new', 'UPDATE_UNCERTAIN'],
  ])('of an update, "%s", is %s', async (said, code) => {
    const host = new CtlHost(VERSION, failed(`Error: ${said}\n`));
    expect(await open(host).updatePeerUrls(ID, [URL])).toMatchObject({ error: { code } });
    expect(host.asked[0]?.words).toMatch(
      /member update b80ff8f885c604c9 --peer-urls=https:\/\/10\.0\.0\.1:2380 --write-out=json$/,
    );
  });

  it('of an update that never had a connection is that nothing was sent', async () => {
    const log =
      '{"level":"warn","error":"latest balancer error: connection error: desc = \\"transport: ' +
      'Error while dialing dial tcp 10.0.0.1:2379: connect: connection refused\\""}\n';
    const host = new CtlHost(VERSION, failed(`${log}Error: context deadline exceeded\n`));
    const answer = await open(host).updatePeerUrls(ID, [URL]);
    expect(answer).toMatchObject({
      error: { so: 'nothing was sent; the member list is as it was' },
    });
  });

  it('of a host that fell silent leaves the update open', async () => {
    const host = new CtlHost(VERSION, {
      ...{ code: 'HOST_UNREACHABLE', where: 'host m1', would: 'run', but: 'no answer', so: '' },
      remedy: 'look at it',
    });
    expect(await open(host).updatePeerUrls(ID, [URL])).toMatchObject({
      error: { code: 'UPDATE_UNCERTAIN', but: 'host m1: no answer' },
    });
  });

  it('of a hand-over by a follower is that another member leads', async () => {
    const host = new CtlHost(VERSION, failed('Error: no leader endpoint given at [x]'));
    expect(await open(host).moveLeader(ID, 2000)).toMatchObject({
      error: { code: 'STEP_FAILED', so: 'the leader is as it was' },
    });
    expect(host.asked[0]?.words).toMatch(/--command-timeout=2000ms move-leader b80ff8f885c604c9$/);
  });

  it('of ill health is its reason, and of a member that is down is that it does not answer', async () => {
    const sick = failed(
      'http://10.0.0.1:2379 is unhealthy: failed to commit proposal: Active Alarm(s)',
    );
    const down = failed(
      'latest balancer error: dial tcp 10.0.0.1:2379: connect: connection refused\n' +
        'http://10.0.0.1:2379 is unhealthy: failed to commit proposal: context deadline exceeded\n',
    );
    const member = open(new CtlHost(VERSION, sick, down));
    expect(value(await member.health())).toMatchObject({ isHealthy: false });
    expect(await member.health()).toMatchObject({ error: { code: 'ENDPOINT_UNREACHABLE' } });
  });
});

describe('a login', () => {
  it('is in no argument and in no message', async () => {
    const host = new CtlHost(VERSION, failed('Error: odd secret-word\n'));
    const answer = await open(host, LOGIN).revision();
    expect(JSON.stringify(answer)).toContain('odd ***');
    expect(host.asked[0]?.words).not.toContain('secret-word');
    expect(host.asked[0]?.stdin.split('\n')[0]).toBe(
      Buffer.from('root:secret-word').toString('base64'),
    );
  });

  it('is only given with what a member tells to all when it asks for one', async () => {
    const { stdout } = { stdout: '{"header":{"cluster_id":1,"member_id":2}}' };
    const denied = failed('Error: etcdserver: user name is empty');
    const host = new CtlHost(VERSION, { stdout }, denied, { stdout });
    const member = open(host, LOGIN);
    value(await member.members());
    value(await member.members());
    expect(host.asked.map(({ stdin }) => stdin.startsWith('-\n'))).toEqual([true, true, false]);
  });

  it('with a colon in its name is refused before anything is run', async () => {
    const host = new CtlHost(VERSION);
    const answer = await open(host, { ...LOGIN, username: 'ops:root' }).revision();
    expect(answer).toMatchObject({ error: { code: 'ENDPOINT_UNREACHABLE' } });
    expect(host.asked).toEqual([]);
  });
});
