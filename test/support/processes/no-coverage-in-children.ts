/**
 * Loaded by mocha before the tests: coverage is measured only in their own process. The processes that they start load
 * the same files through another transform. Their positions in the source differ, so adding them up would give a wrong
 * figure.
 */
delete process.env.NODE_V8_COVERAGE;
