/** Everything the engine can tell while it works; show/ makes the sentences. */

import type { Failure } from './failure.ts';
import type { JournalBody, WriteSample } from './journal.ts';
import type { StepId } from './ids.ts';

export type PeershiftEvent =
  | JournalBody
  /** A gate that has not passed yet, and what it waits for; told again when that changes. */
  | {
      readonly type: 'gate-waits';
      readonly step: StepId;
      readonly waitsFor: string;
      readonly elapsedMs: number;
    }
  /** The same with figures that merely grow, at most each second: for whoever watches. */
  | {
      readonly type: 'gate-looked';
      readonly step: StepId;
      readonly waitsFor: string;
      readonly elapsedMs: number;
      readonly timeoutMs: number;
      /** Ordered pairs that no fresh probe has shown good so far. */
      readonly unseen: readonly string[];
    }
  /** With --watch-writes, each second. */
  | ({ readonly type: 'writes' } & WriteSample)
  | { readonly type: 'looking'; readonly where: string }
  | { readonly type: 'stopping'; readonly signal: string }
  /** A run ends as paused because somebody asked for it. */
  | { readonly type: 'pausing'; readonly because: string }
  | { readonly type: 'warning'; readonly text: string }
  /** Results of commands; the payload is the command's own. */
  | { readonly type: 'preview'; readonly preview: unknown }
  | { readonly type: 'status'; readonly status: unknown }
  | { readonly type: 'finding'; readonly finding: unknown }
  | { readonly type: 'report'; readonly report: unknown }
  | { readonly type: 'rescue'; readonly said: string }
  | { readonly type: 'lab'; readonly lab: unknown }
  | { readonly type: 'failure'; readonly failure: Failure }
  | {
      readonly type: 'outcome';
      readonly exit: number;
      readonly code: string;
      readonly run: string | undefined;
    };
