/** Turns "which writes were acknowledged" into one counter and its gaps, however many there were. */

/** Numbers of one key are padded to this length, so that etcd's order of keys is the order of numbers. */
const NUMBER_LENGTH = 12;

/** One client's keys, numbered from 0; a number is used once, so no second write can hide a lost one. */
export class KeyLedger {
  readonly prefix: string;
  readonly #valueBytes: number;
  readonly #gaps: { from: number; to: number }[] = [];
  #next = 0;

  constructor(prefix: string, valueBytes: number) {
    this.prefix = prefix;
    this.#valueBytes = valueBytes;
  }

  /** The number of the next write; it must be settled before another one is taken. */
  get nextNumber(): number {
    return this.#next;
  }

  key(number: number): string {
    return `${this.prefix}${String(number).padStart(NUMBER_LENGTH, '0')}`;
  }

  /** The value follows from the key, so that it need not be remembered. */
  value(number: number): string {
    const unit = `${this.key(number)};`;
    return unit.repeat(Math.ceil(this.#valueBytes / unit.length)).slice(0, this.#valueBytes);
  }

  settle(isAcknowledged: boolean): void {
    const number = this.#next;
    this.#next += 1;
    if (isAcknowledged) return;
    const last = this.#gaps.at(-1);
    if (last?.to === number - 1) last.to = number;
    else this.#gaps.push({ from: number, to: number });
  }

  /** Every number whose write was acknowledged, in order. */
  *acknowledged(): Generator<number> {
    let number = 0;
    for (const gap of [...this.#gaps, { from: this.#next, to: this.#next }]) {
      for (; number < gap.from; number += 1) yield number;
      number = gap.to + 1;
    }
  }
}
