/**
 * Coverage is measured in the tests' own process. The processes that they start load the same files by another
 * transform, and added up, positions that do not fit each other would make the figure worthless.
 */
delete process.env.NODE_V8_COVERAGE;
