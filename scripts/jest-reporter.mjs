// Leaves the counts of a run in the file named by PULSE_TEST_COUNTS, for scripts/test.mjs to print after all else.
import { writeFileSync } from 'node:fs';

export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const counts = {
      passed: results.numPassedTests,
      // A file that could not be loaded has no tests to count, yet it failed.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    if (process.env.PULSE_TEST_COUNTS) writeFileSync(process.env.PULSE_TEST_COUNTS, JSON.stringify(counts));
  }
}
