// Adds up vitest's JSON reports, given as NAME=FILE: a line for each, and at last "N passed, N failed". A report
// that is missing, or has no test that passed, is a failure. The exit status is 1 where there is one.
import { readFileSync } from 'node:fs';

function count(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, note: 'there is no report: it did not run' };
  }
  // A file that did not load, or whose set-up failed, has no failed test to count, and yet failed.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  ).length;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + broken;
  const skipped = report.numPendingTests;
  if (passed + failed > 0)
    return { passed, failed, skipped, note: broken && `${broken} of them whole files` };
  return { passed, failed: 1, skipped, note: 'no test ran' };
}

const total = { passed: 0, failed: 0 };
console.log();
for (const argument of process.argv.slice(2)) {
  const [, name, file] = /^([^=]+)=(.+)$/.exec(argument);
  const { passed, failed, skipped, note } = count(file);
  // Not in the words of the last line, which are looked for.
  console.log(
    `${name}: of ${passed + failed} tests ${failed} failed (${skipped} skipped)${note ? `, ${note}` : ''}`,
  );
  total.passed += passed;
  total.failed += failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
if (total.failed > 0) process.exitCode = 1;
