/** Turns events, results and failures into what a terminal, a pipe or a program reads. */

import pc from 'picocolors';

import type { PeershiftEvent } from '../model/event.ts';
import type { Failure } from '../model/failure.ts';
import type { EventSink } from '../ports.ts';
import { type FailureKind, failuresText } from '../show/failure-text.ts';
import { type Paint, PLAIN } from '../show/paint.ts';
import { type KnownSteps, knownAfter, progressLine } from '../show/progress.ts';
import { redact } from '../show/redact.ts';
import type { LiveView } from './live-view.ts';

export interface OutputOptions {
  /** One JSON object a line on stdout, and nothing else there. */
  readonly json: boolean;
  readonly color: boolean;
}

/** The version of the event lines; fields are only ever added within one. */
const EVENT_VERSION = 1;

/** A reader that goes away (`| head`) ends what is told, and never what is being done. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

export class Output implements EventSink {
  readonly json: boolean;
  readonly paint: Paint;
  #seq = 0;
  #known: KnownSteps = { steps: [] };
  #run: string | undefined;
  #live: LiveView | undefined;

  constructor(options: OutputOptions) {
    this.json = options.json;
    const isColored = options.color && !options.json && process.stdout.isTTY;
    this.paint = isColored ? pc.createColors(true) : PLAIN;
  }

  emit(event: PeershiftEvent): void {
    this.#known = knownAfter(this.#known, event);
    if (this.json) {
      this.#line(event);
      return;
    }
    const isTold = this.#live?.tells(event) ?? true;
    this.#live?.see(event);
    const line = isTold ? progressLine(event, this.#known, this.paint) : undefined;
    if (line !== undefined) this.progress(line);
  }

  /** From now on a run is followed by a view at the foot of the terminal, where stderr is one. */
  async followLive(): Promise<void> {
    if (this.json || !process.stderr.isTTY) return;
    const { LiveView } = await import('./live-view.ts');
    this.#live = new LiveView(process.stderr, this.paint);
  }

  endLive(): void {
    this.#live?.end();
    this.#live = undefined;
  }

  /** A line for whoever watches; never on stdout. */
  progress(text: string): void {
    if (this.json) return;
    const time = new Date().toISOString().slice(11, 19);
    const line = `${this.paint.dim(time)}  ${redact(text)}`;
    if (this.#live === undefined) process.stderr.write(`${line}\n`);
    else this.#live.line(line);
  }

  /** What the command was asked for. */
  result(text: string, event: PeershiftEvent): void {
    if (this.json) this.#line(event);
    else process.stdout.write(`${redact(text)}\n`);
  }

  failures(failures: readonly Failure[], kind: FailureKind): void {
    for (const failure of failures) if (this.json) this.#line({ type: 'failure', failure });
    if (this.json || failures.length === 0) return;
    process.stderr.write(`${redact(failuresText(failures, kind, this.paint))}\n`);
  }

  /** The last line of --json: how it ended. */
  outcome(exit: number, code: string, run: string | undefined): void {
    this.#run = run ?? this.#run;
    if (this.json) this.#line({ type: 'outcome', exit, code, run: this.#run });
  }

  #line(event: PeershiftEvent): void {
    this.#seq += 1;
    const at = new Date().toISOString();
    const line = JSON.stringify({ v: EVENT_VERSION, seq: this.#seq, at, ...event });
    process.stdout.write(`${redact(line)}\n`);
  }
}
