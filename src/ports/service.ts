/** How a member is started and stopped, and where its log lines come from. Types only. */

import type { Fact } from '../model/observed.ts';
import type { Answer } from './answer.ts';

export interface ServiceState {
  readonly isRunning: boolean;
  /** Of the etcd process itself, when running and when it could be told. */
  readonly pid: number | undefined;
}

export interface ServiceOptions {
  readonly deadlineMs: number;
  readonly marker: string;
}

export interface Service {
  state(): Promise<Fact<ServiceState>>;
  /** May return before the member serves; harmless when it runs already. */
  start(options: ServiceOptions): Answer<undefined>;
  /** Returns when the process is gone. */
  stop(options: ServiceOptions): Answer<undefined>;
}

/** Opaque and plain JSON, so that it can stand in a journal. */
export type LogCursor = Readonly<Record<string, string | number>>;

export interface LogLines {
  readonly lines: readonly string[];
  readonly cursor: LogCursor;
  /** More is there than was read in this call. */
  readonly hasMore: boolean;
}

export interface LogSource {
  /** The end of the log as it is now, or about so many bytes before it where the maker can do that. */
  end(backBytes?: number): Answer<LogCursor>;
  /** Whole lines since the cursor; survives truncation and rotation. */
  since(cursor: LogCursor): Answer<LogLines>;
}
