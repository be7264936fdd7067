/**
 * The kinds of test runs: `fast` and `model` need nothing but Node, and `model` takes a minute; the `live`
 * ones start real etcd members, two files at a time or, where time itself is judged, one.
 */

import path from 'node:path';
import { defineConfig } from 'vitest/config';

const root = path.resolve(import.meta.dirname, '..');

/** Ends a test that hangs; four times what the slowest honest one takes on a busy machine. */
const FAST_TEST_MS = 30_000;

/** The slowest takes ten seconds on a quiet machine, and walks on where others work beside it. */
const MODEL_TEST_MS = 120_000;

/** Whole small clusters and whole simulated runs: what `npm run check` has no time for. */
const MODEL = ['exhaustive', 'judge', 'leader-anywhere', 'simulated-*', 'small-clusters'].map(
  (name) => `test/model/${name}.test.ts`,
);

/** A live test migrates a whole cluster: some 100 s with default gates, and half as much again. */
const LIVE_TEST_MS = 180_000;

/** Starting a cluster: seconds; fetching etcd for the first time: up to a minute or two. */
const LIVE_HOOK_MS = 120_000;

/** What these tell is a matter of time: of stalls, keepalives, and links looked at from two sides at one moment. */
const ALONE = ['conformance', 'demo', 'strategies', 'preview', 'documented'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

const LIVE = {
  testTimeout: LIVE_TEST_MS,
  hookTimeout: LIVE_HOOK_MS,
  globalSetup: 'test/support/live-setup.ts',
  setupFiles: 'test/support/live-guard.ts',
};

export default defineConfig({
  root,
  test: {
    allowOnly: false,
    reporters: ['default', path.join(root, 'test/support/plain-reporter.ts')],
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['test/{unit,property,model,golden}/**/*.test.ts'],
          exclude: MODEL,
          sequence: { groupOrder: 0 },
          testTimeout: FAST_TEST_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'model',
          include: MODEL,
          sequence: { groupOrder: 0 },
          testTimeout: MODEL_TEST_MS,
        },
      },
      {
        extends: true,
        test: {
          ...LIVE,
          name: 'live',
          include: ['test/{e2e,faults}/**/*.test.ts'],
          exclude: ALONE,
          // They mostly wait: for probes, quiet times and starts.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...LIVE,
          name: 'live-alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
