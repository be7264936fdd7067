/** Turns a request of etcd's gRPC API into an etcdctl command, and what that prints into the API's answer. */

import type { ICompare, ITxnRequest } from 'etcd3';
import { present } from '../../../base/assert.ts';
import type { Rpc } from '../client.ts';
import { type Fields, NotUnderstood, digits, fieldsOf, listOf, text, texts } from './json.ts';

export interface CtlCommand {
  readonly words: readonly string[];
  readonly stdin?: string;
  /** From the parsed JSON; throws NotUnderstood. Absent: the command prints none, and its exit is the answer. */
  readonly read?: (answer: unknown) => unknown;
}

/** etcd's numbers for the kinds of alarms (rpc.proto). */
const ALARMS: Readonly<Record<string, string>> = { '0': 'NONE', '1': 'NOSPACE', '2': 'CORRUPT' };

type Maker = (request: Fields) => CtlCommand;

/**
 * As etcdctl 3.3.25, 3.4.23 and 3.5.30 were seen to take and to print them. Each is sent once: etcd's own
 * client repeats a read, and a change only while it was never sent.
 */
const COMMANDS: Readonly<Partial<Record<Rpc, Maker>>> = {
  'Cluster/MemberList': () => ({ words: ['member', 'list'], read: memberList }),
  'Cluster/MemberUpdate': (request) => ({
    words: [
      'member',
      'update',
      hexOf(digits(request, 'ID')),
      `--peer-urls=${texts(request, 'peerURLs').join(',')}`,
    ],
    read: withHeader,
  }),
  'Maintenance/Status': () => ({ words: ['endpoint', 'status'], read: status }),
  'Maintenance/Alarm': () => ({ words: ['alarm', 'list'], read: alarms }),
  'Maintenance/MoveLeader': (request) => ({
    words: ['move-leader', hexOf(digits(request, 'targetID'))],
  }),
  'Maintenance/HashKV': (request) => ({
    words: ['endpoint', 'hashkv', `--rev=${digits(request, 'revision')}`],
    read: hashKv,
  }),
  'KV/Range': (request) => ({ words: ['get', keyText(request)], read: range }),
  'KV/Txn': (request) => ({
    words: ['txn'],
    stdin: txnText(request),
    read: txn,
  }),
  'Lease/LeaseGrant': (request) => ({
    words: ['lease', 'grant', digits(request, 'TTL')],
    read: (answer) => ({ ID: digits(fieldsOf(answer, 'the lease'), 'ID', true) }),
  }),
  'Lease/LeaseRevoke': (request) => ({
    words: ['lease', 'revoke', hexOf(digits(request, 'ID'))],
    read: withHeader,
  }),
  'Lease/LeaseKeepAlive': (request) => ({
    words: ['lease', 'keep-alive', '--once', hexOf(digits(request, 'ID'))],
    read: (answer) => ({ TTL: digits(fieldsOf(answer, 'the lease'), 'TTL') }),
  }),
  'Lease/LeaseTimeToLive': (request) => ({
    words: ['lease', 'timetolive', hexOf(digits(request, 'ID'))],
    read: timeToLive,
  }),
  'Lease/LeaseLeases': () => ({ words: ['lease', 'list'], read: leases }),
  'Auth/UserGet': (request) => ({
    words: ['user', 'get', text(request, 'name')],
    read: (answer) => ({ roles: texts(fieldsOf(answer, 'the user'), 'roles') }),
  }),
};

/** Every call that the member's door makes. */
export function commandFor(rpc: Rpc, request: object): CtlCommand {
  const make = present(COMMANDS[rpc], `an etcdctl command for ${rpc}`);
  const command = make(request as Fields);
  if (command.read === undefined) return command;
  return { ...command, words: [...command.words, '--write-out=json'] };
}

function hexOf(decimal: string): string {
  return BigInt(decimal).toString(16);
}

function keyText(request: Fields): string {
  const { key } = request;
  return Buffer.isBuffer(key) ? key.toString('utf8') : text(request, 'key');
}

/** Of an answer that is for nothing but its being there. */
function withHeader(answer: unknown): unknown {
  return { header: headerOf(fieldsOf(answer, 'the answer')) };
}

function headerOf(fields: Fields): { cluster_id: string; member_id: string; revision: string } {
  const header = fieldsOf(fields['header'], 'the header');
  return {
    cluster_id: digits(header, 'cluster_id', true),
    member_id: digits(header, 'member_id', true),
    revision: digits(header, 'revision'),
  };
}

