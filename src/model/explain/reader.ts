/**
 * Turns the lines of any number of logs, one after another, into one section for each member's stretch.
 *
 *   input  m1.log | m3.log ...        a file, standard input, a journal of several hosts
 *   a new section where   a new file begins · `==> name <==` stands · another host speaks
 *                         another member's own ID speaks · time goes back by more than a second
 *
 * Sections of one member are put together later, by who they say they are.
 */

import type { MemberId } from '../ids.ts';
import { unwrapped } from '../log-envelope.ts';
import { type LogLine, parseLogLine } from '../log-line.ts';
import { type LogFinding, classify } from '../signatures.ts';
import { type Identity, identityOf } from './identity.ts';
import { logTime } from './log-time.ts';
import { type Section, type Tally, newSection } from './section.ts';

/** What a line was taken for: nothing, something of its own, the first of another log, or one more of what is counted. */
export type Taken = 'nothing' | 'telling' | 'another' | Tally;

export interface ExplainReader {
  /** A new input begins, with its name. */
  begin(label: string): void;
  /**
   * `nothing`: so is every line that differs from it only in digits. A tally: lines that differ from it
   * only in times and ports may be given to `again` instead.
   */
  read(line: string): Taken;
  /** So many more lines of the same; the last of them. */
  again(tally: Tally, count: number, lastLine: string): void;
  /** While true, lines of a kind that tells nothing are wanted too: they may say who speaks. */
  isWaitingForName(): boolean;
  /** The last line of a stretch of lines, and how many of them were not read: how far the log goes. */
  reached(line: string, skippedCount: number): void;
  sections(): readonly Section[];
}

/** Scanners come from many addresses; members do not. */
const REMOTES_KEPT = 2000;
/** Parsed lines kept to know them again; lines of one fault differ in time and port alone. */
const SHAPES_KEPT = 4096;
/** Goroutines write out of order by milliseconds; another log begins far earlier. */
const BACKWARDS_MS = 1000;
/** A member that has started names itself within its first hundred lines. */
const LINES_UNTIL_NAMED = 500;
const LINE_CHARACTERS = 1000;
const HEADER = /^==> (.+) <==$/u;

/** What a line says apart from its time and the remote's port. */
interface Shape {
  readonly finding: LogFinding | undefined;
  readonly identity: Identity | undefined;
  readonly stream: 'reader' | 'writer' | undefined;
}

export function makeExplainReader(): ExplainReader {
  const sections: Section[] = [];
  const shapes = new Map<string, Shape>();
  let input = 'log';
  let current: Section | undefined;
  /** By host, where the input names them. */
  let hosts = new Map<string, Section>();

  const open = (label: string): Section => {
    current = newSection(label);
    sections.push(current);
    return current;
  };
  const ofHost = (host: string): Section => {
    const section = hosts.get(host) ?? open(host);
    hosts.set(host, section);
    current = section;
    return section;
  };

  return {
    begin(label) {
      input = label;
      current = undefined;
      hosts = new Map();
    },
    again(tally, count, lastLine) {
      const { text, timeText } = unwrapped(lastLine);
      tally.count += count;
      tally.section.lineCount += count;
      // What was read since of the same tally may have come later.
      const time = timeTextOf(text) ?? timeText;
      const { lastTime } = tally;
      if (lastTime === undefined || time === undefined || time >= lastTime) seen(tally, time, text);
    },
    read(line) {
      const header = line.startsWith('==> ') ? HEADER.exec(line.trimEnd()) : null;
      if (header !== null) {
        open(header[1] ?? input);
        return 'another';
      }
      const { text, host, timeText } = unwrapped(line);
      const ownTime = timeTextOf(text) ?? timeText;
      let section = host === undefined ? (current ?? open(input)) : ofHost(host);
      const shape = shapeOf(shapes, text);
      const begins = isAnother(section, shape.identity, ownTime);
      if (begins) {
        section = open(section.label);
        if (host !== undefined) hosts.set(host, section);
      }
      const tally = take(section, shape, ownTime, text);
      if (begins) return 'another';
      const isCounted = shape.identity === undefined && host === undefined;
      if (tally !== undefined && isCounted) return tally;
      return shape.finding === undefined && shape.identity === undefined ? 'nothing' : 'telling';
    },
    isWaitingForName: () =>
      current === undefined ||
      (current.selfId === undefined && current.lineCount < LINES_UNTIL_NAMED),
    reached(line, skippedCount) {
      const { text, timeText } = unwrapped(line);
      const time = timeTextOf(text) ?? timeText;
      if (current === undefined) return;
      current.lineCount += skippedCount;
      current.lastTime = time ?? current.lastTime;
    },
    sections: () => sections,
  };
}

const CAPNSLOG_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+/u;
const ZAP_TIME = /"ts":"([^"]{10,40})"/u;
const RAFT_TIME = /^raft(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d) /u;

function timeTextOf(text: string): string | undefined {
  if (text.startsWith('{')) return ZAP_TIME.exec(text)?.[1];
  const raft = text.startsWith('raft') ? RAFT_TIME.exec(text) : null;
  if (raft !== null) return `${raft.slice(1, 4).join('-')} ${raft[4] ?? ''}`;
  return CAPNSLOG_TIME.exec(text)?.[0] ?? ZAP_TIME.exec(text)?.[1];
}

