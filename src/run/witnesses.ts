/** Turns what is to be watched all run long, by reading or by a canary, into the entries that a journal ends with. */

import type { JournalBody } from '../model/journal.ts';
import { type Step, touchedBy, touchedMembers } from '../model/step.ts';
import { type Canary, startCanary } from './canary.ts';
import type { RunDoors } from './run-doors.ts';
import { type WriteWatch, watchWrites } from './watch-writes.ts';

/** While these are in hand the member cannot be asked. */
const RESTARTS: readonly Step['kind'][] = [
  'restart-member',
  'stop-member',
  'start-member',
  'restart-together',
];

export class Witnesses {
  readonly #doors: RunDoors;
  #writes: WriteWatch | undefined;
  #canary: Canary | undefined;

  constructor(doors: RunDoors) {
    this.#doors = doors;
  }

  /** The store's writes and its leader, by reading alone. */
  watchWrites(): void {
    this.#writes = watchWrites(this.#doors);
  }

  /** To be called when nobody else has the cluster: it writes. */
  releaseCanary(): void {
    const { canary } = this.#doors.desired.gates;
    if (canary === false) return;
    this.#canary = startCanary(this.#doors, canary, this.#doors.canaryPrefix);
  }

  /** Undefined: the plan file asks for none. */
  get canary(): Canary | undefined {
    return this.#canary;
  }

  /** What fails through a member that the step stops or starts is no fault; one that is stopped stays so. */
  async during<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const isRestart = RESTARTS.includes(step.kind);
    if (isRestart) this.#canary?.aside(touchedMembers(touchedBy(step)));
    const answer = await work();
    if (isRestart && step.kind !== 'stop-member') this.#canary?.back();
    return answer;
  }

  async stop(): Promise<readonly JournalBody[]> {
    const told = await this.#canary?.stop();
    const samples = (await this.#writes?.stop()) ?? [];
    return [
      ...(told === undefined ? [] : [{ type: 'canary', told } as const]),
      ...(samples.length === 0 ? [] : [{ type: 'watched', samples } as const]),
    ];
  }
}
