/**
 * Turns one line of an etcd log, in whichever form it was kept, into its time, level and message and
 * what it says of a peer: which one, over which URL or stream, and Go's own words for what went wrong.
 *
 * Forms: capnslog text (3.2, 3.3, 3.4 by default), zap JSON (3.4 with --logger=zap, 3.5 and later), and
 * plain text (panics, flag errors, and capnslog under systemd, which hands journald the bare message).
 * Shapes: rafthttp/{peer_status,probing_status,stream,http,snapshot_sender}.go, embed/config_logging.go
 * and etcdserver/cluster_util.go of 3.2 to 3.6.
 */

import { jsonFields } from '../base/json.ts';
import { normalAddress } from './certificate.ts';
import { type MemberId, memberIdFromHex } from './ids.ts';
import { unwrapped } from './log-envelope.ts';

export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical';

/** What kind of thing a line reports, whatever its wording. */
export type LogEvent =
  /** The speaker tried to open a stream, or to post a message or a raft snapshot. */
  | 'dial-failed'
  /** The speaker's prober of a peer did not get through. */
  | 'probe-failed'
  /** The leader asked a peer's URL for its version. */
  | 'version-failed'
  | 'snapshot-failed'
  /** An open stream broke while it was read, written or kept alive. */
  | 'stream-failed'
  | 'stream-lost'
  | 'peer-inactive'
  /** The speaker's peer listener closed a connection before any request. */
  | 'rejected'
  /** The speaker answered a peer's stream request with 404: it does not know that member (yet). */
  | 'not-found'
  | 'other';

export interface LogLine {
  readonly form: 'capnslog' | 'zap' | 'plain';
  /** As the line has it: etcd's own clock, in its own notation. */
  readonly timeText: string | undefined;
  /** Undefined where the form does not tell it. */
  readonly level: LogLevel | undefined;
  readonly message: string;
  readonly event: LogEvent;
  /** Go's own text without the wrappers of http and of the stream reader. */
  readonly error: string | undefined;
  /** Where a rejected connection came from. */
  readonly remoteAddress: { readonly ip: string; readonly port: number } | undefined;
  readonly remotePeerId: MemberId | undefined;
  /** `stream MsgApp v2 reader`, `pipeline`, `sendMsgSnap`. */
  readonly streamKind: string | undefined;
  readonly url: string | undefined;
}

/** Undefined for what says nothing by itself: a blank line, a frame of a stack trace. */
export function parseLogLine(line: string): LogLine | undefined {
  const { text, timeText } = unwrapped(line);
  const brace = text.indexOf('{"');
  const zap = brace < 0 ? undefined : parseZap(text.slice(brace));
  if (zap !== undefined) return zap;
  const capnslog = CAPNSLOG.exec(text);
  if (capnslog !== null) {
    const [, ownTimeText, letter = '', message = ''] = capnslog;
    const level = CAPNSLOG_LEVELS[letter];
    return { form: 'capnslog', timeText: ownTimeText, level, ...readMessage(message) };
  }
  if (text === '' || /^\s|^goroutine \d+ \[/u.test(text)) return undefined;
  return {
    form: 'plain',
    timeText: timeText ?? raftTime(text),
    level: undefined,
    ...readMessage(text),
  };
}

/** raft of 3.4 writes past capnslog: `raft2026/11/22 05:41:19 INFO: ...`. */
function raftTime(text: string): string | undefined {
  const parts = /^raft(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d) /u.exec(text);
  return parts === null ? undefined : `${parts.slice(1, 4).join('-')} ${parts[4] ?? ''}`;
}

const CAPNSLOG = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) ([A-Z]) \| [\w./-]+: (.*)$/u;
const CAPNSLOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  ...{ C: 'critical', E: 'error', W: 'warning', N: 'notice', I: 'info', D: 'debug', T: 'debug' },
};
const ZAP_LEVELS: Readonly<Record<string, LogLevel>> = {
  ...{ fatal: 'critical', panic: 'critical', dpanic: 'critical', error: 'error' },
  ...{ warn: 'warning', info: 'info', debug: 'debug' },
};

// ---------------------------------------------------------------- zap

type Fields = Readonly<Record<string, unknown>>;

/** Where the fields name the other side. The first that is there counts. */
const PEER_FIELDS = ['remote-peer-id-from', 'remote-peer-id', 'peer-id', 'remote-member-id', 'to'];

const ZAP_EVENTS: readonly (readonly [LogEvent, RegExp])[] = [
  ['probe-failed', /^prober detected unhealthy status$/u],
  ['peer-inactive', /^peer (?:became inactive|deactivated again)/u],
  ['stream-lost', /^lost TCP streaming connection with remote peer$/u],
  ['rejected', /^rejected connection(?: on peer endpoint)?$/u],
  ['version-failed', /^failed to (?:reach the peer URL|get version)$/u],
  ['not-found', /^failed to find remote peer in cluster$/u],
  ['snapshot-failed', /^failed to send database snapshot$/u],
];

