/** Turns a test run into one bare line, `N passed, N failed, N skipped`, easy to add up. */

import type { Reporter, TestModule } from 'vitest/node';

export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    // An error outside any test is a failure of the run; a test that never ran has not passed.
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state] += 1;
        if (state === 'skipped') write(`skipped: ${module.relativeModuleId} > ${test.fullName}`);
      }
      // A file that does not load has no tests to count.
      if (module.errors().length > 0) count.failed += 1;
    }
    const failed = count.failed + count.pending;
    const { passed, skipped } = count;
    write(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`);
  }
}

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}
