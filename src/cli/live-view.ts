/** Turns the events of a run into a view that stands at the foot of a terminal, with what happened scrolling above it. */

import { createLogUpdate } from 'log-update';

import type { PeershiftEvent } from '../model/event.ts';
import { type Live, NOT_YET, liveAfter } from '../show/live.ts';
import { liveLines } from '../show/live-lines.ts';
import type { Paint } from '../show/paint.ts';
import { redact } from '../show/redact.ts';

/** Fast enough for a countdown, slow enough for a terminal at the end of a bad line. */
const DRAW_MS = 250;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** What the view itself shows is no line of its own. */
const SHOWN: readonly PeershiftEvent['type'][] = ['intended', 'gate-waits', 'looking'];

export class LiveView {
  readonly #paint: Paint;
  readonly #stream: NodeJS.WriteStream;
  readonly #update: ReturnType<typeof createLogUpdate>;
  #live: Live = NOT_YET;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream, paint: Paint) {
    this.#stream = stream;
    this.#paint = paint;
    this.#update = createLogUpdate(stream);
  }

  /** Is the event to be told in a line of its own as well? */
  tells(event: PeershiftEvent): boolean {
    return this.#timer === undefined || !SHOWN.includes(event.type);
  }

  see(event: PeershiftEvent): void {
    this.#live = liveAfter(this.#live, event, Date.now());
    if (event.type === 'closed') this.end();
    else if (event.type === 'planned') this.#begin();
    if (this.#timer !== undefined) this.#draw();
  }

  /** A line that stays, above the view. */
  line(text: string): void {
    this.#update.clear();
    this.#stream.write(`${text}\n`);
    if (this.#timer !== undefined) this.#draw();
  }

  /** The view is taken away; lines stay. */
  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#update.clear();
    this.#update.done();
  }

  #begin(): void {
    this.#timer ??= setInterval(() => {
      this.#draw();
    }, DRAW_MS);
    // A view never keeps the process alive.
    this.#timer.unref();
  }

  #draw(): void {
    const { columns, rows } = this.#stream;
    // A terminal that does not know its size says 0.
    const screen = {
      columns: columns > 0 ? columns : DEFAULT_COLUMNS,
      rows: rows > 0 ? rows : DEFAULT_ROWS,
    };
    const lines = liveLines(this.#live, Date.now(), screen, this.#paint);
    this.#update(redact(lines.join('\n')));
  }
}