function memberList(answer: unknown): unknown {
  const fields = fieldsOf(answer, 'the answer');
  const members = listOf(fields['members']).map((each) => {
    const member = fieldsOf(each, 'a member');
    return {
      ID: digits(member, 'ID', true),
      name: text(member, 'name'),
      peerURLs: texts(member, 'peerURLs'),
      clientURLs: texts(member, 'clientURLs'),
      isLearner: member['isLearner'] === true,
    };
  });
  return { header: headerOf(fields), members };
}

/** One endpoint is asked, so one stands in the list; none: the reason is on stderr. */
function onlyOne(answer: unknown, name: string): Fields {
  const [first] = listOf(answer);
  return fieldsOf(fieldsOf(first, 'the endpoint')[name], `"${name}"`);
}

function status(answer: unknown): unknown {
  const fields = onlyOne(answer, 'Status');
  const numbers = ['dbSize', 'leader', 'raftIndex', 'raftTerm', 'raftAppliedIndex'] as const;
  return {
    header: headerOf(fields),
    version: text(fields, 'version'),
    errors: texts(fields, 'errors'),
    ...Object.fromEntries(numbers.map((name) => [name, digits(fields, name)])),
  };
}

function alarms(answer: unknown): unknown {
  const raised = listOf(fieldsOf(answer, 'the answer')['alarms']).map((each) => {
    const alarm = fieldsOf(each, 'an alarm');
    const kind = digits(alarm, 'alarm');
    return { memberID: digits(alarm, 'memberID'), alarm: ALARMS[kind] ?? `ALARM ${kind}` };
  });
  return { alarms: raised };
}

function hashKv(answer: unknown): unknown {
  const fields = onlyOne(answer, 'HashKV');
  return { hash: digits(fields, 'hash'), compact_revision: digits(fields, 'compact_revision') };
}

function range(answer: unknown): unknown {
  const fields = fieldsOf(answer, 'the answer');
  return { header: headerOf(fields), kvs: keyValues(fields) };
}

function keyValues(fields: Fields): readonly unknown[] {
  return listOf(fields['kvs']).map((each) => {
    const found = fieldsOf(each, 'a key');
    return {
      value: Buffer.from(text(found, 'value'), 'base64'),
      create_revision: digits(found, 'create_revision', true),
      lease: digits(found, 'lease'),
    };
  });
}

/** The names of the responses are Go's up to 3.4, and those of rpc.proto in 3.5. */
function txn(answer: unknown): unknown {
  const fields = fieldsOf(answer, 'the answer');
  const responses = listOf(fields['responses']).map((each) => {
    const response = fieldsOf(fieldsOf(each, 'a response')['Response'], 'a response');
    const found = response['ResponseRange'] ?? response['response_range'] ?? {};
    return { response_range: { kvs: keyValues(fieldsOf(found, 'a range')) } };
  });
  return { header: headerOf(fields), succeeded: fields['succeeded'] === true, responses };
}

function leases(answer: unknown): unknown {
  const list = listOf(fieldsOf(answer, 'the answer')['leases']).map((each) => {
    const lease = fieldsOf(each, 'a lease');
    return { ID: digits(lease, 'id' in lease ? 'id' : 'ID', true) };
  });
  return { leases: list };
}

function timeToLive(answer: unknown): unknown {
  const lease = fieldsOf(answer, 'the lease');
  return { TTL: digits(lease, 'ttl', true), grantedTTL: digits(lease, 'granted-ttl') };
}

/** Conditions, what follows when they hold, what follows otherwise: each part ends with an empty line. */
function txnText({ compare = [], success = [], failure = [] }: ITxnRequest): string {
  const parts = [compare.map(condition), success.map(operation), failure.map(operation)];
  return parts.map((lines) => `${lines.join('\n')}${lines.length === 0 ? '' : '\n'}\n`).join('');
}

function condition(compare: ICompare): string {
  const { key, create_revision } = compare;
  return `create(${quoted(bytesText(key))}) = "${String(create_revision)}"`;
}

function operation(each: NonNullable<ITxnRequest['success']>[number]): string {
  const { request_put: put, request_range: get, request_delete_range: del } = each;
  if (put !== undefined) {
    const lease = hexOf(String(put.lease));
    return `put --lease=${lease} ${quoted(bytesText(put.key))} ${quoted(bytesText(put.value))}`;
  }
  if (get !== undefined) return `get ${quoted(bytesText(get.key))}`;
  return `del ${quoted(bytesText(present(del, 'an operation').key))}`;
}

/** etcdctl reads a text in double quotes as Go does, whose escapes JSON's are among. */
function quoted(words: string): string {
  return JSON.stringify(words);
}

function bytesText(bytes: Uint8Array | string | undefined): string {
  if (bytes === undefined) throw new NotUnderstood('a request has no key');
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8');
}