/** Times and ports differ from line to line of one fault; what they stand beside does not. */
const VARIES =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+|"ts":"[^"]*"|(?<=[\d\]]):\d{4,5}(?=["\s>-])|"rtt":"[^"]*"|(?<=(?:request|result) )"(?:[^"\\]|\\.)*"|\([\d.]+(?:µs|ms|s)\)/gu;
/** A message of zap, where it stands before any field and has no escapes. */
const ZAP_MESSAGE = /^\{"level":"[a-z]+","ts":"[^"]+",(?:"caller":"[^"]+",)?"msg":"([^"\\]+)"/u;
/** Fields that make two lines of one message mean two things. */
const DISTINCTIVE =
  /"(?:error|remote-[a-z-]+|peer-id|to|local-member-[a-z]+|name|args|initial-cluster|added-peer-id|updated-remote-peer-id|etcd-version)":/u;

function shapeOf(shapes: Map<string, Shape>, text: string): Shape {
  // Requests are quoted in whole: the message alone tells what such a line is.
  const message = DISTINCTIVE.test(text) ? undefined : ZAP_MESSAGE.exec(text)?.[1];
  const key = message ?? text.replace(VARIES, '');
  const kept = shapes.get(key);
  if (kept !== undefined) return kept;
  const line = parseLogLine(text);
  const finding = line === undefined ? undefined : classify(line);
  const shape = {
    finding,
    identity: identityOf(text),
    stream: line === undefined ? undefined : streamOf(line),
  };
  if (shapes.size >= SHAPES_KEPT) shapes.clear();
  shapes.set(key, shape);
  return shape;
}

function streamOf({ message, streamKind }: LogLine): Shape['stream'] {
  const kind = streamKind ?? /\(stream .* (reader|writer)\)$/u.exec(message)?.[0] ?? '';
  if (/reader\)?$/u.test(kind)) return 'reader';
  return /writer\)?$/u.test(kind) ? 'writer' : undefined;
}

function isAnother(
  section: Section,
  identity: Identity | undefined,
  time: string | undefined,
): boolean {
  const { selfId } = identity ?? {};
  if (selfId !== undefined && section.selfId !== undefined && selfId !== section.selfId)
    return true;
  const last = section.lastTime;
  // Equal notations compare as text; only what looks like going back is worth a closer look.
  if (time === undefined || last === undefined || time >= last) return false;
  const [before, now] = [logTime(last), logTime(time)];
  return before !== undefined && now !== undefined && now.ms < before.ms - BACKWARDS_MS;
}

function take(
  section: Section,
  shape: Shape,
  time: string | undefined,
  text: string,
): Tally | undefined {
  section.lineCount += 1;
  if (time !== undefined) {
    section.firstTime ??= time;
    section.lastTime = time;
  }
  const { identity, finding } = shape;
  if (identity !== undefined) learn(section, identity);
  if (finding === undefined) return undefined;
  const at = time ?? section.lastTime;
  if (finding.remotePeerId !== undefined && finding.remotePeerId !== section.selfId) {
    section.peers.add(finding.remotePeerId);
    if (finding.code === 'stream-established')
      linked(section, finding.remotePeerId, shape.stream, at);
  }
  lived(section, finding.code, at);
  if (finding.kind === 'link-good') return undefined;
  const tally = count(section, finding, at, text);
  return finding.kind === 'progress' ? undefined : tally;
}

function learn(section: Section, identity: Identity): void {
  section.selfId ??= identity.selfId;
  section.selfName ??= identity.selfName;
  section.version = identity.version ?? section.version;
  for (const member of identity.members) {
    section.known.set(member.id ?? member.name ?? '', member);
  }
}

/** A reader was dialed by the speaker, a writer by the peer (rafthttp stream.go). */
function linked(
  section: Section,
  peer: MemberId,
  stream: Shape['stream'],
  time: string | undefined,
): void {
  const link = section.links.get(peer) ?? {};
  section.links.set(peer, link);
  if (time === undefined) return;
  if (stream === 'reader') link.dialedTime = time;
  if (stream === 'writer') link.acceptedTime = time;
}

function lived(section: Section, code: string, time: string | undefined): void {
  if (time === undefined) return;
  if (code === 'starting') section.startTime = time;
  if (code === 'serving-peers' || code === 'serving-clients') section.serveTime = time;
  if (code === 'stopping' || code === 'stopped') section.stopTime = time;
}

function count(
  section: Section,
  finding: LogFinding,
  time: string | undefined,
  text: string,
): Tally | undefined {
  const key = [finding.code, finding.remotePeerId ?? '', finding.remoteIp ?? ''].join(' ');
  const tally = section.tallies.get(key);
  if (tally !== undefined) {
    tally.count += 1;
    seen(tally, time, text);
    return tally;
  }
  if (section.tallies.size >= REMOTES_KEPT) {
    section.uncountedRemotes += 1;
    return undefined;
  }
  const line = short(text);
  const isAnonymous = finding.remotePeerId === undefined && finding.remoteIp === undefined;
  const times = { firstTime: time, lastTime: time };
  const first = { section, finding, isAnonymous, count: 1, ...times, line };
  section.tallies.set(key, first);
  return first;
}

function seen(tally: Tally, time: string | undefined, text: string): void {
  tally.lastTime = time ?? tally.lastTime;
  tally.line = short(text);
}

/** A part of a string keeps the whole alive: what is cut from a long line is made a string of its own. */
function short(text: string): string {
  if (text.length <= LINE_CHARACTERS) return text;
  return JSON.parse(JSON.stringify(`${text.slice(0, LINE_CHARACTERS)} ...`)) as string;
}
