// Runs on any Node: says what is wrong before a newer syntax does.
if (Number(process.versions.node.split('.')[0]) < 26) {
  process.stderr.write(
    `Ringbook runs on Node 26; this is ${process.version} (${process.execPath}).\n` +
      'npm brings the right one along: run "npm ci" without --omit=optional, or install Node 26 from https://nodejs.org.\n',
  )
  process.exit(1)
}
