/** Turns an order into a dead-man of memory that goes off by the simulated clock, whoever still lives. */

import { sha256 } from '../../src/base/digest.ts';
import { ok } from '../../src/base/result.ts';
import type { DeadManFact } from '../../src/model/dead-man.ts';
import type { Answer, DeadMan, DeadManOrder } from '../../src/ports.ts';
import type { FakeHost, FakeService } from './fake-doors.ts';

export class FakeDeadMan implements DeadMan {
  readonly #host: FakeHost;
  readonly #service: FakeService;
  #order: DeadManOrder | undefined;
  #fact: DeadManFact | undefined;

  constructor(host: FakeHost, service: FakeService) {
    this.#host = host;
    this.#service = service;
  }

  look(): Answer<DeadManFact | undefined> {
    this.pass();
    return Promise.resolve(ok(this.#fact));
  }

  arm(order: DeadManOrder): Answer<DeadManFact> {
    const { id, run, settings, keptPath, hasOthers } = order;
    const firesAtMs = this.#host.nowMs + order.afterMs;
    const base = { id, run, settings, keptPath, hasOthers, firesAtMs };
    const fact: DeadManFact = { ...base, state: 'armed', isTicking: true, result: '' };
    [this.#order, this.#fact] = [order, fact];
    return Promise.resolve(ok(fact));
  }

  disarm(): Answer<DeadManFact | undefined> {
    this.pass();
    if (this.#fact?.state === 'armed') this.#now({ state: 'disarmed' });
    return Promise.resolve(ok(this.#fact));
  }

  clear(): Answer<undefined> {
    this.#fact = undefined;
    return Promise.resolve(ok(undefined));
  }

  /** What its host has done by now. */
  pass(): void {
    const order = this.#order;
    if (order === undefined || this.#fact?.state !== 'armed') return;
    if (this.#host.nowMs < this.#fact.firesAtMs) return;
    const text = this.#host.textOf(order.path) ?? '';
    if (!order.mayStand.includes(sha256(text))) {
      this.#now({ state: 'fired', result: 'changed' });
      return;
    }
    if (this.#host.textOf(order.keptPath) === undefined) this.#host.put(order.keptPath, text);
    this.#host.put(order.path, order.text);
    this.#now({ state: 'fired', result: 'done' });
    void this.#service.stop();
    void this.#service.start();
  }

  #now(changes: Partial<DeadManFact>): void {
    if (this.#fact !== undefined) this.#fact = { ...this.#fact, isTicking: false, ...changes };
  }
}
