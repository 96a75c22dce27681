/** A reporter of vitest: what failed and why, whole, because an assertion's message alone is shortened. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export const REPORT_FILE = 'SLOTWRIGHT_FAILURE_REPORT';
/** What the tests were selected by: those that were not are skipped like those that cannot run here. */
export const SELECTED_BY = 'SLOTWRIGHT_TITLES';

export interface FailureReport {
  readonly passed: number;
  /** Tests that were selected and are left out on this machine. */
  readonly skipped: number;
  readonly failures: readonly Failure[];
  /** Why tests could not be run at all: files that do not load, errors outside of any test. */
  readonly broken: readonly string[];
}

export interface Failure {
  readonly title: string;
  /** Class of the error. */
  readonly error: string;
  /** Message and difference. */
  readonly text: string;
}

export default class FailureReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { message: string }[]): void {
    const titles = new RegExp(process.env[SELECTED_BY] ?? '');
    const tests = modules
      .flatMap((module) => [...module.children.allTests()])
      .filter(({ fullName }) => titles.test(fullName.replaceAll(' > ', ' ')));
    const suites = modules.flatMap((module) => [...module.children.allSuites()]);
    const states = tests.map((test) => test.result().state);
    const report: FailureReport = {
      passed: states.filter((state) => state === 'passed').length,
      skipped: states.filter((state) => state === 'skipped').length,
      failures: tests.flatMap((test) =>
        (test.result().errors ?? []).map(({ name, message, diff }) => ({
          title: test.fullName,
          error: name ?? 'Error',
          text: diff === undefined ? message : `${message}\n${diff}`,
        })),
      ),
      broken: [...[...modules, ...suites].flatMap((part) => part.errors()), ...unhandled].map(
        ({ message }) => message,
      ),
    };
    writeFileSync(process.env[REPORT_FILE] ?? '', JSON.stringify(report));
  }
}
