/** What is kept of one member's log while it is read: counts, never lines, so that any size of log fits. */

import type { MemberId } from '../ids.ts';
import type { LogFinding } from '../signatures.ts';
import type { KnownMember } from './identity.ts';

/** Equal findings of one member about one remote. */
export interface Tally {
  readonly section: Pick<Section, 'lineCount'>;
  readonly finding: LogFinding;
  /** It names no other side: lines that differ in digits alone are the same. */
  readonly isAnonymous: boolean;
  count: number;
  firstTime: string | undefined;
  lastTime: string | undefined;
  /** The last such line, cut. */
  line: string;
}

/** When a stream with a peer was last seen opened, and in which direction. */
export interface LinkTimes {
  /** The speaker's own dial of the peer got through. */
  dialedTime?: string;
  /** The peer's dial of the speaker got through. */
  acceptedTime?: string;
}

/** One stretch of input that one member wrote. */
export interface Section {
  /** What the input is called: a file, a host in a journal, a header between two logs. */
  readonly label: string;
  selfId: MemberId | undefined;
  selfName: string | undefined;
  version: string | undefined;
  /** Whom it names as the other side. */
  readonly peers: Set<MemberId>;
  readonly known: Map<string, KnownMember>;
  readonly tallies: Map<string, Tally>;
  readonly links: Map<MemberId, LinkTimes>;
  lineCount: number;
  /** Findings about remotes beyond the bound: counted, not kept apart. */
  uncountedRemotes: number;
  firstTime: string | undefined;
  lastTime: string | undefined;
  /** When the process last started, served its peers, was asked to end. */
  startTime: string | undefined;
  serveTime: string | undefined;
  stopTime: string | undefined;
}

export function newSection(label: string): Section {
  return {
    label,
    selfId: undefined,
    selfName: undefined,
    version: undefined,
    peers: new Set(),
    known: new Map(),
    tallies: new Map(),
    links: new Map(),
    lineCount: 0,
    uncountedRemotes: 0,
    firstTime: undefined,
    lastTime: undefined,
    startTime: undefined,
    serveTime: undefined,
    stopTime: undefined,
  };
}
