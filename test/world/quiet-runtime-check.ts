// `oidc-provider` knows Node's long-term releases by their code names. npm's build of Node carries none, and would be warned about at
// every start. Imported before it.
if (process.release.lts === undefined) Object.assign(process.release, { lts: 'Krypton' })
