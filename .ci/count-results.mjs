// Adds up vitest's JSON reports, given as NAME=FILE: what failed, a line for each, and at last "N passed, N failed". A report
// that is missing, or has no test that passed, is a failure. The exit status is 1 where there is one.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const MESSAGE_CHARACTERS = 600;

/** What failed and why, so that it stands at the end of a long output. */
function failures({ testResults }) {
  return testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed');
      const file = relative(process.cwd(), name);
      if (failed.length === 0) return [[file, message]];
      return failed.map(({ fullName, failureMessages }) => [`${file} > ${fullName}`, failureMessages[0]]);
    })
    .map(
      ([what, why]) => `${what}\n    ${(why ?? '').slice(0, MESSAGE_CHARACTERS).replaceAll('\n', '\n    ')}`,
    );
}

function count(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [], note: 'there is no report: it did not run' };
  }
  // A file that did not load, or whose set-up failed, has no failed test to count, and yet failed.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  ).length;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + broken;
  const skipped = report.numPendingTests;
  if (passed + failed > 0) {
    const note = broken && `${broken} of them whole files`;
    return { passed, failed, skipped, failures: failures(report), note };
  }
  return { passed, failed: 1, skipped, failures: [], note: 'no test ran' };
}

const total = { passed: 0, failed: 0 };
console.log();
const counts = process.argv.slice(2).map((argument) => {
  const [, name, file] = /^([^=]+)=(.+)$/.exec(argument);
  return { name, ...count(file) };
});
for (const { name, failures } of counts) for (const one of failures) console.log(`${name}: ${one}\n`);
for (const { name, passed, failed, skipped, note } of counts) {
  // Not in the words of the last line, which are looked for.
  console.log(
    `${name}: of ${passed + failed} tests ${failed} failed (${skipped} skipped)${note ? `, ${note}` : ''}`,
  );
  total.passed += passed;
  total.failed += failed;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
if (total.failed > 0) process.exitCode = 1;