function parseZap(text: string): LogLine | undefined {
  const fields = jsonFields(text);
  const [level, message] = [textOf(fields, 'level'), textOf(fields, 'msg')];
  if (fields === undefined || level === undefined || message === undefined) return undefined;
  const event = ZAP_EVENTS.find(([, pattern]) => pattern.test(message))?.[0] ?? 'other';
  const outer = textOf(fields, 'error');
  // A peer became inactive for a reason, and the reason is the line that capnslog prints by itself.
  const inner = event === 'peer-inactive' && outer !== undefined ? readMessage(outer) : undefined;
  const cleaned = outer === undefined ? undefined : withoutWrappers(outer);
  const peer = PEER_FIELDS.map((name) => textOf(fields, name)).find((id) => id !== undefined);
  const address = textOf(fields, 'address');
  return {
    form: 'zap',
    timeText: textOf(fields, 'ts'),
    level: ZAP_LEVELS[level],
    message,
    event: inner === undefined || inner.event === 'other' ? event : inner.event,
    error: inner?.error ?? cleaned?.error,
    remoteAddress: addressOf(textOf(fields, 'remote-addr')),
    remotePeerId: idOf(peer) ?? inner?.remotePeerId,
    streamKind: zapStream(fields) ?? inner?.streamKind,
    url: isUrl(address) ? address : (textOf(fields, 'peer-url') ?? cleaned?.url),
  };
}

function zapStream(fields: Fields): string | undefined {
  const reader = textOf(fields, 'stream-reader-type');
  if (reader !== undefined) return `${reader} reader`;
  const writer = textOf(fields, 'stream-writer-type');
  return writer === undefined ? undefined : `${writer} writer`;
}

function textOf(fields: Fields | undefined, name: string): string | undefined {
  const value = fields?.[name];
  return typeof value === 'string' ? value : undefined;
}

function isUrl(text: string | undefined): boolean {
  return text !== undefined && /^https?:/u.test(text);
}

// ---------------------------------------------------------------- capnslog and plain text

const SHAPES: readonly (readonly [LogEvent, RegExp])[] = [
  ['dial-failed', /^failed to dial (?<id>[0-9a-f]+) on (?<stream>.+?) \((?<error>.*)\)$/u],
  // Each post is a dial of its own, whatever the verb says.
  [
    'dial-failed',
    /^failed to \w+ (?<id>[0-9a-f]+) on (?<stream>pipeline|sendMsgSnap) \((?<error>.*)\)$/u,
  ],
  ['stream-failed', /^failed to \w+ (?<id>[0-9a-f]+) on (?<stream>.+?) \((?<error>.*)\)$/u],
  ['peer-inactive', /^peer (?<id>[0-9a-f]+) became inactive\b/u],
  [
    'probe-failed',
    /^health check for peer (?<id>[0-9a-f]+) could not connect: (?<error>.*?)(?: \(prober "[^"]*"\))?$/u,
  ],
  [
    'stream-lost',
    /^lost the TCP streaming connection with peer (?<id>[0-9a-f]+) \((?<stream>[^)]*)\)/u,
  ],
  [
    'rejected',
    /^rejected connection from "(?<address>[^"]+)" \((?:error )?(?<quoted>"(?:[^"\\]|\\.)*")/u,
  ],
  [
    'version-failed',
    /^failed to reach the peerURL\((?<url>[^)]*)\) of member (?<id>[0-9a-f]+) \((?<error>.*)\)$/u,
  ],
  ['version-failed', /^cannot get the version of member (?<id>[0-9a-f]+) \((?<error>.*)\)$/u],
  ['not-found', /^failed to find member (?<id>[0-9a-f]+) in cluster /u],
  [
    'snapshot-failed',
    /^database snapshot \[index: \d+, to: (?<id>[0-9a-f]+)\] failed to be sent out \((?<error>.*)\)$/u,
  ],
  ['other', /\b(?:peer|member|to)[ [](?<id>[0-9a-f]{8,16})\b/u],
];

type Message = Omit<LogLine, 'form' | 'timeText' | 'level'>;

function readMessage(message: string): Message {
  for (const [event, pattern] of SHAPES) {
    const groups = pattern.exec(message)?.groups;
    if (groups === undefined) continue;
    const outer = groups['error'] ?? unquoted(groups['quoted']);
    const cleaned = outer === undefined ? undefined : withoutWrappers(outer);
    return {
      message,
      event,
      error: cleaned?.error,
      remoteAddress: addressOf(groups['address']),
      remotePeerId: idOf(groups['id']),
      streamKind: groups['stream'],
      url: groups['url'] ?? cleaned?.url,
    };
  }
  const nothing = { remoteAddress: undefined, remotePeerId: undefined, streamKind: undefined };
  return { message, event: 'other', error: undefined, url: undefined, ...nothing };
}

/** Go's %q; what JSON does not know of it stays as it is. */
function unquoted(quoted: string | undefined): string | undefined {
  if (quoted === undefined) return undefined;
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
}

const WRAPPER =
  /^(?:readLoopPeekFailLocked: |net\/http: HTTP\/1\.x transport connection broken: |(?:Get|Post|Head) "?(?<url>https?:\/\/[^\s"]+?)"?: )/u;

function withoutWrappers(text: string): { error: string; url: string | undefined } {
  let [error, url] = [text, undefined as string | undefined];
  for (let match = WRAPPER.exec(error); match !== null; match = WRAPPER.exec(error)) {
    url ??= match.groups?.['url'];
    error = error.slice(match[0].length);
  }
  return { error, url };
}

function idOf(hex: string | undefined): MemberId | undefined {
  return hex !== undefined && /^[0-9a-f]{1,16}$/u.test(hex) ? memberIdFromHex(hex) : undefined;
}

function addressOf(text: string | undefined): LogLine['remoteAddress'] {
  const match = /^\[?(?<ip>[^\]]+?)(?:%[^\]]*)?\]?:(?<port>\d+)$/u.exec(text ?? '');
  const { ip, port } = match?.groups ?? {};
  return ip === undefined ? undefined : { ip: normalAddress(ip), port: Number(port) };
}
