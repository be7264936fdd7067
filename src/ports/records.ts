/** Journal, events, and the folders that runs leave behind. Types only. */

import type { PeershiftEvent } from '../model/event.ts';
import type { RunId } from '../model/ids.ts';
import type { JournalEntry } from '../model/journal.ts';
import type { Answer } from './answer.ts';
import type { ClientSight } from './clients.ts';
import type { MemberConfig } from './config.ts';
import type { DeadMan } from './dead-man.ts';
import type { Host } from './host.ts';
import type { PeerDialer } from './peer.ts';
import type { LogSource, Service } from './service.ts';

export interface JournalStore {
  /** Durable (fsync) when it resolves. */
  append(entry: JournalEntry): Answer<undefined>;
}

export interface EventSink {
  emit(event: PeershiftEvent): void;
}

/** What one member is made of at the rim. */
export interface MemberDoors {
  readonly host: Host;
  /** The machine itself where `host` has the files as a container sees them; absent: `host` is it. */
  readonly machine?: Host;
  readonly service: Service;
  readonly config: MemberConfig;
  /** Undefined: no log can be read; the reason is for people. */
  readonly log: LogSource | undefined;
  /** Absent: none can be left on its host. */
  readonly deadMan?: DeadMan;
  /** Who is connected to its client ports; absent: that cannot be seen. */
  readonly clients?: ClientSight;
  /** Dials peer ports from the member's own host; absent: only this machine's dialer is there. */
  readonly dialer?: PeerDialer;
}

/** The folder of one run, and what is written into it. */
export interface RunFiles {
  readonly id: RunId;
  readonly path: string;
  readonly backupPath: string;
  readonly journal: JournalStore;
  /** Every entry as written; JOURNAL_INVALID for a broken line before the last. */
  readEntries(): Answer<readonly unknown[]>;
  /** The run's own log, beside the journal. */
  openLog(): EventSink & { close(): Promise<void> };
  /** Leaves word for the process that carries this run out, on whatever machine: pause at the next safe point. */
  askPause(): Answer<undefined>;
  /** Told when it is asked from now on; the word is taken away. */
  onPauseAsked(tell: () => void): { stop(): Promise<void> };
  /** `report.json` and `report.html`; the path of the page. */
  saveReport(json: string, page: string): Answer<string>;
}

/** The state folder of one plan. */
export interface RunStore {
  readonly path: string;
  /** One run of this folder at a time on this machine: ALREADY_RUNNING names the other. */
  lock(id: RunId, onLost: (reason: string) => void): Answer<{ release(): Promise<void> }>;
  /** Is a process at work on a run of this folder now? */
  isLocked(): Promise<boolean>;
  create(id: RunId): Answer<RunFiles>;
  /** Newest first. */
  list(): Answer<readonly RunFiles[]>;
}
