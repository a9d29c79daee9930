import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

// A long run of test/http/fuzz.test.ts, of which `npm test` does a short one. The same seed sends the same requests.
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string', default: String(Date.now() % 2 ** 31) } },
})
process.stdout.write(
  `Each operation is sent ${values.runs} requests. Once more with: npm run fuzz -- --runs ${values.runs} --seed ${values.seed}\n`,
)
const run = spawn('tap', ['--disable-coverage', '--coverage-report=none', '--reporter=terse', '--timeout=3600', 'test/http/fuzz.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_RUNS: values.runs, FUZZ_SEED: values.seed },
})
run.on('exit', (code) => {
  process.exitCode = code ?? 1
})
