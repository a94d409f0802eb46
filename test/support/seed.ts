/** Seed of the random tests: a failure's name has it, and `SANDBOX_TEST_SEED` repeats it. */
export const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);
export const seedText = `SANDBOX_TEST_SEED=${seed}`;
